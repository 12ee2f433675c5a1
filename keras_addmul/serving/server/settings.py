"""What the server allows, and how it batches."""

import dataclasses

__all__ = ["Settings"]


@dataclasses.dataclass(frozen=True)
class Settings:
    """Limits and choices of a server.

    Attributes:
        versions: How many versions of a model are kept ready, the newest ones.
        poll_seconds: How often the directory is searched for new versions.
        jit: Whether the endpoint that XLA compiles answers, where there is one.
        max_batch: Largest number of rows that are computed together; a power of 2.
        batch_wait: Seconds that a batch which is not full waits for more rows.
        queue: How many batches may wait; beyond that, a request is answered 503.
        concurrency: How many requests may be worked on; beyond that, 503.
        max_rows: Most rows of one request.
        max_body: Most bytes of the body of one request.
        body_seconds: Time limit for the arrival of a body.
        request_seconds: Time limit for the answer of a model.
        token: If given, what clients must send as a bearer token.
    """

    versions: int = 2
    poll_seconds: float = 1.0
    jit: bool = True
    max_batch: int = 64
    batch_wait: float = 0.0
    queue: int = 100
    concurrency: int = 128
    max_rows: int = 10_000
    max_body: int = 16 * 2**20
    body_seconds: float = 10.0
    request_seconds: float = 30.0
    token: str | None = None

    @property
    def ladder(self) -> list[int]:
        """The sizes that batches are filled up to: 1, 2, 4 and so on."""
        sizes = [1]
        while sizes[-1] < self.max_batch:
            sizes.append(min(2 * sizes[-1], self.max_batch))
        return sizes
