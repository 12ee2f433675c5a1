"""Turns names of columns into identifiers of Python."""

import keyword
import re
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = ["identifiers"]


def identifiers(names: Sequence[str], taken: Iterable[str] = ("numpy", "formula")) -> list[str]:
    """Returns an identifier for each name: the name itself where Python takes it.

    Args:
        names: Names of columns.
        taken: Identifiers that must not be used.

    Returns:
        List of different identifiers, as many as names.

    Example:

    >>> from keras_addmul.discover.forms.column_identifiers import identifiers
    >>> identifiers(["mass [kg]", "T/°C", "lambda", "2nd run", "50 %", "mass_kg"])
    ['mass_kg_', 'T_C', 'lambda_', 'x_2nd_run', 'x_50', 'mass_kg']
    """
    # A name that Python takes as it is keeps its identifier, wherever it stands.
    kept = {name for name in names if _is_free(name, set(taken)) and _plain(name) == name}
    used, found = set(taken) | kept, []
    for position, name in enumerate(names, 1):
        if name in kept:
            kept.discard(name)
            found.append(name)
            continue
        base = _spelled(_plain(name)) or f"column_{position}"
        new = base if _is_free(base, used) else f"{base}_"
        count = 2
        while not _is_free(new, used):
            new, count = f"{base}_{count}", count + 1
        used.add(new)
        found.append(new)
    return found


def _is_free(name: str, used: set[str]) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name not in used


def _plain(name: str) -> str:
    """Returns a name as Python reads it, with compatible letters made one."""
    return unicodedata.normalize("NFKC", name)


def _spelled(name: str) -> str:
    """Returns the letters and digits of a name, joined by underscores."""
    text = re.sub(r"\W+", "_", name).strip("_")
    return f"x_{text}" if text[:1].isdigit() else text
