"""Writes a formula for a cell of a spreadsheet."""

from collections.abc import Sequence
from typing import Any

__all__ = ["cell_formula", "column_letter"]

_FUNCTIONS = {"exp": "EXP", "log": "LN", "Abs": "ABS", "sin": "SIN", "cos": "COS", "sign": "SIGN"}
_CONSTANTS = {"pi": "PI()", "E": "EXP(1)"}


def cell_formula(expression: Any, names: Sequence[str], row: int = 2) -> str | None:
    """Returns what to type into a cell of Excel or LibreOffice, with the columns from A on.

    It is in English notation, with a point before decimals.

    Args:
        expression: The `sympy.Expr`, in symbols named after the columns.
        names: Names of the columns: the first is in column A, and so on.
        row: Row of the values.

    Returns:
        The text, or None if the expression holds a function that spreadsheets lack.

    Example:

    >>> import sympy
    >>> from keras_addmul.discover.forms.spreadsheet import cell_formula
    >>> m, v = sympy.symbols("m v")
    >>> cell_formula(m * v**2 / 2 - sympy.sqrt(m), ["m", "v"])
    '=(-1)*SQRT(A2)+(1/2)*A2*(B2^2)'
    """
    cells = {name: f"{column_letter(place)}{row}" for place, name in enumerate(names)}
    try:
        return "=" + _written(expression, cells)
    except KeyError:
        return None


def column_letter(place: int) -> str:
    """Returns the letters of a column, of which A is number 0.

    Example:

    >>> from keras_addmul.discover.forms.spreadsheet import column_letter
    >>> [column_letter(place) for place in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    rest, last = divmod(place, 26)
    return (column_letter(rest - 1) if rest else "") + chr(ord("A") + last)


def _written(e: Any, cells: dict[str, str]) -> str:
    if e.is_Symbol:
        return cells[e.name]
    if e.is_Add:
        return "+".join(_written(term, cells) for term in e.args)
    if e.is_Mul:
        below = [f for f in e.args if f.is_Pow and f.exp.is_Rational and f.exp < 0]
        above = [_inside(f, cells) for f in e.args if f not in below]
        return "/".join(["*".join(above) or "1", *(_inside(1 / f, cells) for f in below)])
    if e.is_Pow:
        if _is_root(e):
            return f"SQRT({_written(e.base, cells)})"
        return f"{_inside(e.base, cells)}^{_inside(e.exp, cells)}"
    if e.is_Rational and not e.is_Integer:
        return f"{e.p}/{e.q}"
    if e.is_Number:
        # A spreadsheet keeps 15 digits of what is typed.
        return str(e) if e.is_Integer else f"{float(e):.15g}".replace("e", "E")
    if str(e) in _CONSTANTS:
        return _CONSTANTS[str(e)]
    arguments = ",".join(_written(a, cells) for a in e.args)
    return f"{_FUNCTIONS[type(e).__name__]}({arguments})"


def _inside(e: Any, cells: dict[str, str]) -> str:
    """Writes a factor, a base or an exponent, in brackets unless it is one thing.

    In a spreadsheet `-2^2` is 4, and `2^3^2` is 64.
    """
    text = _written(e, cells)
    whole = e.is_Symbol or e.is_Function or str(e) in _CONSTANTS or (e.is_Pow and _is_root(e))
    whole = whole or (e.is_Number and not e.is_Rational and e > 0) or (e.is_Integer and e > 0)
    return text if whole else f"({text})"


def _is_root(e: Any) -> bool:
    return bool(e.exp.is_number and float(e.exp) == 0.5)
