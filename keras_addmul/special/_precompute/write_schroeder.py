"""Writes `special/_schroeder_tables.py` from the definition of the Schroeder function.

python -m keras_addmul.special._precompute.write_schroeder
"""

import pathlib

import mpmath as mp

from keras_addmul.special._precompute.derive_schroeder import Schroeder

__all__ = ["text"]

TARGET = pathlib.Path(__file__).parents[1] / "_schroeder_tables.py"

# dtype: logarithms of w and of w / L, terms of chi; exponentials, terms of its inverse
PLANS = {"float32": (5, 6, 11, 12, 14), "float64": (5, 6, 21, 12, 22)}
BRANCH = -1.0

HEADER = '''"""Series of the Schroeder function. Written by `_precompute/write_schroeder.py`."""

from typing import Any

# fmt: off

# The fixed point L of exp in the upper half plane.
FIXED_POINT = {limit!r}

# Logarithms have imaginary parts in [BRANCH, BRANCH + 2 pi).
BRANCH = {branch!r}

# `plain`, `near`: how many logarithms of w, and then of w / L, bring every number close to L.
# `chi`: coefficients of the Schroeder function there. `exps`: as many exponentials lead back from
# where `inverse`, the coefficients of its inverse, is summed. Both series begin with power 1.
SCHROEDER: dict[str, dict[str, Any]] = {{
'''


def text() -> str:
    """The text of the module that holds the tables."""
    with mp.workdps(45):
        found = Schroeder(40)
        limit = complex(found.limit)
        series = {"chi": found.a[1:], "inverse": found.b[1:]}
        lines = [HEADER.format(limit=limit, branch=BRANCH)]
        for dtype, (plain, near, terms, exps, inverse_terms) in PLANS.items():
            lines.append(f'    "{dtype}": {{\n        "plain": {plain},\n        "near": {near},\n')
            lines.append(f'        "exps": {exps},\n')
            for name, number in (("chi", terms), ("inverse", inverse_terms)):
                lines.append(f'        "{name}": (\n')
                lines += [f"            {complex(c)!r},\n" for c in series[name][:number]]
                lines.append("        ),\n")
            lines.append("    },\n")
    return "".join(lines) + "}\n"


if __name__ == "__main__":
    TARGET.write_text(text())
