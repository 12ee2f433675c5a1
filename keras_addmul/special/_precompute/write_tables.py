"""Writes `special/_tables.py` from the series in `tests/data/kneser_series.csv`.

    python -m keras_addmul.special._precompute.write_tables [--derive]

prints the error of every polynomial. With `--derive` it first derives the series from
the definition (a minute), checks it against the 99-digit values in
`tests/data/kneser_base_e.csv`, and writes it down.
"""

import argparse
import csv
import pathlib

import mpmath as mp

from keras_addmul.special._precompute import fit_kneser
from keras_addmul.special._precompute.derive_kneser import DIGITS, Derivation
from keras_addmul.special._precompute.tetration import Tetration

ROOT = pathlib.Path(__file__).parents[3]
TARGET = pathlib.Path(__file__).parents[1] / "_tables.py"
TRUTH = ROOT / "tests" / "data" / "kneser_base_e.csv"
SERIES = ROOT / "tests" / "data" / "kneser_series.csv"

# dtype: levels, top, lowest, huge
REACH = {
    "float32": (1, "88.8", -87.0, 3.4e38),
    "float64": (2, "6.6", -708.0, 1.79e308),
}
# dtype: d, degrees in the order of the list in `fit_kneser.py`
PLANS = {
    "float32": ("4.3", (13, 13, 15, 13, 9, 12, 5)),
    "float64": ("3.9", (32, 21, 36, 18, 23, 15, 15)),
}
KEEP = 3.0

HEADER = '''"""Seams and coefficients of the solutions. Written by `_precompute/write_tables.py`."""

'''

COMMENTS = {
    "LOW": ["Below this, superexp(v) is taken as log(superexp(v + 1))."],
    "REACH": [
        "Of every solution, by dtype. `levels`: how many logarithms bring the largest number below",
        "`top`. `bottom`, `top`: where its superlog is given. `lowest`: below it exp leaves the",
        "normal numbers. `huge`: nearly the largest number, and the bound of slopes.",
    ],
    "LINEAR": [
        "The linear solution. `steps`: how many logarithms bring `top` into [0, 1]. `end`: the",
        "superlog of `top`.",
    ],
    "LOG_SPLIT": ["Kneser's solution: where its pieces meet, and the shift of the square root."],
    "KEEP": [
        "XLA computes a cheap value again for each of its consumers, and keeps one that ends in a",
        "division. The superlog is worth keeping, so it is divided by this number, with which its",
        "coefficients are multiplied.",
    ],
    "KNESER": [
        "Each piece is (scale, offset, coefficients from the lowest). The script says what it",
        "approximates, where, and in which variable.",
    ],
}


def linear_plan(top):
    """How many logarithms bring `top` into [0, 1], and its linear superlog."""
    steps, rest = 0, mp.mpf(top)
    while rest > 1:
        steps, rest = steps + 1, mp.log(rest)
    return {"steps": steps, "end": float(rest + steps)}


def tables(series, measured=True):
    """Returns every table by its name, and the errors of the polynomials by dtype.

    Args:
        series: Chebyshev coefficients as `SERIES` holds them.
        measured: Whether to measure the errors.
    """
    with mp.workdps(DIGITS + 12):
        kneser, errors = {}, {}
        for dtype, (d, degrees) in PLANS.items():
            fitter = fit_kneser.Fitter(Tetration([mp.mpf(c) for c in series]), measured)
            kneser[dtype] = fitter.table(REACH[dtype][1], d, degrees)
            errors[dtype] = fitter.report
        reach = {
            dtype: {
                "levels": levels,
                "bottom": fit_kneser.BOTTOM,
                "top": float(top),
                "lowest": lowest,
                "huge": huge,
            }
            for dtype, (levels, top, lowest, huge) in REACH.items()
        }
        linear = {dtype: linear_plan(top) for dtype, (_, top, _, _) in REACH.items()}
    found = {
        "LOW": fit_kneser.LOW,
        "REACH": reach,
        "LINEAR": linear,
        "LOG_SPLIT": fit_kneser.LOG_SPLIT,
        "LOG_SHIFT": fit_kneser.LOG_SHIFT,
        "EXP_SPLIT": fit_kneser.EXP_SPLIT,
        "KEEP": KEEP,
        "KNESER": kneser,
    }
    return found, errors


def module(found):
    """The text of the module that holds the tables."""
    lines = [HEADER + "from typing import Any", "", "# fmt: off"]
    for name, value in found.items():
        if name in COMMENTS:
            lines += ["", *(f"# {line}" for line in COMMENTS[name])]
        if isinstance(value, dict):
            lines += [f"{name}: dict[str, dict[str, Any]] = {{", *_rows(value), "}"]
        else:
            lines.append(f"{name} = {value!r}")
    return "\n".join(lines) + "\n"


def _rows(table):
    for dtype, row in table.items():
        yield f'    "{dtype}": {{'
        for key, value in row.items():
            if not isinstance(value, tuple):
                yield f'        "{key}": {value!r},'
                continue
            scale, offset, coefficients = value
            yield f'        "{key}": ({scale!r}, {offset!r}, ('
            for k in range(0, len(coefficients), 3):
                yield "            " + " ".join(f"{c!r}," for c in coefficients[k : k + 3])
            yield "        )),"
        yield "    },"


def read_series():
    """The kept series, as text."""
    return [line for line in SERIES.read_text().splitlines() if not line.startswith("#")]


def derive():
    """Derives the series, checks it, and writes it to `SERIES`."""
    solved = Derivation()
    print("residual of each Newton step:", *(mp.nstr(r, 2) for r in solved.residuals))
    tetration = Tetration(solved.series)
    with TRUTH.open() as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    worst = max(
        abs(getattr(tetration, row["fn"])(mp.mpf(row["x"])) / mp.mpf(row["value"]) - 1)
        for row in rows
    )
    print(f"largest relative error at {len(rows)} points of 99 digits:", mp.nstr(worst, 2))
    if worst > mp.mpf(10) ** -29:
        raise SystemExit("the solution disagrees with the reference: nothing was written")
    with SERIES.open("w") as file:
        file.write("# Chebyshev coefficients of Kneser's tetration sexp(t / 2) on [-1, 1],\n")
        file.write("# written by keras_addmul/special/_precompute/write_tables.py\n")
        file.writelines(mp.nstr(c, 33) + "\n" for c in solved.series)


def main():
    parser = argparse.ArgumentParser(description="Writes special/_tables.py.")
    parser.add_argument("--derive", action="store_true", help="derive the series first")
    if parser.parse_args().derive:
        derive()
    found, errors = tables(read_series())
    for dtype, report in errors.items():
        for name, degree, error in report:
            print(f"{dtype} {name:10s} degree {degree:2d}, relative error {mp.nstr(error, 2)}")
    TARGET.write_text(module(found))


if __name__ == "__main__":
    main()
