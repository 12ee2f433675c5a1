"""Reads a file of separated values into a pandas DataFrame."""

import csv
import io
import warnings
from pathlib import Path
from typing import Any

from keras_addmul.discover.table.cleaning import listed

__all__ = ["read"]

SEPARATORS = ",;\t|"


def read(path: str | Path) -> tuple[Any, list[str]]:
    """Reads a file into a pandas DataFrame, and returns notes on what was changed.

    Args:
        path: Path of the file. Its first line names the columns; empty lines and lines that
            start with `#` are skipped. The separator is whichever of `,`, `;`, `|` and tab
            is most frequent in the first line.

    Returns:
        Pair: the DataFrame, and a list of sentences that say what was changed.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ValueError: If the file is empty or is not UTF-8 text, if a column has no name or the
            name of another one, or if a line is longer than the first.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a file of values. Received: no such file")
    header: list[str] = []
    try:
        skipped, separator, header = _header(path)
        with warnings.catch_warnings():
            # Pandas would only warn, and truncate the longer lines.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                _without_comments(path),
                sep=separator,
                skiprows=skipped + 1,
                names=range(len(header)),
                header=None,
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8. Received: {error}") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ValueError(
            f"{path}: expected {len(header)} values in every line, as in the first: {header}. "
            f"Received: {str(error).removeprefix('Error tokenizing data. C error: ')}"
        ) from error
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path}: expected rows below the names. Received: no row") from error
    return _named(path, header, frame)


def _header(path: Path) -> tuple[int, str, list[str]]:
    """Returns the number of lines before the names, the separator, and the names."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, line in enumerate(file):
            if line.strip() and not line.startswith("#"):
                separator = max(SEPARATORS, key=line.count)
                header = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
                return number, separator, [name.strip() for name in header]
    raise ValueError(f"{path}: expected a line that names the columns. Received: no such line")


def _without_comments(path: Path) -> io.StringIO:
    """Returns the text of a file, with lines that start with `#` emptied."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return io.StringIO("".join("\n" if line.startswith("#") else line for line in file))


def _named(path: Path, header: list[str], frame: Any) -> tuple[Any, list[str]]:
    """Returns the DataFrame with its columns named."""
    numbers = [name for name in header if _is_number(name)]
    if len(numbers) == len(header):
        raise ValueError(
            f"{path}: expected a first line that names the columns. Received: the numbers {header}"
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise ValueError(
            f"{path}: expected columns of different names. Received: {listed(twice)} more than once"
        )
    notes, keep = [], list(range(len(header)))
    for i, name in enumerate(header):
        if name:
            continue
        values = frame[i]
        counts = list(values) == list(range(len(values)))
        if not (values.isna().all() or counts):
            raise ValueError(
                f"{path}: expected a name for each column. Received: none for column {i + 1}"
            )
        keep.remove(i)
        what = "it counts the rows" if counts else "it is empty"
        notes.append(f"Column {i + 1}, which has no name, was left out: {what}.")
    frame = frame[keep]
    frame.columns = [header[i] for i in keep]
    return frame, notes


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
