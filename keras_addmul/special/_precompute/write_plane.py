"""Writes `special/_plane_tables.py` from the series in `tests/data/kneser_series.csv`.

Run `python -m keras_addmul.special._precompute.write_plane`; it takes a few seconds.
"""

import pathlib

import mpmath as mp

from keras_addmul.special._precompute.derive_plane import MIDDLE, WIDTH, Plane
from keras_addmul.special._precompute.write_tables import read_series

__all__ = ["text"]

TARGET = pathlib.Path(__file__).parents[1] / "_plane_tables.py"

# dtype: terms of T, of S, of theta and of its inverse
PLANS = {"float32": (18, 17, 6, 5), "float64": (34, 29, 10, 9)}

HEADER = '''"""Kneser's solution in the plane. Written by `_precompute/write_plane.py`."""

from typing import Any

# fmt: off

# From this height on the superexponential is that of the Schroeder function, and from this one
# of u on the superlogarithm.
EXP_HEIGHT = 0.6
LOG_HEIGHT = 0.3

# The constant term of theta: log(chi(T(v))) / L - v high up.
SHIFT = {shift!r}

# `superexp`: T in powers of v - 1. `superlog`: S in powers of (w - MIDDLE) / WIDTH. `theta` and
# `inverse`: of exp(2 pi i v) and of exp(2 pi i u), from power 1; the script says what they are.
MIDDLE = {middle!r}
WIDTH = {width!r}
PLANE: dict[str, dict[str, Any]] = {{
'''


def text() -> str:
    """The text of the module that holds the tables."""
    with mp.workdps(45):
        plane = Plane([mp.mpf(c) for c in read_series()])
        shift = complex(plane.theta[0])
        lines = [HEADER.format(shift=shift, middle=float(MIDDLE), width=float(WIDTH))]
        for dtype, (exp_terms, log_terms, *terms) in PLANS.items():
            lines.append(f'    "{dtype}": {{\n')
            logs, _ = plane.superlog_series(log_terms - 1)
            rows = {
                "superexp": [float(c) for c in plane.taylor[:exp_terms]],
                "superlog": [float(c) for c in logs],
                "theta": [complex(c) for c in plane.theta[1 : terms[0] + 1]],
                "inverse": [complex(c) for c in plane.inverse[: terms[1]]],
            }
            for name, row in rows.items():
                lines.append(f'        "{name}": (\n')
                lines += [f"            {c!r},\n" for c in row]
                lines.append("        ),\n")
            lines.append("    },\n")
    return "".join(lines) + "}\n"


if __name__ == "__main__":
    TARGET.write_text(text())
