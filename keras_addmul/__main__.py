"""The command line, as `keras-addmul` and as `python -m keras_addmul`."""

import os
import sys
from collections.abc import Sequence

from keras_addmul.commands.interrupting import STATUS, one_line_on_interrupt

__all__ = ["main", "process"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line.

    Args:
        arguments: The arguments after the name of the program; by default `sys.argv[1:]`.

    Raises:
        SystemExit: After one line on stderr, with status 2 for an error or 130 for Ctrl-C.
    """
    with one_line_on_interrupt():
        from keras_addmul.commands.command_line import run  # here, so that Ctrl-C is handled

        run(arguments)


def process() -> None:
    """Runs the command line as a process of its own, and ends that with the right status."""
    try:
        main()
    except SystemExit as stop:
        if stop.code == STATUS:
            # If the interrupt hit code run by `exec`, Python would exit with another status.
            sys.stdout.flush()
            os._exit(STATUS)
        raise


if __name__ == "__main__":
    process()
