"""Power laws with ordinary noise: whether one is found, its intervals, and how close it comes.

    python tests/benchmarks/run.py power_laws                 40 laws
    python tests/benchmarks/power_laws.py --laws 200          all of the table

Each law is one product of one to four columns, drawn at random: exponents between -3 and 3, a
third of them halves, of columns that span one decade; 12 to 1000 rows; noise of 1 to 20 %, half of
it multiplicative (of the clean target), half additive (of its root mean square).

The deviation is the root mean square of formula minus truth on the rows, in units of the noise.
It is compared with the better, in hindsight, of two fits that know the structure: least squares
on logarithms, and non-linear least squares weighted by the true noise. `interval` is the share of
the true exponents that lie in the 95 % intervals of the chosen product.
"""

import argparse
import concurrent.futures
import multiprocessing
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

NAME = "power_laws"
TITLE = "Power laws with noise: found as one product, intervals, deviation from the truth"


def run(laws=40, workers=None, first=0):
    """A row for each kind of noise and number of rows, and one for all."""
    context = multiprocessing.get_context("spawn")
    workers = workers or os.cpu_count() or 1
    with concurrent.futures.ProcessPoolExecutor(workers, context, _one_thread) as pool:
        done = list(_with_bar(pool.map(_trial, range(first, first + laws)), laws))
    groups = {("all", "all"): done}
    for d in done:
        size = "12 to 50" if d["rows"] <= 50 else "51 to 200" if d["rows"] <= 200 else "to 1000"
        groups.setdefault((d["noise"], size), []).append(d)
    return [{"noise": noise, "rows": rows} | _summary(g) for (noise, rows), g in groups.items()]


def _summary(done):
    products = [d for d in done if d["product"]]
    covered = [c for d in products for c in d["covered"]]
    ratio = np.array([d["deviation"] / d["best"] for d in done])
    total = np.array([[d["deviation"] ** 2, d["best"] ** 2] for d in done]).mean(axis=0)
    return {
        "laws": len(done),
        "one product": sum(d["product"] for d in done) / len(done),
        "interval": sum(covered) / max(len(covered), 1),
        "exponents left out": sum(d["missing"] for d in products),
        "deviation, ratio of means": float(np.sqrt(total[0] / total[1])),
        "ratio, median": float(np.median(ratio)),
        "seconds": float(np.median([d["seconds"] for d in done])),
    }


def _one_thread():
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"


def _with_bar(results, count):
    from rich.progress import track

    return track(results, NAME, total=count)


def law(number):
    """Columns, noisy target, truth, standard deviation of the noise, and the exponents."""
    random = np.random.default_rng(7000 + number)
    columns = int(random.integers(1, 5))
    rows = int(np.exp(random.uniform(np.log(12), np.log(1000))))
    exponents = random.uniform(-3, 3, columns)
    simple = random.random(columns) < 1 / 3
    exponents = np.where(simple, np.round(2 * exponents) / 2, exponents)
    exponents = np.where(np.abs(exponents) < 0.3, 0.5, exponents)
    x = 10 ** random.uniform(0, 1, (rows, columns))
    truth = np.exp(random.normal()) * np.prod(x**exponents, axis=1)
    size = np.exp(random.uniform(np.log(0.01), np.log(0.2)))
    multiplicative = number % 2 == 0
    deviation = size * (truth if multiplicative else np.full(rows, np.sqrt(np.mean(truth**2))))
    return x, truth + deviation * random.normal(size=rows), truth, deviation, exponents


def _trial(number):
    from keras_addmul.discover import discover

    x, y, truth, deviation, exponents = law(number)
    names = [f"x{j + 1}" for j in range(x.shape[1])]
    begun = time.perf_counter()
    found = discover(x, y, names=names, target="y", baselines=False, verbose=0)
    seconds = time.perf_counter() - begun
    f = found.formula
    said = {m.name.removeprefix("exponent of "): m for m in f.measured}
    known = [(e, said[n]) for e, n in zip(exponents, names, strict=True) if n in said]
    product = f.structure == "one product"

    def off(told):
        return float(np.sqrt(np.mean(((told - truth) / deviation) ** 2)))

    best = min(off(told) for told in _rivals(x, y, truth, deviation))
    return {
        "number": number,
        "rows": len(y),
        "noise": "multiplicative" if number % 2 == 0 else "additive",
        "product": product,
        "covered": [bool(m.low <= e <= m.high) for e, m in known],
        "missing": len(exponents) - len(known),
        "deviation": off(f(x)),
        "best": best,
        "seconds": seconds,
        "text": f.text,
    }


def _rivals(x, y, truth, deviation):
    """Predictions of least squares on logarithms and of weighted non-linear least squares."""
    from scipy.optimize import least_squares

    logs = np.concatenate([np.log(x), np.ones((len(x), 1))], axis=1)
    good = y > 0
    start = np.linalg.lstsq(logs[good], np.log(y[good]), rcond=None)[0]
    yield np.exp(logs @ start)
    fit = least_squares(lambda p: (np.exp(np.clip(logs @ p, -300, 300)) - y) / deviation, start)
    yield np.exp(logs @ fit.x)


def main():
    from tests.benchmarks.run import save, show

    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--laws", type=int, default=200)
    options = parser.parse_args()
    rows = run(options.laws)
    show(TITLE, rows)
    print("written to", save(NAME, rows))


if __name__ == "__main__":
    sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parents[2]))
    main()
