"""Formulas of physics from tables: found exactly, with and without noise, and how fast.

    python tests/benchmarks/run.py formulas                     3 trials each, noise 0 and 1e-3
    python tests/benchmarks/formulas.py --trials 10 --noise 0 1e-3 1e-2

The fifteen are chosen by hand from the hundred Feynman equations of Udrescu & Tegmark
(Science Advances 6, 2020): ten products of powers and five with sums, all of them within the
family that `discover` searches, sums and products with fixed exponents. They are no
sample of the hundred: equations with exponentials, logarithms, sines or deeper nesting lie
outside the family and would not be found.

The rules are those of SRBench (La Cava et al., 2021): inputs drawn from U[1, 5], 75 % of the
rows to learn from, noise of that share of the targets' root mean square added to those,
scores on the clean others. `exact`: equal to the truth, after simplification, up to an
additive or multiplicative constant. Beside it, least squares on logarithms, which solves
every pure product by itself.
"""

import argparse
import concurrent.futures
import multiprocessing
import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

NAME = "formulas"
TITLE = "Formulas of physics: trials found exactly, of a sum-and-product stack found from a table"

ROWS = 2000
FORMULAS = {
    "I.12.1": "mu*Nn",
    "I.14.4": "k*x**2/2",
    "I.25.13": "q/C",
    "I.34.8": "q*v*B/p",
    "I.43.31": "mob*kb*T",
    "I.47.23": "sqrt(gamma*pr/rho)",
    "II.3.24": "Pwr/(4*pi*r**2)",
    "II.27.16": "epsilon*c*Ef**2",
    "II.38.3": "Y*A*x/d",
    "III.15.27": "2*pi*alpha/(n*d)",
    "I.11.19": "x1*y1 + x2*y2 + x3*y3",
    "I.13.4": "m*(v**2 + u**2 + w**2)/2",
    "I.18.4": "(m1*r1 + m2*r2)/(m1 + m2)",
    "II.2.42": "kappa*(T2 - T1)*A/d",
    "I.34.1": "omega0/(1 - v/c)",
}
RANGES = {"I.34.1": {"c": (3, 10), "v": (1, 2), "omega0": (1, 5)}}


def run(trials=3, noises=(0.0, 1e-3), names=tuple(FORMULAS), workers=None, rows=ROWS):
    """A row for each formula and noise: trials found exactly, R^2, seconds."""
    jobs = [(name, noise, t, rows) for noise in noises for name in names for t in range(trials)]
    context = multiprocessing.get_context("spawn")
    workers = workers or os.cpu_count() or 1
    with concurrent.futures.ProcessPoolExecutor(workers, context, _one_thread) as pool:
        done = list(_with_bar(pool.map(_trial, jobs), len(jobs)))
    table = []
    for noise in noises:
        for name in names:
            mine = [d for d in done if d["formula"] == name and d["noise"] == noise]
            table.append(
                {
                    "formula": name,
                    "noise": noise,
                    "exact": sum(d["exact"] for d in mine),
                    "of": len(mine),
                    "claimed falsely": sum(d["claimed"] and not d["exact"] for d in mine),
                    "R2, lowest": min(d["r2"] for d in mine),
                    "seconds, median": statistics.median(d["seconds"] for d in mine),
                    "seconds, worst": max(d["seconds"] for d in mine),
                    "logs exact": sum(d["logs"] for d in mine),
                    "found": mine[0]["text"],
                }
            )
    return table


def _one_thread():
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"


def _with_bar(results, count):
    from rich.progress import track

    return track(results, "formulas", total=count)


def _trial(job):
    """One search, and what came of it."""
    import sympy

    from keras_addmul.discover import discover

    name, noise, trial, rows = job
    truth = sympy.sympify(FORMULAS[name], locals={n: sympy.Symbol(n) for n in _names(name)})
    symbols = sorted(truth.free_symbols, key=str)
    names = [str(symbol) for symbol in symbols]
    random = np.random.default_rng(1000 + trial)
    ranges = RANGES.get(name, {})
    x = np.stack([random.uniform(*ranges.get(n, (1, 5)), rows) for n in names], axis=1)
    clean = sympy.lambdify(symbols, truth, "numpy")(*x.T)
    learn = rows * 3 // 4
    y = clean[:learn] + noise * np.sqrt(np.mean(clean**2)) * random.normal(size=learn)
    begun = time.perf_counter()
    found = discover(x[:learn], y, names=names, target="y", seed=trial, baselines=False, verbose=0)
    seconds = time.perf_counter() - begun
    told, asked = found.formula(x[learn:]), clean[learn:]
    return {
        "formula": name,
        "noise": noise,
        "exact": same(found.formula.expression, truth),
        "claimed": found.formula.exact,
        "r2": 1 - np.sum((told - asked) ** 2) / np.sum((asked - asked.mean()) ** 2),
        "seconds": seconds,
        "logs": _logs_solve(x[:learn], y, symbols, truth),
        "text": found.formula.text,
    }


def _names(name):
    import re

    return set(re.findall(r"[A-Za-z_]\w*", FORMULAS[name])) - {"pi", "sqrt"}


def same(told, truth):
    """Whether two expressions differ by no more than a constant, added or multiplied."""
    import sympy

    positive = {s: sympy.Symbol(s.name, positive=True) for s in truth.free_symbols}
    told, truth = told.xreplace(positive), truth.xreplace(positive)
    for difference in (told / truth, told - truth):
        simple = sympy.simplify(difference)
        if not simple.free_symbols:
            return True
    return False


def _logs_solve(x, y, symbols, truth):
    """Whether least squares on logarithms, exponents rounded to quarters, finds the truth."""
    import sympy

    if not (y > 0).all():
        return False
    columns = np.concatenate([np.log(x), np.ones((len(x), 1))], axis=1)
    exponents = np.linalg.lstsq(columns, np.log(y), rcond=None)[0][:-1]
    rounded = [sympy.Rational(round(4 * e), 4) for e in exponents]
    return same(sympy.Mul(*(s**e for s, e in zip(symbols, rounded, strict=True))), truth)


def main():
    from tests.benchmarks.run import save, show

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 1e-3, 1e-2])
    parser.add_argument("--names", nargs="+", default=list(FORMULAS), choices=list(FORMULAS))
    options = parser.parse_args()
    rows = run(options.trials, options.noise, options.names)
    show(TITLE, rows)
    print("written to", save("formulas", rows))


if __name__ == "__main__":
    sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parents[2]))
    main()
