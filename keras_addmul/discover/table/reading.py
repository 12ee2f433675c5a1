"""Reads the table to search for a formula: columns of numbers, and the target to explain."""

import dataclasses
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_addmul.discover.table import cleaning, columns, csv_file, from_text
from keras_addmul.discover.table.clean_table import Table
from keras_addmul.discover.table.given_values import (
    array_of,
    form,
    position,
    refuse_repeated,
    refuse_text,
)

__all__ = ["Table", "of_file", "read", "read_csv"]

# A name and its column as given: an array or a pandas Series.
Named = tuple[str, Any]

# Name of the column of standard errors while a table is read, and what such are often called.
ERRORS = "standard errors of the target"
LIKE_ERRORS = re.compile(r"(?i)(?:^|[_ .])(?:err|error|sigma|unc|uncertainty|stderr|std|sd)$|yerr")


def read(
    x: Any,
    y: Any = None,
    names: Sequence[str] | None = None,
    target: str | None = None,
    sigma: Any = None,
) -> Table:
    r"""Reads arrays or a pandas DataFrame into a `Table`.

    Rows with a missing or infinite value are dropped, and so are columns that are empty,
    constant, or copies of another. Booleans become 0 and 1, and numbers written as text
    become numbers. The table's `notes` say what was done.

    Args:
        x: Array of shape `(rows, columns)`, or a pandas DataFrame.
        y: Array or pandas Series of shape `(rows,)` or `(rows, 1)`; or, with a
            DataFrame, the name of the target in it.
        names: Names of the columns of an array; the default is `x1`, `x2`, ...
            A DataFrame has its own.
        target: Name of the target. With a DataFrame and no `y`, the name of its target
            column.
        sigma: Standard errors of the targets: an array, or the name of a column.

    Returns:
        A `Table`.

    Raises:
        ValueError: If there are columns of text, dates, categories or complex
            numbers, two columns of one name, no target of that name, a constant target,
            no column that varies, or fewer than 8 rows without gaps; or if
            the lengths differ. The message names the columns.

    Example:
    >>> import numpy as np
    >>> from keras_addmul.discover.table import reading
    >>> x = np.array([[i, 7.0, i**2] for i in range(10)])
    >>> x[3, 0] = np.nan
    >>> rows = reading.read(x, 2 * x[:, 2], names=["a", "b", "c"], target="d")
    >>> rows.names, rows.x.shape, rows.domain
    (('a', 'c'), (9, 2), ((0.0, 9.0), (0.0, 81.0)))
    >>> print(*rows.notes, sep="\n")
    1 of 10 rows was left out: 'a' is missing in 1.
    The column 'b' was left out: it is 7 in every row.
    """
    if hasattr(x, "columns") and hasattr(x, "iloc"):
        given = _from_frame(x, y, names, target)
    else:
        given = _from_arrays(x, y, names, target)
    return _make(*_with_errors(given, sigma), sigma=None if sigma is None else ERRORS)


def read_csv(
    path: str | Path,
    target: str,
    leave_out: Sequence[str] = (),
    encoding: str | None = None,
    decimal: str | None = None,
    sigma: str | None = None,
) -> Table:
    """Reads a `Table` from a file of separated values, or an `.xlsx` or `.parquet` file.

    The first line names the columns; title lines, empty lines and lines that start with `#`
    are skipped. Columns of text other than the target are left out, and dates become days.

    Args:
        path: Path of the file.
        target: Name of the column to explain.
        leave_out: Names of columns to ignore.
        encoding: Encoding of the text; by default UTF-8, UTF-16 or else cp1252.
        decimal: The decimal mark; by default found out.
        sigma: Name of the column of standard errors of the target.

    Returns:
        A `Table`, cleaned as by `read`.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ValueError: As for `read`, or if the file does not hold such a table.
    """
    return of_file(*csv_file.read(path, encoding, decimal), target, leave_out, sigma)


def of_file(
    frame: Any,
    notes: Sequence[str],
    target: str,
    leave_out: Sequence[str] = (),
    sigma: str | None = None,
) -> Table:
    """Makes a `Table` of the DataFrame and the notes that `csv_file.read` returns."""
    position(target, list(frame.columns), "target")
    for name in leave_out:
        position(name, list(frame.columns), "leave_out")
    if target in leave_out:
        raise ValueError(f"`leave_out` must not name the target. Received: {target!r} in both")
    if leave_out:
        frame = frame.drop(columns=list(leave_out))
        notes = [*notes, f"Left out, as asked: {cleaning.listed(leave_out)}."]
    frame, more = from_text.usable(frame, target)
    given = _with_errors(_from_frame(frame, None, None, target), sigma)
    way = "--leave-out NAME ..."
    table = _make(*given, [*notes, *more], way, None if sigma is None else ERRORS)
    return dataclasses.replace(
        table, units=frame.attrs.get("units", {}), since=frame.attrs.get("since", {})
    )


def _with_errors(given: tuple[list[Named], Named], sigma: Any) -> tuple[list[Named], Named]:
    """Returns the columns with that of the standard errors last, by its own name."""
    columns, target = given
    if sigma is None:
        return given
    if isinstance(sigma, str):
        at = position(sigma, [name for name, _ in columns], "sigma")
        return [*columns[:at], *columns[at + 1 :], (ERRORS, columns[at][1])], target
    values = array_of(sigma)
    if values.shape != (len(target[1]),):
        raise ValueError(f"`sigma` must have the shape (rows,). Received: {form(values)}")
    return [*columns, (ERRORS, values)], target


