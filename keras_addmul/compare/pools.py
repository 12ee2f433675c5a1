"""Worker processes, each of which may be killed at the cost of what it was doing."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

__all__ = ["Workers"]


class Workers:
    """Runs functions in processes: one executor of one process for each place.

    A killed process breaks its own executor alone, which is then replaced.

    Args:
        places: Number of processes.
        log: Path of the file that takes what the processes write to stderr.
    """

    def __init__(self, places: int, log: Path) -> None:
        self._free: SimpleQueue[int] = SimpleQueue()
        for place in range(places):
            self._free.put(place)
        self._log = log
        self._pools: dict[int, tuple[ProcessPoolExecutor, Connection]] = {}
        self._failed_starts = 0

    @property
    def has_room(self) -> bool:
        """Whether a further function would start at once."""
        return not self._free.empty()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Starts a function in a free place; waits until there is one."""
        # The result of a function is known a moment before its place is free.
        place = self._free.get()
        if place not in self._pools:
            self._pools[place] = self._pool()
        future = self._pools[place][0].submit(function, *arguments)
        future.add_done_callback(lambda done: self._free_again(place, done))
        return future

    def _free_again(self, place: int, done: Future[Any]) -> None:
        if not done.cancelled() and isinstance(done.exception(), BrokenExecutor):
            self._end(place)
        self._free.put(place)

    @property
    def cannot_start(self) -> bool:
        """Whether one process after the other died before it began."""
        return self._failed_starts >= 3

    def _pool(self) -> tuple[ProcessPoolExecutor, Connection]:
        context = multiprocessing.get_context("spawn")
        theirs, ours = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=(theirs,))
        with _stderr_to(self._log):  # the process inherits it: messages of TensorFlow go there
            pool.submit(int).add_done_callback(self._started)
        theirs.close()
        return pool, ours

    def _started(self, first: Future[Any]) -> None:
        failed = not first.cancelled() and first.exception() is not None
        self._failed_starts = self._failed_starts + 1 if failed else 0

    def _end(self, place: int) -> None:
        # A process that `close` ends breaks its executor, which then comes here again.
        if place in self._pools:
            pool, lifeline = self._pools.pop(place)
            lifeline.close()
            pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Ends all processes at once."""
        for place in list(self._pools):
            self._end(place)


@contextlib.contextmanager
def _stderr_to(path: Path) -> Iterator[None]:
    sys.stderr.flush()
    shown = os.dup(2)
    with open(path, "a") as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(shown, 2)
        os.close(shown)


def _begin(lifeline: Connection) -> None:
    """Prepares a worker: it leaves Ctrl-C to its parent, and ends when that does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    # Of several processes on one machine, each does best with one thread. TensorFlow reads
    # these when it computes for the first time.
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # Registers every class that a model may contain.
    from keras_addmul import barron, callbacks, layers  # noqa: F401


def _end_with(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv()
    os._exit(1)
