"""Tells the unit in the name of a column, and writes units as units."""

import re

__all__ = ["parts_of", "unit_in_latex", "unit_in_text", "unit_of"]

_BRACKETS = re.compile(r"(.*\S)\s*\[\s*([^\[\]]+?)\s*\]")
_PARENTHESES = re.compile(r"(.*\S)\s+\(\s*([A-Za-z\u00b0\u00b5\u03bc\u03a9%][^()]{0,20}?)\s*\)")
_BEHIND = re.compile(r"(.*?\S)(?:\s*/\s*|_)([A-Za-z\u00b0\u00b5\u03bc\u03a9%][^\s_]*)")
_POWER = re.compile(r"(?:\*\*|\^)\s*[({]?\s*([+-]?\d+(?:\.\d+)?)\s*[)}]?")
_RAISED = str.maketrans(
    "0123456789+-.",
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u22c5",
)
_LATEX = {
    "\u00b0": r"^{\circ}", "\u00b5": r"\mu ", "\u03bc": r"\mu ", "\u03a9": r"\Omega ",
    "\u00b7": r"\cdot ", "*": r"\cdot ", "%": r"\%", " ": r"\,", "_": r"\_", "#": r"\#",
    "&": r"\&", "$": r"\$", "\\": r"\backslash ", "{": r"\{", "}": r"\}", "~": r"\sim ",
    "\u00b2": "^{2}", "\u00b3": "^{3}", "^": r"\wedge ",
}  # fmt: skip


def parts_of(name: str) -> tuple[str, str]:
    """Returns the quantity in the name of a column, and its unit in brackets or an empty text.

    Example:

    >>> from keras_addmul.discover.forms.unit_names import parts_of
    >>> parts_of("speed [m/s]"), parts_of("mass (kg)"), parts_of("f(x)")
    (('speed', 'm/s'), ('mass', 'kg'), ('f(x)', ''))
    """
    found = _BRACKETS.fullmatch(name) or _PARENTHESES.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")


def unit_of(name: str) -> str:
    """Returns what may be the unit in a name: in brackets, or behind `/` or `_`.

    Example:

    >>> from keras_addmul.discover.forms.unit_names import unit_of
    >>> [unit_of(name) for name in ("speed [m/s]", "T/K", "axis_km", "axis")]
    ['m/s', 'K', 'km', '']
    """
    unit = parts_of(name)[1]
    if unit:
        return unit
    found = _BEHIND.fullmatch(name)
    return found[2] if found else ""


def unit_in_text(unit: str) -> str:
    """Returns a unit with raised exponents, and a dot for products.

    Example:

    >>> from keras_addmul.discover.forms.unit_names import unit_in_text
    >>> unit_in_text("kg*m^-2")
    'kg\u00b7m\u207b\u00b2'
    """
    raised = _POWER.sub(lambda power: power[1].translate(_RAISED), unit)
    return raised.replace("*", "\u00b7")


def unit_in_latex(unit: str) -> str:
    r"""Returns a unit as LaTeX source, upright.

    Example:

    >>> from keras_addmul.discover.forms.unit_names import unit_in_latex
    >>> print(unit_in_latex("m/s^2"))
    \mathrm{m/s^{2}}
    """
    parts, end = [], 0
    for power in _POWER.finditer(unit):
        parts += [_escaped(unit[end : power.start()]), f"^{{{power[1]}}}"]
        end = power.end()
    return rf"\mathrm{{{''.join([*parts, _escaped(unit[end:])])}}}"


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(c, c) for c in text)
