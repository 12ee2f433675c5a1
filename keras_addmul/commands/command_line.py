"""Parses the arguments, runs the command, and reports an error in one line."""

import argparse
import re
import textwrap
from collections.abc import Sequence
from typing import NoReturn

import keras_addmul
from keras_addmul.commands import (
    check_command,
    compare_command,
    convert_command,
    convert_to_command,
    demo_command,
    discover_command,
    export_command,
    predict_command,
    serve_command,
)

__all__ = ["one_line", "run"]

NAME = "keras-addmul"

COMMANDS = (
    demo_command,
    discover_command,
    predict_command,
    compare_command,
    convert_command,
    export_command,
    check_command,
    serve_command,
    convert_to_command,
)

# Errors whose messages are written for the user; for others, the class is shown too.
EXPECTED = (ImportError, OSError, RuntimeError, TypeError, ValueError)

LONGEST = 400


class Parser(argparse.ArgumentParser):
    """Reports an error in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Prints the message in one line, and exits with status 2."""
        hint = "" if "Received" in message else " (try --help)"
        self.exit(2, f"{self.prog}: {_shortened(message)}{hint}\n")


def run(arguments: Sequence[str] | None = None) -> None:
    """Runs one command.

    Args:
        arguments: The arguments after the name of the program; by default `sys.argv[1:]`.

    Raises:
        SystemExit: With status 2, after one line on stderr, if an error occurred.
    """
    parser = Parser(
        prog=NAME, description="Learns operations from data; compares, converts and serves models."
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {keras_addmul.__version__}")
    parser.add_argument(
        "--traceback", action="store_true", help="show where in the code an error was raised"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except Exception as error:
        if options.traceback:
            raise
        parser.exit(2, f"{NAME} {options.command}: {one_line(error, options)}\n")


def one_line(error: Exception, options: argparse.Namespace) -> str:
    """Returns the message of an error, with each argument named as on the command line.

    Args:
        error: The error that was raised.
        options: The parsed arguments. `options.typed` maps arguments of the Python function to
            their names on the command line, where these differ.

    Returns:
        The message as one line.
    """
    message = str(error) if isinstance(error, EXPECTED) else f"{type(error).__name__}: {error}"
    typed = {name: f"--{name.replace('_', '-')}" for name in vars(options)} | options.typed
    message = re.sub(
        r"(?:[Aa]rguments? )?`(\w+)`", lambda found: typed.get(found[1], found[0]), message
    )
    return _shortened(message) or type(error).__name__


def _shortened(message: str) -> str:
    return textwrap.shorten(message, LONGEST, placeholder=" ...")
