"""Checks the dimensions of a formula, if every column has a unit."""

import functools
import importlib.util
from collections.abc import Mapping
from typing import Any

from keras_addmul.discover.forms.unit_names import unit_of
from keras_addmul.discover.formula import Formula

__all__ = ["dimensions"]


def dimensions(formula: Formula, units: Mapping[str, str]) -> str:
    """Returns a sentence on the dimensions of a formula; empty if not every column has a unit.

    It needs the library pint. Each number of a formula that is fitted may have a unit; the
    sentence names those that must.

    Args:
        formula: The `Formula`.
        units: Units of columns by name; of others, the unit in the name is taken.

    Example:

    >>> import sympy
    >>> from keras_addmul.discover import Formula
    >>> from keras_addmul.discover.dimension_check import dimensions
    >>> m, v = sympy.symbols("m v")
    >>> energy = Formula(m * v**2 / 2, ("m", "v"), "E", "one product", 0.0, 1.0, True, 9.0)
    >>> dimensions(energy, {"m": "kg", "v": "m/s", "E": "J"})
    'The dimensions agree: every number of the formula is a pure number.'
    """
    symbols = sorted(symbol.name for symbol in formula.expression.free_symbols)
    written = {name: units.get(name) or unit_of(name) for name in (*symbols, formula.target)}
    if not symbols or not all(written.values()) or importlib.util.find_spec("pint") is None:
        return ""
    try:
        known = {name: _registry().parse_units(_plain(unit)) for name, unit in written.items()}
        needed = _needed(formula.shown, known, known[formula.target])
    except Exception:  # a unit that pint does not know, or a power that is no number
        return ""
    # A number that is no measurement has no unit.
    wrong = [f"{number} would have to be in {unit:~C}" for number, unit, free in needed if not free]
    if wrong:
        return f"The dimensions do not agree: {' and '.join(wrong)}."
    if not needed:
        return "The dimensions agree: every number of the formula is a pure number."
    told = [f"{number} is in {unit:~C}" for number, unit, _ in needed]
    return f"The dimensions agree if {' and '.join(told)}."


@functools.cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry()


def _plain(unit: str) -> str:
    for mark, plain in (("\u00b0C", "degC"), ("\u00b7", "*"), ("\u00b2", "**2"), ("\u00b3", "**3")):
        unit = unit.replace(mark, plain)
    return unit


# The numbers that must have a unit: as text, the unit, and whether the number is a fitted one.
Needed = list[tuple[str, Any, bool]]


def _needed(e: Any, units: Mapping[str, Any], goal: Any) -> Needed:
    """Returns the numbers of an expression that must have a unit for it to have the unit `goal`."""
    found: Needed = []
    for term in e.as_ordered_terms():
        number, rest = term.as_independent(*e.free_symbols, as_Add=False)
        missing = goal / _unit(rest, units, found)
        if not missing.dimensionless:
            said = f"{float(number):.6g}" if number.is_Float else str(number)
            found.append((said, missing, _fitted(number)))
    return found


def _fitted(number: Any) -> bool:
    import sympy

    return bool(number.atoms(sympy.Float))


def _unit(e: Any, units: Mapping[str, Any], found: Needed) -> Any:
    """Returns the unit of an expression without a number in front."""
    if e.is_Symbol:
        return units[e.name]
    if e.is_number:
        return _registry().dimensionless
    if e.is_Mul:
        unit = _registry().dimensionless
        for factor in e.args:
            unit = unit * _unit(factor, units, found)
        return unit
    if e.is_Pow:
        return _unit(e.base, units, found) ** float(e.exp)
    if e.is_Add:
        # The first term whose number is 1, or else the first, sets the unit of the sum.
        split = [t.as_independent(*e.free_symbols, as_Add=False) for t in e.as_ordered_terms()]
        split.sort(key=lambda pair: pair[0] != 1)
        goal = _unit(split[0][1], units, found)
        found += _needed(e, units, goal)
        return goal
    if type(e).__name__ == "Abs":
        return _unit(e.args[0], units, found)
    found += _needed(e.args[0], units, _registry().dimensionless)
    return _registry().dimensionless
