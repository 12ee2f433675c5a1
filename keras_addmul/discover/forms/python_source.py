"""Writes a formula as Python source that needs NumPy only."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from keras_addmul.discover.forms.column_identifiers import identifiers

__all__ = ["function", "program"]

PROGRAM = '''"""{title}

{text}

Found by keras_addmul.discover. This file needs NumPy only. From Python:

    from formula import formula

From a shell, with a value for each of {order}:

    python formula.py {example}
"""

import sys

{function}


TARGET = {target}
# The lowest and the highest value of each column that the formula was found on.
RANGES = {ranges}


def outside(*values):
    """Names the columns whose values lie outside the range that the formula was found on."""
    return [
        name
        for (name, (low, high)), value in zip(RANGES.items(), values)
        if not (numpy.min(value) >= low and numpy.max(value) <= high)
    ]


if __name__ == "__main__":
    try:
        values = [float(value) for value in sys.argv[1:]]
    except ValueError:
        sys.exit("expected numbers. Received: " + " ".join(sys.argv[1:]))
    if len(values) != len(RANGES):
        sys.exit("expected a value for each of " + ", ".join(RANGES))
    print(TARGET, "=", formula(*values))
    for name in outside(*values):
        print("This extrapolates:", name, "is outside", *RANGES[name])
'''


def function(expression: Any, names: Sequence[str]) -> str:
    """Returns the source of a function `formula` of the columns, with all digits.

    Args:
        expression: The `sympy.Expr`, in symbols named after the columns.
        names: Names of the columns, in the order of the arguments.

    Example:

    >>> import sympy
    >>> from keras_addmul.discover.forms.python_source import function
    >>> mass = sympy.Symbol("mass [kg]")
    >>> print(function(3 * mass**2, ["mass [kg]"]))
    import numpy
    <BLANKLINE>
    <BLANKLINE>
    def formula(mass_kg):
        # mass_kg: mass [kg]
        return 3*mass_kg**2
    """
    import sympy

    plain = identifiers(names)
    symbols = {sympy.Symbol(a): sympy.Symbol(b) for a, b in zip(names, plain, strict=True)}
    body = sympy.printing.numpy.NumPyPrinter().doprint(expression.xreplace(symbols))
    comments = [
        f"    # {new}: {' '.join(name.split())}"
        for new, name in zip(plain, names, strict=True)
        if new != name
    ]
    lines = ["import numpy", "", "", f"def formula({', '.join(plain)}):", *comments]
    return "\n".join([*lines, f"    return {body}"])


def program(
    source: str, title: str, text: str, target: str, domain: Mapping[str, Sequence[float]]
) -> str:
    """Returns the source of a file that computes a formula alone, as a module or as a script.

    Args:
        source: The source of the function, as `function` returns it.
        title: A line for the top of the file, such as the formula.
        text: Sentences on how good the formula is.
        target: Name of the target.
        domain: Lowest and highest value of each column, in the order of the arguments.
    """
    middle = [f"{(low + high) / 2:.4g}" for low, high in domain.values()]
    rows = "".join(
        f"    {json.dumps(name, ensure_ascii=False)}: ({low!r}, {high!r}),\n"
        for name, (low, high) in domain.items()
    )
    return PROGRAM.format(
        title=_quotable(title),
        text=_quotable(text),
        order=_quotable(", ".join(domain)),
        example=" ".join(middle),
        function=source,
        target=json.dumps(target, ensure_ascii=False),
        ranges="{\n" + rows + "}",
    )


def _quotable(text: str) -> str:
    """Returns text that can stand in the middle of a docstring."""
    return text.replace("\\", "\\\\").replace('"', "'")
