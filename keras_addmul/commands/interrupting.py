"""Ctrl-C ends a command with one line and status 130."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

__all__ = ["STATUS", "leave_at_once", "one_line_on_interrupt"]

# What shells report of a program that SIGINT ended: 128 + 2.
STATUS = 130


@contextlib.contextmanager
def one_line_on_interrupt() -> Iterator[None]:
    """Turns Ctrl-C inside the block into one line on stderr and exit status 130.

    The block is left by an exception, so that it can remove what it wrote halfway. A second
    Ctrl-C ends the process without waiting for that.

    Raises:
        SystemExit: With status 130, if the block was interrupted.
    """
    pressed = False

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        nonlocal pressed
        if pressed:
            os._exit(STATUS)
        pressed = True
        raise KeyboardInterrupt

    # Where a shell or a caller handles SIGINT in its own way, that stays.
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except BaseException as error:
        # Some libraries turn the interrupt into an error of their own.
        if not pressed and not isinstance(error, KeyboardInterrupt):
            raise
        pressed = True
        _tell()
        raise SystemExit(STATUS) from None
    finally:
        # After an interrupt, a second one during the exit of Python must not print a traceback.
        if ours and not pressed:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def leave_at_once(stderr: int) -> Iterator[None]:
    """Ctrl-C inside the block ends the process without an exception.

    For imports: they leave nothing to clean up, and they may catch the exception and go on.

    Args:
        stderr: File descriptor that the line is written to.
    """

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        _tell(stderr)
        os._exit(STATUS)

    before = signal.getsignal(signal.SIGINT)
    # Outside the command line, Ctrl-C means what the caller wants it to mean.
    ours = callable(before) and getattr(before, "__module__", None) == __name__
    if ours:
        signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)


def _tell(stderr: int | None = None) -> None:
    with contextlib.suppress(OSError, ValueError):  # a closed stderr
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(sys.stderr.fileno() if stderr is None else stderr, b"keras-addmul: interrupted\n")
