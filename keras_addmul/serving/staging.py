"""Replaces a directory in one step, so that readers see either the old or the new one."""

import contextlib
import ctypes
import glob
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["local_directory", "runs", "staged"]


def local_directory(path: str | os.PathLike[str]) -> Path:
    """Returns the absolute path of a local directory, which need not exist.

    Links are followed, so that what is written replaces the target of a link and not the link.

    Args:
        path: Its path.

    Raises:
        ValueError: If `path` is not local.
        FileExistsError: If it is something else than a directory.
    """
    if "://" in os.fspath(path):
        raise ValueError(f"`path` must be a local directory. Received: {os.fspath(path)!r}")
    folder = Path(path).resolve()
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"`path` must be a directory. Received the file: {str(path)!r}")
    return folder


def _move(fresh: Path, target: Path, replaced: Path) -> None:
    """Moves `fresh` to `target`. An earlier `target` ends up beside `fresh`."""
    if not target.exists():
        os.rename(fresh, target)
    elif not _exchange(fresh, target):
        os.rename(target, replaced)
        try:
            os.rename(fresh, target)
        except BaseException:
            os.rename(replaced, target)
            raise


@contextlib.contextmanager
def staged(target: Path, move: Callable[[Path, Path, Path], None] = _move) -> Iterator[Path]:
    """Yields a path to write to, which replaces `target` when the block succeeds.

    The path lies beside `target`, on the same file system, in a directory of
    its own. If the block raises, `target` is left as it was and the directory
    is removed. If the process is killed, the next export to the same target
    removes the directory.

    Args:
        target: `pathlib.Path` of the directory to create or to replace.
        move: What moves the finished directory into place: a function of it, of `target`, and
            of a path for what was there before.

    Yields:
        `pathlib.Path` that does not exist yet.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    prefix = f"{_prefix(target)}{os.getpid()}."
    staging = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        yield staging / target.name
        move(staging / target.name, target, staging / "replaced")
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _exchange(a: Path, b: Path) -> bool:
    """Swaps two paths in one step; returns False if the system cannot."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "renameat2"):
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of linux/fs.h
    return libc.renameat2(here, os.fsencode(a), here, os.fsencode(b), exchange) == 0


def _prefix(target: Path) -> str:
    # The host name is included because a process id is meaningless on another machine.
    return f".{target.name}.{socket.gethostname()}."


def _sweep(target: Path) -> None:
    """Removes directories that killed processes of this machine left beside `target`."""
    prefix = _prefix(target)
    for left in target.parent.glob(f"{glob.escape(prefix)}*"):
        process = left.name.removeprefix(prefix).split(".")[0]
        if process.isdigit() and not runs(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def runs(process: int) -> bool:
    """Tells whether a process of this machine exists and has not ended."""
    if os.name != "posix":  # on Windows, os.kill with signal 0 would end the process
        return True
    try:
        os.kill(process, 0)
        # One that has ended stays listed until its parent asks for its status.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to someone else, or this system has no /proc
        return True
