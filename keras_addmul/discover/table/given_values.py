"""Checks what was given as a table, and refuses the rest by name."""

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_addmul.discover.table import cleaning, columns

__all__ = ["array_of", "form", "position", "refuse_repeated", "refuse_text"]

# What to do about a column that holds no numbers.
REMEDIES = {
    "text": "or turn it into numbers, with pandas.get_dummies for instance",
    "categories": "or turn it into numbers, with .astype(float) or pandas.get_dummies",
    "dates": "or turn it into numbers, such as the seconds since the first",
    "complex numbers": "or give the real and the imaginary part as two columns",
}


def refuse_text(converted: list[tuple[str, columns.Column | columns.Refusal]], way: str) -> None:
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
    if way.startswith("--"):
        raise ValueError(
            f"Every column must hold real numbers. Received: {held}. Mend it, or leave a column "
            f"that is no target out: {way}"
        )
    remedies = ", ".join(f"{REMEDIES[kind]} ({kind})" for kind in kinds)
    raise ValueError(
        f"Every column must hold real numbers. Received: {held}. "
        f"Leave such a column out ({way}), {remedies}"
    )


def array_of(values: Any) -> np.ndarray:
    """Converts to a NumPy array: masked values become missing, text stays text."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.filled(values.astype("float64"), np.nan)
    array = np.asarray(values)
    if array.dtype.kind in "SU" and not isinstance(values, np.ndarray):
        array = np.asarray(values, dtype=object)  # a list of numbers and text: they keep apart
    return array


def form(array: np.ndarray) -> str:
    """Describes an array by its shape, another object by its type."""
    if array.dtype == object and array.ndim == 0:
        return f"an object of type {type(array.item()).__name__}"
    return f"an array of shape {array.shape}"


def refuse_repeated(names: Sequence[str], message: str) -> None:
    """Raises an error that begins with the message if a name occurs more than once."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{message}. Received: {cleaning.listed(twice)} more than once")


def position(name: str, names: Sequence[str], argument: str) -> int:
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
