"""Reads numbers as people write them: with units, marks of thousands, and signs of all kinds."""

import re
from typing import Any

import numpy as np

from keras_addmul.discover.table.columns import MISSING

__all__ = ["numbers_of"]

_SPACES = "\u00a0\u202f\u2009 '\u2019"
_ERRORS = re.compile(r"#(?:DIV/0!|N/A|NA|VALUE!|REF!|NAME\?|NUM!|NULL!|ERROR!?)", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?P<limit>[<>\u2264\u2265]=?)?\s*(?P<money>[$\u20ac\u00a3\u00a5])?\s*(?P<number>[+-]?(?:\d[\d.,]*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"\s*(?P<unit>[^\d\s.,+\-].{0,11})?"
)


def numbers_of(name: str, series: Any, decimal: str) -> tuple[np.ndarray | None, list[str], str]:
    """Returns the numbers of a column of text, notes, and the unit; None if it holds no numbers.

    Args:
        name: Name of the column, for the notes.
        series: A pandas Series of text and missing values.
        decimal: The decimal mark; the other of point and comma groups thousands.

    Example:

    >>> import pandas
    >>> from keras_addmul.discover.table.written_numbers import numbers_of
    >>> values, notes, unit = numbers_of("a", pandas.Series(["1.234,5 kg", "\u22127 kg"]), ",")
    >>> values.tolist(), notes, unit
    ([1234.5, -7.0], ["The unit 'kg' in 'a' was left out."], 'kg')
    """
    values = np.full(len(series), np.nan)
    units: set[str] = set()
    limits = errors = spreads = negative = 0
    wrong: list[str] = []
    for i, text in enumerate(series):
        if not isinstance(text, str):
            values[i] = np.nan if text is None else float(text)
            continue
        text = text.strip().replace("\u2212", "-").replace("\u2013", "-")
        text = re.sub(r"(?<=[\d.])[dD](?=[+-]?\d)", "E", text)  # as Fortran writes 1E3
        text, spread = _without_spread(text)
        spreads += spread
        if found := re.fullmatch(r"\(\s*(\D?\s*[\d.,]*\d)\s*\)", text):
            text, negative = f"-{found[1]}", negative + 1  # as in accounts
        if _ERRORS.fullmatch(text):
            errors += 1
        elif text.lower() in MISSING:
            continue
        elif found := _NUMBER.fullmatch(_without_spaces(text)):
            number = _plain(found["number"], decimal)
            if number is None:
                wrong.append(text)
            elif found["limit"]:
                limits += 1
            else:
                values[i] = number
                units.add((found["money"] or found["unit"] or "").strip())
        else:
            wrong.append(text)
    if wrong or not np.isfinite(values).any() or len(units) > 1:
        return None, [], ""
    unit = next(iter(units))
    notes = [f"The unit {unit!r} in {name!r} was left out."] if unit else []
    if errors:
        notes.append(f"Errors of a spreadsheet in {name!r} were read as missing: {errors}.")
    if spreads:
        notes.append(f"What is behind \u00b1 in {name!r} was left out: {spreads} times.")
    if negative:
        notes.append(f"Numbers in parentheses in {name!r} were read as negative: {negative}.")
    if limits:
        notes.append(
            f"Values of {name!r} that only say less or more than a number were read as missing: "
            f"{limits}."
        )
    return values, notes, unit


def _without_spread(text: str) -> tuple[str, bool]:
    """Drops an error behind the number, as in `2.5 \u00b1 0.1 kg`."""
    found = re.fullmatch(
        r"(.*\d)\s*(?:\u00b1|\+/-|\+-)\s*[\d.,]+(?:[eE][+-]?\d+)?(\s*[^\d\s].*)?", text
    )
    return (found[1] + (found[2] or ""), True) if found else (text, False)


def _without_spaces(text: str) -> str:
    """Drops white space and apostrophes that group digits."""
    return re.sub(rf"(?<=\d)[{_SPACES}](?=\d{{3}}(?!\d))", "", text)


def _plain(text: str, decimal: str) -> float | None:
    group = "." if decimal == "," else ","
    whole = text.lstrip("+-").split(decimal)[0]
    if group in text and not re.fullmatch(rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+", whole):
        return None
    try:
        return float(text.replace(group, "").replace(decimal, "."))
    except ValueError:
        return None
