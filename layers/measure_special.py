"""Measures the complex iterates against their definition: `python layers/measure_special.py`.

Schroeder's values come from the limit that defines them, in seventy digits; for Kneser's, the
error is that of `exp_iterate` on positive numbers and of the pair in succession elsewhere.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))

from keras_addmul import special
from tests.special import plane

ORDERS = (-0.5, 0.5, 0.875)
DTYPES = ("complex64", "complex128")


def regions():
    """Points by the name of their region, as complex64."""
    rng = np.random.default_rng(0)
    turn = np.exp(1j * rng.uniform(-3, 3, 120))
    found = {
        "abs(Re), abs(Im) < 3": rng.uniform(-3, 3, 120) + 1j * rng.uniform(-3, 3, 120),
        "abs(z) from 1e-2 to 1e4": 10 ** rng.uniform(-2, 4, 120) * turn,
        "1e-6 to 1e-2 from 0, 1 and e": rng.choice([0, 1, np.e], 120)
        + 10 ** rng.uniform(-6, -2, 120) * turn,
    }
    return {name: z.astype("complex64").astype("complex128") for name, z in found.items()}


def error(got, want):
    """The 99 percent quantile of the relative error, as text."""
    known = np.isfinite(want) & (np.abs(want) < 1e30)
    found = np.abs(np.asarray(got)[known] - want[known]) / (1 + np.abs(want[known]))
    return f"{np.quantile(found, 0.99):.0e}"


def main():
    """Prints the table."""
    print("| solution, region | order | float32 | float64 |\n|---|---|---|---|")
    for name, z in regions().items():
        for n in ORDERS:
            want = np.array([limit(v, n) for v in z.tolist()])
            found = [
                error(special.complex_exp_iterate(z.astype(d), np.full(z.shape, n, d)), want)
                for d in DTYPES
            ]
            print(f"| Schroeder, {name} | {n:g} |", " | ".join(found), "|")
    for name, z in regions().items():
        found = [
            error(special.complex_superexp(special.complex_superlog(z.astype(d))), z)
            for d in DTYPES
        ]
        print(f"| Kneser, {name} | there and back |", " | ".join(found), "|")


def limit(z, n):
    """The iterate; inf where it overflows."""
    y = plane.iterate(z, n)
    return complex(y) if abs(y) < 1e300 else np.inf


if __name__ == "__main__":
    main()
