"""The figures that the server shows to Prometheus."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Measures"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Measures:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own = {"registry": self._registry, "namespace": "keras_addmul"}
        self.requests: Any = Counter(
            "requests", "Requests for predictions", ["model", "protocol", "status"], **own
        )
        self.rows: Any = Counter("rows", "Rows that were answered", ["model"], **own)
        self.outside: Any = Counter(
            "outside_training_range",
            "Requests with a feature outside the range seen in training",
            ["model", "feature"],
            **own,
        )
        self.seconds: Any = Histogram(
            "request_seconds", "Time of a request", ["model"], buckets=_SECONDS, **own
        )
        self.working: Any = Gauge("requests_in_progress", "Requests being worked on", **own)
        self.versions: Any = Gauge("version", "Version that answers", ["model"], **own)

    def text(self) -> bytes:
        """Returns all figures in the format of Prometheus."""
        return generate_latest(self._registry)
