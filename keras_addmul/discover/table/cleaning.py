"""Drops the rows and columns of a table that cannot be used, and notes why."""

from collections.abc import Iterable, Sequence

import numpy as np

__all__ = ["clean", "listed"]

MINIMUM = 8  # rows; with fewer there is nothing to hold out that would mean anything


def clean(
    names: list[str], x: list[np.ndarray], target: str, y: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray, list[str]]:
    """Drops the rows and columns that cannot be used.

    Args:
        names: List of the names of the columns.
        x: List of float64 arrays of shape `(rows,)`, one for each name.
        target: Name of the target.
        y: Float64 array of shape `(rows,)`.

    Returns:
        The remaining names, `x` as an array of shape `(rows, columns)`, `y`, and a list of
        sentences that say what was dropped.

    Raises:
        ValueError: If too little is left.
    """
    notes: list[str] = []
    names, x = _without(names, x, [bool(np.isfinite(c).any()) for c in x], "holds no number", notes)
    rows, gaps = _gaps([*names, target], [*x, y])
    if gaps:
        left_out = int(np.count_nonzero(~rows))
        notes.append(f"{left_out} of {_rows(len(y))} {_was(left_out)} left out: {gaps}.")
    if np.count_nonzero(rows) < MINIMUM:
        received = f"{np.count_nonzero(rows)} of {len(y)} rows: {gaps}" if gaps else _rows(len(y))
        raise ValueError(
            f"The table must have at least {MINIMUM} rows without gaps. Received: {received}"
        )
    x, y = [column[rows] for column in x], y[rows]
    if y.min() == y.max():
        raise ValueError(
            f"The target must vary from row to row. Received: {target!r}, which is {y[0]:g} in "
            f"each of {_rows(len(y))}"
        )
    vary = [bool(column.min() < column.max()) for column in x]
    same = "is the same in every row"
    if vary.count(False) == 1:
        same = f"is {x[vary.index(False)][0]:g} in every row"
    names, x = _without(names, x, vary, same, notes)
    names, x = _without_repeated(names, x, notes)
    if not x:
        raise ValueError(
            "The table must have a column of numbers that vary. Received: none"
            + "".join(f". {note}" for note in notes).rstrip(".")
        )
    columns = np.stack(x, axis=1)
    return names, columns, y, notes + _repeated_rows(columns, y)


def listed(names: Iterable[object]) -> str:
    """Joins quoted names for use in a sentence."""
    quoted = [repr(str(name)) for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _without(
    names: list[str], x: list[np.ndarray], keep: Sequence[bool], why: str, notes: list[str]
) -> tuple[list[str], list[np.ndarray]]:
    """Drops the columns that are not to be kept, and notes why."""
    out = [name for name, good in zip(names, keep, strict=True) if not good]
    if len(out) == 1:
        notes.append(f"The column {listed(out)} was left out: it {why}.")
    elif out:
        each = why.replace("holds", "hold").replace("is ", "are ", 1)
        notes.append(f"The columns {listed(out)} were left out: they {each}.")
    kept = [pair for pair, good in zip(zip(names, x, strict=True), keep, strict=True) if good]
    return [name for name, _ in kept], [column for _, column in kept]


def _gaps(names: list[str], columns: list[np.ndarray]) -> tuple[np.ndarray, str]:
    """Returns which rows have no gap, and a note on where the gaps are."""
    rows = np.ones(len(columns[-1]), bool)
    found = []
    for name, column in zip(names, columns, strict=True):
        finite = np.isfinite(column)
        rows &= finite
        missing = np.count_nonzero(np.isnan(column))
        infinite = np.count_nonzero(~finite) - missing
        found += [f"{name!r} is missing in {missing}"] if missing else []
        found += [f"{name!r} is infinite in {infinite}"] if infinite else []
    return rows, ", ".join(found)


def _without_repeated(
    names: list[str], x: list[np.ndarray], notes: list[str]
) -> tuple[list[str], list[np.ndarray]]:
    """Drops every column that equals an earlier one."""
    first = {}
    keep = []
    for name, column in zip(names, x, strict=True):
        key = (column + 0.0).tobytes()  # with no negative zero
        keep.append(key not in first)
        if key in first:
            notes.append(
                f"The column {name!r} was left out: it equals {first[key]!r} in every row."
            )
        first.setdefault(key, name)
    kept = [pair for pair, good in zip(zip(names, x, strict=True), keep, strict=True) if good]
    return [name for name, _ in kept], [column for _, column in kept]


def _repeated_rows(x: np.ndarray, y: np.ndarray) -> list[str]:
    """Returns sentences on rows that occur more than once."""
    import pandas as pd

    same_inputs = int(pd.DataFrame(x).duplicated().sum())
    same = int(pd.DataFrame(np.column_stack([x, y])).duplicated().sum()) if same_inputs else 0
    notes = []
    if same:
        verb = "repeats" if same == 1 else "repeat"
        notes.append(f"{_rows(same)} {verb} an earlier one; they were kept.")
    if same_inputs > same:
        count = same_inputs - same
        verb = "has" if count == 1 else "have"
        notes.append(
            f"{_rows(count)} {verb} the inputs of another row and a different target, so that no "
            "formula of these columns can meet every row."
        )
    return notes


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