def _from_frame(
    frame: Any, y: Any, names: Sequence[str] | None, target: str | None
) -> tuple[list[Named], Named]:
    """Returns the (name, column) pairs of a DataFrame, and the pair of its target."""
    if names is not None:
        raise ValueError(
            "`names` belongs to arrays; a DataFrame has its own, and x[[...]] chooses among them. "
            f"Received: names={names!r}"
        )
    own = [str(name) for name in frame.columns]
    refuse_repeated(own, "`x` must have columns of different names")
    if isinstance(y, str):
        if target not in (None, y):
            raise ValueError(
                f"`y` and `target` must not name two columns. Received: {y!r}, {target!r}"
            )
        y, target = None, y
    if y is None:
        if target is None:
            raise ValueError(
                "`y` must be the target, or `target` its name in the DataFrame. Received: neither"
            )
        at = position(target, own, "target")
        rest = [i for i in range(len(own)) if i != at]
        return [(own[i], frame.iloc[:, i]) for i in rest], (target, frame.iloc[:, at])
    if hasattr(y, "iloc") and len(y) == len(frame) and not frame.index.equals(y.index):
        raise ValueError(
            "`y` must have the same index as `x`; y.to_numpy() goes by position. "
            f"Received: indices that start with {frame.index[0]!r} and {y.index[0]!r}"
        )
    return [(name, frame.iloc[:, i]) for i, name in enumerate(own)], _target(y, target, own)


def _from_arrays(
    x: Any, y: Any, names: Sequence[str] | None, target: str | None
) -> tuple[list[Named], Named]:
    """Returns the (name, column) pairs of arrays, and the pair of the target."""
    x = array_of(x)
    if x.ndim != 2:
        raise ValueError(
            f"`x` must be an array of shape (rows, columns) or a DataFrame. Received: {form(x)}"
        )
    if y is None or isinstance(y, str):
        raise ValueError(
            f"`y` must be an array: only a DataFrame has columns with names. Received: y={y!r}"
        )
    if names is None:
        names = [f"x{i + 1}" for i in range(x.shape[1])]
    names = [str(name) for name in names]
    if len(names) != x.shape[1]:
        raise ValueError(
            f"`names` must name each of the {x.shape[1]} columns. Received: {len(names)}: {names}"
        )
    refuse_repeated(names, "`names` must be different from each other")
    return [(name, x[:, i]) for i, name in enumerate(names)], _target(y, target, names)


def _target(y: Any, target: str | None, names: Sequence[str]) -> Named:
    """Returns the name of a separate target, and the target as a flat array."""
    if target is None:
        own = list(y.columns) if hasattr(y, "columns") else [getattr(y, "name", None)]
        free = [str(name) for name in [*own[:1], "y", "target"] if isinstance(name, str | int)]
        target = next((name for name in free if name not in names), "the target")
    elif target in names:
        raise ValueError(
            f"`target` must be a name that no column has. Received: {target!r} beside {names}"
        )
    y = array_of(y)
    if y.ndim not in (1, 2) or y.size != len(y):
        raise ValueError(f"`y` must have the shape (rows,) or (rows, 1). Received: {form(y)}")
    return str(target), y.reshape(len(y))


def _make(
    x: list[Named],
    target: Named,
    notes: Iterable[str] = (),
    way: str = "x.drop(columns=[...])",
    sigma: str | None = None,
) -> Table:
    """Makes a `Table` from (name, column) pairs and the pair of the target.

    `way` tells how to leave out a column, for an error message.
    """
    lengths = {len(column) for _, column in x}
    if lengths - {len(target[1])}:
        raise ValueError(
            "`x` and `y` must have the same number of rows. "
            f"Received: {lengths.pop()} and {len(target[1])}"
        )
    converted = [(name, columns.to_float(name, column)) for name, column in [*x, target]]
    refuse_text(converted, way)
    read = [column for _, column in converted if isinstance(column, columns.Column)]
    notes = [*notes, *(column.note for column in read if column.note)]
    values = [column.values for column in read]
    *inputs, targets = values
    names, rows, targets, more = cleaning.clean([name for name, _ in x], inputs, target[0], targets)
    eps = max((_rounding(column) for _, column in [*x, target]), default=0.0)
    notes, errors = [*notes, *more], None
    if sigma in names:
        at = names.index(sigma)
        errors = rows[:, at]
        if not (errors > 0).all():
            raise ValueError(f"`sigma` must be above 0. Received: {errors.min():g}")
        names, rows = [*names[:at], *names[at + 1 :]], np.delete(rows, at, axis=1)
    else:
        notes += [_looks_like_errors(name) for name in names if LIKE_ERRORS.search(name)]
    return Table(tuple(names), rows, targets, target[0], tuple(notes), eps, errors)


def _looks_like_errors(name: str) -> str:
    return f"The column {name!r} looks like standard errors; `sigma` takes them as such."


def _rounding(column: Any) -> float:
    """Returns the relative rounding of a column's dtype: that of float64 unless it is coarser."""
    dtype = getattr(column, "dtype", None)
    name = str(dtype).lower()
    return float(np.finfo(name).eps) if name in ("float16", "float32") else 2.0**-52
