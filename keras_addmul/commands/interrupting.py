"""Makes Ctrl-C end a command with one line on stderr and exit status 130."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

__all__ = ["STATUS", "leave_at_once", "one_line_on_interrupt"]

# The status that shells report for a program ended by SIGINT: 128 + 2.
STATUS = 130


@contextlib.contextmanager
def one_line_on_interrupt() -> Iterator[None]:
    """Turns Ctrl-C inside the block into one line on stderr and exit status 130.

    The block is left by an exception, so that it can remove unfinished files. A second Ctrl-C
    ends the process without waiting for that.

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

    # If a shell or a caller has its own handling of SIGINT, keep that.
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except BaseException as error:
        # Some libraries turn the interrupt into an exception of their own.
        if not pressed and not isinstance(error, KeyboardInterrupt):
            raise
        pressed = True
        _tell()
        raise SystemExit(STATUS) from None
    finally:
        # After an interrupt, a second one while Python exits must not print a traceback.
        if ours and not pressed:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def leave_at_once(stderr: int) -> Iterator[None]:
    """Makes Ctrl-C inside the block end the process at once, without an exception.

    It is meant for imports, which leave nothing to clean up and might catch the exception.

    Args:
        stderr: File descriptor to write the line to.
    """

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        _tell(stderr)
        os._exit(STATUS)

    before = signal.getsignal(signal.SIGINT)
    # Outside the command line, the caller decides what Ctrl-C does.
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
