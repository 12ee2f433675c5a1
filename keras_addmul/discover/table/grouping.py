"""Reads one table for each group of the rows of a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_addmul.discover.table import csv_file
from keras_addmul.discover.table.given_values import position
from keras_addmul.discover.table.reading import Table, of_file

__all__ = ["labels", "read_groups"]

MOST = 50  # groups; a column of more values is none of groups


def read_groups(
    path: str | Path,
    target: str,
    by: str,
    leave_out: Sequence[str] = (),
    encoding: str | None = None,
    decimal: str | None = None,
    sigma: str | None = None,
) -> tuple[dict[str, Table], list[str]]:
    """Reads a table for each value of a column.

    Args:
        path: Path of the file.
        target: Name of the column to explain.
        by: Name of the column whose values are the groups.
        leave_out: Names of columns to ignore.
        encoding: Encoding of the text; by default UTF-8, UTF-16 or else cp1252.
        decimal: The decimal mark; by default found out.
        sigma: Name of the column of standard errors of the target.

    Returns:
        Pair: each value of the column with its `Table`, and sentences on the groups that
        cannot be used, such as those of too few rows.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ValueError: If no group can be used, there are too many, or as for `read_csv`.
    """
    frame, notes = csv_file.read(path, encoding, decimal)
    names = [str(name) for name in frame.columns]
    for argument, wanted in (("target", [target]), ("by", [by]), ("leave_out", leave_out)):
        for name in wanted:
            position(name, names, argument)
    if by in (target, sigma, *leave_out):
        raise ValueError(f"`by` must be a column of its own. Received: {by!r}, also used elsewhere")
    label = labels(frame[by])
    values = sorted(set(label[label.notna()]))
    if len(values) > MOST:
        raise ValueError(
            f"`by` must be a column of at most {MOST} values. Received: {by!r} with {len(values)}"
        )
    tables, left, reason = {}, [], ""
    for value in values:
        part = frame[label == value].drop(columns=by).reset_index(drop=True)
        part.attrs = dict(frame.attrs)
        try:
            tables[value] = of_file(part, notes, target, leave_out, sigma)
        except ValueError as error:
            reason = reason or str(error)
            left.append(f"{by} = {value} was left out: {error}")
    if not tables:
        raise ValueError(f"`by` must have a group that can be used. Received: {by!r}: {reason}")
    return tables, left


def labels(column: Any) -> Any:
    """Returns the values of a column as text, the same for 1 and 1.0; missing where it is."""
    text = column.astype(str).str.strip().str.replace(r"^(-?\d+)\.0$", r"\1", regex=True)
    return text.where(column.notna(), None)
