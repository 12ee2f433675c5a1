"""Writes `special/_sums_tables.py`, the short sums of `special/separable.py`.

    python -m keras_addmul.special._precompute.write_sums [--search]

prints the error of every sum. With `--search` it first looks for better poles and shares than
those of `PLANS`, for some minutes, and prints them; it writes nothing then.
"""

import argparse
import pathlib

from keras_addmul.special._precompute import fit_sums

TARGET = pathlib.Path(__file__).parents[1] / "_sums_tables.py"

# Number of matrix products, two of them with x and log(x): the poles and shares that
# `--search` found, rounded; the degree of the polynomials; how fast the demand on the error fades.
PLANS = {
    4: {
        "poles": (0.897, 10.3491),
        "x": ((4, 0.64), (8, 0.36)),
        "log": ((32, 0.17), (8, 0.83)),
        "degree": 8,
        "fade": 4.0,
    },
    6: {
        "poles": (0.1891, 0.5555, 2.8878, 27.6878),
        "x": ((5, 0.62), (12, 0.38)),
        "log": ((29, 1.0),),
        "degree": 10,
        "fade": 5.0,
    },
    8: {
        "poles": (0.0464, 0.0864, 0.4075, 1.7492, 9.1059, 77.9297),
        "x": ((4, 0.19), (8, 0.42), (16, 0.39)),
        "log": ((16, 0.08), (64, 0.92)),
        "degree": 15,
        "fade": 2.5,
    },
}

HEADER = '''"""Short sums for iterates of every order. Written by `_precompute/write_sums.py`."""

from typing import Any

# fmt: off

# The polynomials are in the square root of 1 - n + CROWDING, mapped to [-1, 1].
'''

COMMENT = """
# By the number of matrix products. `x`, `log`: powers of 1 - n and of n, and their shares.
# `orders`: coefficients of the polynomials, from the lowest, of the constant and of each mixture
# of poles. `poles`, `mixture`, `offsets`: the functions of x.
SUMS: dict[int, dict[str, Any]] = {
"""

RANGES = ((1e-1, 1e1), (1e-2, 1e2), (1e-3, 1e3))


def tables():
    """The fitted tables, by the number of products."""
    return {products: fit_sums.fit(plan) for products, plan in PLANS.items()}


def module(found):
    """The text of the module that holds the tables."""
    names = ("CROWDING", "PLACE_SCALE", "PLACE_OFFSET")
    head = HEADER + "\n".join(f"{name} = {getattr(fit_sums, name)!r}" for name in names)
    return head + "\n" + COMMENT + "".join(_entry(*item) for item in found.items()) + "}\n"


def _entry(products, table):
    lines = [f"    {products}: {{"]
    for key, entry in table.items():
        if key in ("orders", "mixture"):
            lines += [f'        "{key}": (', *_rows(entry), "        ),"]
        else:
            lines += [f'        "{key}": (', *_numbers(entry, 12), "        ),"]
    return "\n".join([*lines, "    },"]) + "\n"


def _rows(rows):
    for row in rows:
        yield from ("            (", *_numbers(row, 16), "            ),")


def _numbers(row, indent):
    for k in range(0, len(row), 4):
        yield " " * indent + " ".join(f"{number!r}," for number in row[k : k + 4])


def main():
    parser = argparse.ArgumentParser(description="Writes special/_sums_tables.py.")
    parser.add_argument("--search", action="store_true", help="only look for better plans")
    if parser.parse_args().search:
        for products, plan in PLANS.items():
            print(products, fit_sums.search(plan))
        return
    found = tables()
    for products, table in found.items():
        errors = [f"{fit_sums.error_of(table, *ends):.1e}" for ends in RANGES]
        print(f"{products} products: error", *errors)
    TARGET.write_text(module(found))


if __name__ == "__main__":
    main()
