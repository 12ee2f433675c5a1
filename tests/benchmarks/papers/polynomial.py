"""A polynomial of degree 4 in two inputs, learned around a disc and judged inside it.

    python -m tests.benchmarks.papers.polynomial [--only TEXT] [--seeds N] [--steps N] [--slow]
                                                 [--anew]

The experiment of arXiv:1604.03736 on data that need products. A seed draws the polynomial, 600
training points outside a disc of radius 1/2, 600 test points outside it and 600 inside, and the
initial weights. Every model has one hidden layer, and about as many weights as the others. Each
gets the learning rate that suits it, chosen on polynomials that are used for nothing else. Errors
are root mean squares, relative to the spread of the polynomial. Rows are kept in
`results/papers_polynomial.json`, and a run that was stopped goes on there.
"""

import os

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from tests.benchmarks.papers.arms import ARMS
from tests.benchmarks.papers.many_starts import Plan, train
from tests.benchmarks.papers.tables import Kept, asked, parameters, show_verdicts

NAME = "papers_polynomial"
ROWS, WEIGHTS, SEEDS = 600, 145, 12
PLAN = Plan(steps=8000, batch=100)
DEGREE, RADIUS = 4, 0.5
POWERS = [(i, j) for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
# The square, and the middle of the disc.
TASKS = {"positive inputs": (0.0, 2.0, 1.0), "inputs of either sign": (-1.5, 1.5, 0.5)}


def polynomial(seed, x):
    """A random polynomial of all fifteen terms, at points of shape `(rows, 2)`."""
    coefficients = np.random.default_rng([seed, 0]).normal(size=(len(POWERS), 1))
    return np.prod(x[:, None, :] ** np.array(POWERS), axis=2) @ coefficients


def points(rng, square, inside, rows=ROWS):
    """Points of the square, inside the disc or outside it."""
    low, high, middle = square
    x = rng.uniform(low, high, (40 * rows, 2))
    near = np.sum((x - middle) ** 2, axis=1) < RADIUS**2
    return x[near == inside][:rows]


def rows(task, seed):
    """Inputs and targets of training, of the test outside the disc, and of that inside it."""
    rng = np.random.default_rng([seed, 1])
    parts = [points(rng, TASKS[task], inside) for inside in (False, False, True)]
    targets = [polynomial(seed, x) for x in parts]
    mean, spread = targets[0].mean(), targets[0].std()
    scaled = [(y - mean) / spread for y in targets]
    return tuple(v.astype("float32") for pair in zip(parts, scaled, strict=True) for v in pair)


def measured(task, arm, seeds=SEEDS, plan=PLAN, weights=WEIGHTS):
    """The row of one model."""
    units = arm.units(weights, 2, 1)
    found = train(lambda: arm.build(units, 2, 1), lambda seed: rows(task, seed)[:4], seeds, plan)
    errors = {"outside": [], "inside": []}
    for seed in range(seeds):
        known = rows(task, seed)
        for where, (x, y) in {"outside": known[2:4], "inside": known[4:]}.items():
            errors[where].append(float(np.sqrt(np.mean((found.answers(seed, x) - y) ** 2))))
    return {
        "task": task,
        "model": arm.name,
        "units": units,
        "parameters": parameters(found.model),
        "rate": found.rate,
        **errors,
        "seconds_a_start": round(found.seconds, 2),
    }


def main(arguments=None):
    options = asked(__doc__, SEEDS, PLAN.steps, arguments)
    kept = Kept(NAME, options)
    for task in TASKS:
        for arm in ARMS:
            kept.measure(task, arm, measured, PLAN)
        for where in ("outside", "inside"):
            show_verdicts(f"error {where} the disc, {task}", kept.of(task), where)


if __name__ == "__main__":
    main()
