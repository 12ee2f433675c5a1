"""Makes columns of text and dates in a file usable: dates become days, other text is left out."""

from typing import Any

import numpy as np

from keras_addmul.discover.table.cleaning import listed
from keras_addmul.discover.table.columns import MISSING

__all__ = ["days_since", "usable"]

# The share of a column's values that makes the others odd ones out.
_NEARLY = 0.9
# Lines at the end that may hold a sum, a source or a remark.
_LAST = 3
# Numbers that often stand for a missing value.
STAND_INS = (-99.0, -999.0, -9999.0, -99999.0, 999.0, 9999.0, 99999.0)


def usable(frame: Any, target: str) -> tuple[Any, list[str]]:
    """Returns a DataFrame without text, and notes on what was changed or is doubtful.

    Args:
        frame: The DataFrame as read from a file.
        target: Name of the column to explain: it is never left out.

    Returns:
        Pair: the DataFrame, whose `attrs["since"]` holds the first date of each column of
        dates, and a list of sentences.
    """
    import pandas as pd

    notes, text = [], []
    frame = frame.copy()
    since = {}
    for name in frame.columns:
        column = frame[name]
        order = ""
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            days = column
        elif pd.api.types.is_numeric_dtype(column.dtype) or column.notna().sum() == 0:
            notes += _doubtful(str(name), column)
            continue
        elif (share := _numbers(column)) > 0.5:
            if share >= _NEARLY:
                frame[name], said = _without_words(str(name), column)
                notes += said
            continue
        else:
            days, order = _dates(column)
        if days is not None:
            first = days.min()
            frame[name] = days_since(days, first)
            since[str(name)] = first.isoformat()
            notes.append(f"The dates in {str(name)!r}{order} became days since {first:%Y-%m-%d}.")
        elif name != target:
            text.append(name)
    if text:
        was = "column" if len(text) == 1 else "columns"
        verb = "was" if len(text) == 1 else "were"
        notes.append(f"The {was} {listed(text)} {verb} left out: text.")
    frame = frame.drop(columns=text)
    frame.attrs["since"] = since
    return frame, notes


def days_since(dates: Any, first: Any) -> Any:
    """Returns the days from a date to each of a column of dates, which may be text.

    Args:
        dates: A pandas Series of dates, or of text.
        first: The date of day 0, a `pandas.Timestamp` or its text.
    """
    import pandas as pd

    days = dates if pd.api.types.is_datetime64_any_dtype(dates.dtype) else _dates(dates)[0]
    if days is None:
        return pd.Series(np.nan, dates.index)
    first = pd.Timestamp(first)
    if (first.tzinfo is None) != (days.dt.tz is None):
        first = first.tz_localize("UTC" if days.dt.tz is not None else None)
    return (days - first).dt.total_seconds() / 86400.0


def _numbers(column: Any) -> float:
    """Returns the share of the values that are numbers."""
    import pandas as pd

    known = column[column.notna()]
    truth = {str(value).strip().lower() for value in known.unique()[:3].tolist()}
    if truth <= {"true", "false"}:
        return 1.0
    return float(pd.to_numeric(known, errors="coerce").notna().mean())


def _dates(column: Any) -> tuple[Any, str]:
    """Returns the dates of a column of text, or None, and the order of day and month if it counts.

    With points between them, the day comes first; with slashes, the month, unless that is none.
    """
    import warnings

    import pandas as pd

    known = column[column.notna()].astype(str).str.strip()
    numbers = known.str.fullmatch(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?:\s.*)?").mean() >= _NEARLY
    points = known.str.match(r"\d{1,2}\.\d{1,2}\.").any()
    best, order = None, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for first in (points, not points) if numbers else (False,):
            days = pd.to_datetime(column, errors="coerce", utc=True, dayfirst=bool(first))
            if best is None or days.notna().sum() > best.notna().sum():
                best = days
                order = f", read {'day' if first else 'month'} first," if numbers else ""
    enough = best is not None and best.notna().sum() >= _NEARLY * len(known)
    return (best, order) if enough else (None, "")


def _without_words(name: str, column: Any) -> tuple[Any, list[str]]:
    """Returns a column of numbers without the words of the last lines, such as "Total"."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    words = column[numbers.isna() & column.notna()]
    words = words[~words.astype(str).str.strip().str.lower().isin(MISSING)].astype(str)
    # A typing error in the middle, or of a letter, is for its author to mend.
    below = words.index.isin(column.index[-_LAST:]) & words.str.contains(r"[^\W\d]{3}")
    if not len(words) or not below.all():
        return column, []
    told = " and ".join(repr(word[:30]) for word in list(dict.fromkeys(words))[:3])
    return numbers, [f"{told} in {name!r} is no number, and was read as missing: {len(words)}."]


def _doubtful(name: str, column: Any) -> list[str]:
    """Returns a question on numbers that may stand for missing values."""
    values = column.to_numpy("float64", na_value=np.nan)
    values = values[np.isfinite(values)]
    for stand_in in STAND_INS:
        same = values == stand_in
        rest = values[~same]
        if same.sum() < 2 or len(rest) < 2:
            continue
        low, high = rest.min(), rest.max()
        alone = stand_in < 0 <= low
        if alone or stand_in < low - 2 * (high - low) or stand_in > high + 2 * (high - low):
            where = "alone below 0" if alone else "far from all others"
            return [
                f"Is {stand_in:g} in {name!r} a missing value? It occurs {int(same.sum())} times, "
                f"{where}, and was read as a number."
            ]
    return []
