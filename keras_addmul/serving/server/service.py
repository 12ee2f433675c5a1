"""What both protocols share: limits, the pool of threads, and the figures."""

import asyncio
import concurrent.futures
import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from keras_addmul.serving.server.loaded_model import LoadedModel
from keras_addmul.serving.server.measures import Measures
from keras_addmul.serving.server.refusals import Refusal
from keras_addmul.serving.server.repository import Repository
from keras_addmul.serving.server.settings import Settings

__all__ = ["Service", "json_answer", "parsed"]

OUTSIDE = "X-Outside-Training-Range"


class Service:
    """Runs models for requests, within limits.

    Args:
        repository: The models.
        settings: The limits.
    """

    def __init__(self, repository: Repository, settings: Settings) -> None:
        self.repository: Repository = repository
        self.settings: Settings = settings
        self.measures: Measures = Measures()
        self.draining: bool = False
        self.working: int = 0
        self._pool = concurrent.futures.ThreadPoolExecutor(
            max(1, min(settings.concurrency, 64)), thread_name_prefix="model"
        )

    @property
    def ready(self) -> bool:
        """Whether requests are welcome."""
        return self.repository.ready and not self.draining

    @contextlib.contextmanager
    def one_more(self, name: str, protocol: str) -> Iterator[None]:
        """Counts a request in, and out with its status.

        Raises:
            Refusal: If too many are being worked on.
        """
        start, state = time.perf_counter(), "200"
        # Names that clients make up would fill the memory with counters.
        known = name if name in self.repository.models else "unknown"
        self.working += 1
        self.measures.working.set(self.working)
        try:
            if self.working > self.settings.concurrency:
                raise Refusal(
                    503,
                    f"The server works on {self.settings.concurrency} requests at once at most. "
                    "Try again in a second.",
                    Retry_After="1",
                )
            yield
        except Refusal as refusal:
            state = str(refusal.status)
            raise
        except BaseException:
            state = "500"
            raise
        finally:
            self.working -= 1
            self.measures.working.set(self.working)
            self.measures.requests.labels(known, protocol, state).inc()
            self.measures.seconds.labels(known).observe(time.perf_counter() - start)

    async def body(self, request: Any) -> bytes:
        """Returns the body of a request.

        Raises:
            Refusal: If it is too large, arrives too slowly, or is compressed.
        """
        most, coding = self.settings.max_body, request.headers.get("content-encoding", "identity")
        if coding != "identity":
            raise Refusal(415, f"The body must not be compressed. Received: {coding!r}")
        too_large = Refusal(413, f"The body must have at most {most} bytes.", Connection="close")
        announced = request.headers.get("content-length", "0")
        if announced.isdecimal() and int(announced[:18]) > most:
            raise too_large
        content = bytearray()
        try:
            async with asyncio.timeout(self.settings.body_seconds):
                async for chunk in request.stream():
                    content += chunk
                    if len(content) > most:
                        raise too_large
        except TimeoutError:
            raise Refusal(
                408,
                f"The body must arrive within {self.settings.body_seconds:g} seconds.",
                Connection="close",
            ) from None
        except ClientDisconnect:
            raise Refusal(400, "The client closed the connection.") from None
        return bytes(content)

    async def run(
        self, name: str, model: LoadedModel, signature: str, arrays: Mapping[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Returns the outputs of a model, and headers about the inputs.

        Raises:
            Refusal: If there are too many rows, or the model takes too long or fails.
        """
        endpoint = model.endpoints[signature]
        rows = len(next(iter(arrays.values()))) if endpoint.batchable else 1
        if rows > self.settings.max_rows:
            raise Refusal(
                413, f"A request must have at most {self.settings.max_rows} rows. Received: {rows}"
            )
        call = asyncio.get_running_loop().run_in_executor(self._pool, model.run, signature, arrays)
        try:
            outputs = await asyncio.wait_for(call, self.settings.request_seconds)
        except TimeoutError:
            raise Refusal(
                503,
                f"The model took more than {self.settings.request_seconds:g} seconds.",
                Retry_After="1",
            ) from None
        self.measures.rows.labels(name).inc(rows)
        outside = model.outside(arrays)
        for feature in outside:
            self.measures.outside.labels(name, feature).inc()
        if not outside:
            return outputs, {}
        text = ", ".join(outside).encode("ascii", "backslashreplace").decode()
        return outputs, {OUTSIDE: " ".join(text.split())[:1000]}

    def close(self) -> None:
        """Lets the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def parsed(body: bytes) -> object:
    """Parses JSON.

    Raises:
        Refusal: If it is none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"The body must be JSON. Received: {error}"[:300]) from None


def json_answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Any:
    """Returns an answer of JSON. Numbers that are not finite become null."""
    text = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    return Response(text, status, dict(headers or {}), "application/json")
