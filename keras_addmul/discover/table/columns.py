"""Converts one column of any dtype to float64."""

import dataclasses
from typing import Any

import numpy as np

from keras_addmul.annotations import ArrayLike

__all__ = ["Column", "Refusal", "to_float"]

# Common markers of a missing number; in a file, pandas recognises most of them itself.
MISSING = {"", "?", "-", "--", ".", "na", "n/a", "nan", "null", "none", "missing"}


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of numbers.

    Attributes:
        values: Float64 array of shape `(rows,)`, nan where a value is missing.
        note: A sentence on how the values were converted, or None.
    """

    values: np.ndarray
    note: str | None = None


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why a column cannot be used.

    Attributes:
        kind: `"text"`, `"dates"`, `"categories"` or `"complex numbers"`.
        example: An offending value, for the message.
    """

    kind: str
    example: str


def to_float(name: str, values: Any) -> Column | Refusal:
    """Returns a `Column`, or a `Refusal` if the values are not real numbers.

    Args:
        name: Name of the column, for the note.
        values: NumPy array of shape `(rows,)` and any dtype, or a pandas Series.
    """
    kind = getattr(values.dtype, "kind", "O")
    if isinstance(values, np.ndarray) and kind in "fiu":
        return Column(values.astype("float64"))
    if isinstance(values, np.ndarray) and kind == "b":
        return Column(values.astype("float64"), _boolean(name))
    if kind == "c":
        return Refusal("complex numbers", _example(values))
    if kind in "mM":
        return Refusal("dates", _example(values))
    return _from_pandas(name, values)


def _from_pandas(name: str, values: Any) -> Column | Refusal:
    """Applies `to_float` to dtypes that are not numeric in NumPy."""
    import pandas as pd
    from pandas.api import types

    # The copy is indexed 0, 1, 2, ..., so that a message can name the row.
    series = pd.Series(values).reset_index(drop=True)
    if isinstance(series.dtype, pd.CategoricalDtype):
        return Refusal("categories", _example(series))
    if isinstance(series.dtype, pd.PeriodDtype | pd.DatetimeTZDtype | pd.IntervalDtype):
        return Refusal("dates", _example(series))
    if types.is_bool_dtype(series.dtype):
        return Column(series.to_numpy("float64", na_value=np.nan), _boolean(name))
    if types.is_numeric_dtype(series.dtype):
        return Column(series.to_numpy("float64", na_value=np.nan))
    found = types.infer_dtype(series, skipna=True)
    if found.startswith(("date", "time", "period", "interval")):
        return Refusal("dates", _example(series))
    if found.startswith(("complex", "mixed")):
        for value in series:
            if isinstance(value, complex | np.complexfloating):
                return Refusal("complex numbers", _short(value))
    return _from_objects(name, series, found)


def _from_objects(name: str, series: Any, found: str) -> Column | Refusal:
    """Applies `to_float` to a series of Python objects or of text."""
    import pandas as pd

    text = np.array([isinstance(value, str) for value in series], bool)
    written = series[text].str.strip()
    absent = written[written.str.lower().isin(MISSING)]
    series[absent.index] = None
    numbers = pd.to_numeric(series, errors="coerce")
    wrong = (numbers.isna() & series.notna()).to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        return Refusal("text", f"{_short(series[row])} in row {row + 1}")
    values = numbers.to_numpy("float64", na_value=np.nan)
    if found == "boolean":
        return Column(values, _boolean(name))
    if not text.any():
        return Column(values)
    if len(absent) == text.sum():
        return Column(values, f"{_marks(absent)} in {name!r} was read as a missing value.")
    gaps = f", and {_marks(absent)} to missing" if len(absent) else ""
    return Column(values, f"Numbers written as text in {name!r} were converted{gaps}.")


def _marks(absent: Any) -> str:
    """Returns the distinct markers of missing values in a column."""
    return " and ".join(repr(mark) for mark in sorted(set(absent)))


def _boolean(name: str) -> str:
    return f"The truth values in {name!r} were read as 0 and 1."


def _example(values: ArrayLike) -> str:
    """Returns the first value that is not missing."""
    import pandas as pd

    series = pd.Series(values)
    present = series[series.notna()]
    return _short(present.iloc[0]) if len(present) else "no value"


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 30 else f"{text[:27]}..."
