"""Reads the table to search for a formula: columns of numbers, and the target to explain."""

import dataclasses
import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_addmul.discover.table import cleaning, columns, csv_file, from_text

__all__ = ["Table", "read", "read_csv"]

# A name and its column as given: an array or a pandas Series.
Named = tuple[str, Any]

# What to do about a column that holds no numbers.
REMEDIES = {
    "text": "or turn it into numbers, with pandas.get_dummies for instance",
    "categories": "or turn it into numbers, with .astype(float) or pandas.get_dummies",
    "dates": "or turn it into numbers, such as the seconds since the first",
    "complex numbers": "or give the real and the imaginary part as two columns",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Columns of numbers without gaps, and the target to explain with them.

    Attributes:
        names: Name of each column, without duplicates.
        x: Float64 array of shape `(rows, columns)`, finite.
        y: Float64 array of shape `(rows,)`, finite.
        target: Name of `y`.
        notes: Sentences that say how the input was cleaned.
        eps: Relative rounding of the numbers as given, that of the coarsest dtype.
    """

    names: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    target: str
    notes: tuple[str, ...] = ()
    eps: float = 2.0**-52

    def __len__(self) -> int:
        return len(self.y)

    @property
    def domain(self) -> tuple[tuple[float, float], ...]:
        """The lowest and the highest value of each column, as a tuple of pairs."""
        low, high = self.x.min(axis=0), self.x.max(axis=0)
        return tuple((float(a), float(b)) for a, b in zip(low, high, strict=True))


def read(
    x: Any, y: Any = None, names: Sequence[str] | None = None, target: str | None = None
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
    return _make(*given)


def read_csv(
    path: str | Path,
    target: str,
    leave_out: Sequence[str] = (),
    encoding: str | None = None,
    decimal: str | None = None,
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

    Returns:
        A `Table`, cleaned as by `read`.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ValueError: As for `read`, or if the file does not hold such a table.
    """
    frame, notes = csv_file.read(path, encoding, decimal)
    _known(target, list(frame.columns), "target")
    for name in leave_out:
        _known(name, list(frame.columns), "leave_out")
    if target in leave_out:
        raise ValueError(f"`leave_out` must not name the target. Received: {target!r} in both")
    if leave_out:
        frame = frame.drop(columns=list(leave_out))
        notes = [*notes, f"Left out, as asked: {cleaning.listed(leave_out)}."]
    frame, more = from_text.usable(frame, target)
    return _make(*_from_frame(frame, None, None, target), [*notes, *more], "--leave-out NAME ...")


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
    _unique(own, "`x` must have columns of different names")
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
        at = _known(target, own, "target")
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
    x = _array(x)
    if x.ndim != 2:
        raise ValueError(
            f"`x` must be an array of shape (rows, columns) or a DataFrame. Received: {_form(x)}"
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
    _unique(names, "`names` must be different from each other")
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
    y = _array(y)
    if y.ndim not in (1, 2) or y.size != len(y):
        raise ValueError(f"`y` must have the shape (rows,) or (rows, 1). Received: {_form(y)}")
    return str(target), y.reshape(len(y))


def _make(
    x: list[Named], target: Named, notes: Iterable[str] = (), way: str = "x.drop(columns=[...])"
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
    _refuse(converted, way)
    read = [column for _, column in converted if isinstance(column, columns.Column)]
    notes = [*notes, *(column.note for column in read if column.note)]
    values = [column.values for column in read]
    *inputs, targets = values
    names, rows, targets, more = cleaning.clean([name for name, _ in x], inputs, target[0], targets)
    eps = max((_rounding(column) for _, column in [*x, target]), default=0.0)
    return Table(tuple(names), rows, targets, target[0], (*notes, *more), eps)


def _rounding(column: Any) -> float:
    """Returns the relative rounding of a column's dtype: that of float64 unless it is coarser."""
    dtype = getattr(column, "dtype", None)
    name = str(dtype).lower()
    return float(np.finfo(name).eps) if name in ("float16", "float32") else 2.0**-52


def _refuse(converted: list[tuple[str, columns.Column | columns.Refusal]], way: str) -> None:
    """Raises if some columns are not numeric; the message names all of them."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for name, column in converted:
        if isinstance(column, columns.Refusal):
            kinds.setdefault(column.kind, []).append((name, column.example))
    if not kinds:
        return
    held = "; ".join(
        f"{kind} in " + ", ".join(f"{name!r} ({example})" for name, example in found)
        for kind, found in kinds.items()
    )
    remedies = ", ".join(f"{REMEDIES[kind]} ({kind})" for kind in kinds)
    raise ValueError(
        f"Every column must hold real numbers. Received: {held}. "
        f"Leave such a column out ({way}), {remedies}"
    )


def _array(values: Any) -> np.ndarray:
    """Converts to a NumPy array: masked values become missing, text stays text."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.filled(values.astype("float64"), np.nan)
    array = np.asarray(values)
    if array.dtype.kind in "SU" and not isinstance(values, np.ndarray):
        array = np.asarray(values, dtype=object)  # a list of numbers and text: they keep apart
    return array


def _form(array: np.ndarray) -> str:
    if array.dtype == object and array.ndim == 0:
        return f"an object of type {type(array.item()).__name__}"
    return f"an array of shape {array.shape}"


def _unique(names: Sequence[str], message: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{message}. Received: {cleaning.listed(twice)} more than once")


def _known(name: str, names: Sequence[str], argument: str) -> int:
    """Returns the position of a name; an error suggests the closest names."""
    if name in names:
        return names.index(name)
    lower = {known.lower(): known for known in names}
    close = difflib.get_close_matches(str(name).lower(), lower, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(repr(lower[n]) for n in close)}? " if close else ""
    raise ValueError(
        f"`{argument}` must be the name of a column. {hint}"
        f"Received: {name!r}, and the columns {', '.join(repr(n) for n in names[:20])}"
        + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    )
