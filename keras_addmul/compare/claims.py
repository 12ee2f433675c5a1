"""Marks a unit of work as taken, so that two processes or two machines do not do it twice."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from keras_addmul.serving.staging import runs

__all__ = ["claimed", "is_taken"]

# A living owner touches its claim this often; after STALE seconds without it, it is dead.
BEAT, STALE = 5.0, 60.0


@contextlib.contextmanager
def claimed(file: Path) -> Iterator[bool]:
    """Claims the unit of work whose result is to be kept in a file.

    Args:
        file: Path of the result. The claim lies beside it.

    Yields:
        True if the claim is ours; False if a living process holds it, on this or on another
        machine that shares the folder.
    """
    claim = file.with_suffix(".claim")
    if not _create(claim):
        if is_taken(file):
            yield False
            return
        _remove_dead(claim)
        if not _create(claim):
            yield False
            return
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(claim, done), daemon=True)
    beat.start()
    try:
        yield True
    finally:
        done.set()
        beat.join()
        claim.unlink(missing_ok=True)


def is_taken(file: Path) -> bool:
    """Tells whether a living process holds the claim of a result's file."""
    claim = file.with_suffix(".claim")
    try:
        host, _, process = claim.read_text().partition(" ")
        # Another machine's clock may differ; the file system's is the same for both.
        age = _now_at(claim.parent) - claim.stat().st_mtime
    except FileNotFoundError:
        return False
    if age > STALE:
        return False
    if host == socket.gethostname() and process.isdigit():
        return int(process) == os.getpid() or runs(int(process))
    return True


def _create(claim: Path) -> bool:
    try:
        handle = os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(f"{socket.gethostname()} {os.getpid()}")
    return True


def _remove_dead(claim: Path) -> None:
    """Removes a claim; of several processes that try it, one succeeds."""
    grave = claim.with_name(f".{claim.name}.dead.{socket.gethostname()}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        os.rename(claim, grave)
        grave.unlink()


def _beat(claim: Path, done: threading.Event) -> None:
    while not done.wait(BEAT):
        with contextlib.suppress(OSError):
            os.utime(claim)


def _now_at(folder: Path) -> float:
    probe = folder / f".clock.{socket.gethostname()}.{os.getpid()}.{threading.get_ident()}"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        probe.unlink(missing_ok=True)
