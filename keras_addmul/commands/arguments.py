"""Checks of typed arguments, for `type=` of argparse, without slow imports."""

import argparse
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = [
    "array_file",
    "folder_to_read",
    "folder_to_write",
    "keras_file",
    "natural_number",
    "number_above_zero",
    "number_from_zero",
    "positive_integer",
    "result_folder",
    "saved_model",
    "share",
    "table_to_learn_from",
    "text_file",
    "to_write",
]


def table_to_learn_from(parser: argparse.ArgumentParser, target: str) -> None:
    """Adds what says which table is read, and how.

    Args:
        parser: Parser of a command.
        target: What is done with the target, as "predict".
    """
    parser.add_argument(
        "data",
        type=text_file,
        help="a .csv, .xlsx or .parquet file whose first line names the columns",
    )
    parser.add_argument("--target", required=True, help=f"name of the column to {target}")
    parser.add_argument(
        "--leave-out", nargs="+", default=[], metavar="NAME", help="columns that are not used"
    )
    parser.add_argument(
        "--encoding", help="encoding of the file; UTF-8, UTF-16 or cp1252, as it seems"
    )
    parser.add_argument(
        "--decimal", choices=[".", ","], help="the decimal mark; the one that the file shows"
    )


def text_file(text: str) -> Path:
    """Returns the path of an existing file."""
    return _existing(text, "a file of separated values")


def array_file(text: str) -> Path:
    """Returns the path of an existing .npy or .npz file."""
    return _existing(text, "a .npy or .npz file", ".npy", ".npz")


def keras_file(text: str) -> Path:
    """Returns the path of an existing .keras file."""
    return _existing(text, "a .keras file", ".keras")


def saved_model(text: str) -> Path:
    """Returns the path of a directory that holds a SavedModel."""
    if not Path(text, "saved_model.pb").is_file():
        raise argparse.ArgumentTypeError(
            f"must be the directory of a SavedModel. Received: {text!r}{_what_is_wrong(text)}"
        )
    return Path(text)


def result_folder(text: str) -> Path:
    """Returns the path of a directory that holds the report of a formula."""
    if not any(Path(text, name).is_file() for name in ("formula.json", "groups.json")):
        inside = "" if not Path(text).is_dir() else ", which holds no formula.json"
        raise argparse.ArgumentTypeError(
            "must be a directory that `discover` wrote to. "
            f"Received: {text!r}{inside or _what_is_wrong(text)}"
        )
    return Path(text)


def folder_to_read(text: str) -> Path:
    """Returns the path of an existing directory."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(
            f"must be a directory. Received: {text!r}{_what_is_wrong(text)}"
        )
    return Path(text)


def folder_to_write(text: str) -> Path:
    """Returns the path of a directory that exists or can be created."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"must be a directory. Received the file: {text!r}")
    return _writable(path, text)


def to_write(suffix: str) -> Callable[[str], Path]:
    """Returns a check that accepts the path of a writable file with this suffix."""

    def check(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() != suffix or path.is_dir():
            raise argparse.ArgumentTypeError(f"must be a {suffix} file. Received: {text!r}")
        _writable(path.parent, text)
        return path

    return check


def positive_integer(text: str) -> int:
    """Returns an integer, 1 or more."""
    return int(_number(text, "a positive integer", int, lambda value: value >= 1))


def natural_number(text: str) -> int:
    """Returns an integer, 0 or more."""
    return int(_number(text, "an integer, 0 or more", int, lambda value: value >= 0))


def number_above_zero(text: str) -> float:
    """Returns a finite number above 0."""
    return _number(text, "a finite number above 0", float, lambda value: value > 0)


def number_from_zero(text: str) -> float:
    """Returns a finite number, 0 or more."""
    return _number(text, "a finite number, 0 or more", float, lambda value: value >= 0)


def share(text: str) -> float:
    """Returns a number between 0 and 1."""
    return _number(text, "a number between 0 and 1", float, lambda value: 0 < value < 1)


def _number(
    text: str,
    what: str,
    kind: Callable[[str], float],
    allowed: Callable[[float], bool],
) -> float:
    try:
        value = kind(text)
        if math.isfinite(value) and allowed(value):
            return value
    except (OverflowError, ValueError):
        pass
    raise argparse.ArgumentTypeError(f"must be {what}. Received: {text!r}")


def _existing(text: str, what: str, *suffixes: str) -> Path:
    path = Path(text)
    if not path.is_file() or (suffixes and path.suffix.lower() not in suffixes):
        wrong = _what_is_wrong(text)
        raise argparse.ArgumentTypeError(f"must be {what}. Received: {text!r}{wrong}")
    return path


def _what_is_wrong(text: str) -> str:
    if not os.path.exists(text):
        return ", which does not exist"
    return ", which is a directory" if os.path.isdir(text) else ""


def _writable(folder: Path, text: str) -> Path:
    """Returns the folder if it, or its nearest existing parent, is writable; raises otherwise."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return folder
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"must be where files can be written. Received: {text!r} ({error.strerror})"
        ) from error
