"""From a table to a formula."""

import dataclasses
import math
import time

import numpy as np

from keras_addmul.discover.formula import Formula, expression_of
from keras_addmul.discover.keras_model import network_of
from keras_addmul.discover.report import baselines as others
from keras_addmul.discover.report.scores import r2, r2_interval, relative_error
from keras_addmul.discover.search.constants import constants_of
from keras_addmul.discover.search.growth import SOLVED, Scaled, search, weights_of
from keras_addmul.discover.search.relevance import relevant
from keras_addmul.discover.table import reading as tables

__all__ = ["Discovery", "discover"]

# Columns that the search takes, rows that constants are refined on.
_COLUMNS, _ROWS = 10, 20_000
# What a law that holds exactly leaves: rounding of the data, relative to each target.
_EXACT = 1e-8


@dataclasses.dataclass(frozen=True)
class Discovery:
    """What was found in a table.

    Attributes:
        table: The `Table` that was read, with notes of what was done to it.
        train, held_out: Indices of its rows.
        formula: The chosen `Formula`.
        front: The Pareto front: formulas that no other beats in both complexity and error.
        model: The chosen formula as a Keras model of our layers, (batch, columns) to (batch, 1).
        r2_interval: 95 % bootstrap interval of the formula's R^2 on the held-out rows.
        baselines: What ordinary methods reach on the same rows.
        seed: Of the split and of the search.
        seconds: How long the search took.
    """

    table: object
    train: np.ndarray
    held_out: np.ndarray
    formula: Formula
    front: list[Formula]
    model: object
    r2_interval: tuple[float, float]
    baselines: list
    seed: int
    seconds: float

    def outside(self, x):
        """Which rows of `x` (rows, columns) lie outside the data, where it extrapolates."""
        low, high = np.asarray(self.table.domain).T
        x = np.asarray(x, float)
        return ((x < low) | (x > high)).any(axis=1)


def discover(
    x,
    y=None,
    *,
    names=None,
    target=None,
    held_out=0.25,
    time_limit=120.0,
    seed=0,
    baselines=True,
    verbose=1,
):
    """Finds the formula that links the columns of a table to its target.

    Stacks of `AddMulDense` at the orders 1 (products), 0 (sums) and 1 (powers), of growing
    size, are trained from many starting points at once. What is found is snapped to
    simple exponents, terms that are not needed are dropped, and the shortest
    description of the data is chosen (formula and residual, in bits). Constants are
    named only where the data is precise enough to tell.

    Args:
        x: Array (rows, columns), or a pandas DataFrame with named columns.
        y: Targets (rows,), or the name of the target's column in the frame.
        names: Names of the columns of an array.
        target: Name of the target.
        held_out: Share of the rows that are kept for the final scores.
        time_limit: Seconds after which nothing more is trained, but for the step at hand.
        seed: Of the split, the starting points and the baselines.
        baselines: Whether to fit ordinary methods beside it.
        verbose: 1 shows a bar with the time left, 0 nothing. Ctrl-C ends the search
            with what it has.

    Returns:
        A `Discovery`: the formula, the Pareto front, a Keras model, scores.

    Raises:
        ValueError: Where the table cannot be read, with the column's name, or an
            argument is out of range.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.discover import discover
    >>> x = np.random.default_rng(0).uniform(1.0, 5.0, (200, 2))
    >>> found = discover(x, 0.5 * x[:, 0] * x[:, 1] ** 2, names=["m", "v"], target="E", verbose=0)
    >>> print(found.formula.text)
    E = m*v**2/2
    """
    _check(held_out, time_limit)
    table = tables.read(x, y, names=names, target=target)
    begun = time.monotonic()
    order = np.random.default_rng(seed).permutation(len(table.y))
    kept = max(2, math.ceil(held_out * len(order)))
    train, test = np.sort(order[kept:]), np.sort(order[:kept])
    columns = relevant(table.x[train], table.y[train], _COLUMNS, seed)
    if len(columns) < table.x.shape[1]:
        left = [name for j, name in enumerate(table.names) if j not in columns]
        note = f"The search looked at the {len(columns)} most relevant columns, not at {left}."
        table = dataclasses.replace(table, notes=(*table.notes, note))
    rows = np.random.default_rng(seed).permutation(train)[:_ROWS]
    scaled = Scaled.of(table.x[np.ix_(rows, columns)], table.y[rows])
    with _Bar(verbose) as bar:
        candidates = search(scaled, seed, begun + time_limit, bar)
    made = [_formula(c, scaled, table, columns, test) for c in _distinct(candidates)]
    made = [entry for entry in made if np.isfinite(entry[0].error)] or made[:1]
    formula, fit = _simplest(made, scaled, candidates[0].relative)
    seconds = time.monotonic() - begun
    truth = table.y[test]
    return Discovery(
        table=table,
        train=train,
        held_out=test,
        formula=formula,
        front=_front([f for f, _ in made]),
        model=network_of(fit, scaled, columns, table.x.shape[1]),
        r2_interval=r2_interval(truth, formula(table.x[test]), seed),
        baselines=others.compare(table, train, test, seed) if baselines else [],
        seed=seed,
        seconds=seconds,
    )


def _check(held_out, time_limit):
    if not 0 < held_out < 1:
        raise ValueError(f"`held_out` must be a share between 0 and 1. Received: {held_out!r}")
    if not time_limit > 0:
        raise ValueError(
            f"`time_limit` must be a number of seconds above 0. Received: {time_limit!r}"
        )


def _distinct(candidates, at_most=6):
    """The shortest descriptions, and each that no simpler one fits better."""
    kept, seen, lowest = list(candidates[:at_most]), [], np.inf
    for c in sorted(candidates, key=lambda c: (c.fit.bits, c.fit.cost)):
        if c.relative == candidates[0].relative and c.fit.cost < lowest:
            lowest = c.fit.cost
            kept.append(c)
    for c in sorted(kept, key=lambda c: c.score):
        same = [
            s
            for s in seen
            if s.fit.stack == c.fit.stack and np.allclose(s.fit.parameters, c.fit.parameters)
        ]
        if not same:
            seen.append(c)
    return seen


def _formula(candidate, scaled, table, columns, test):
    """The `Formula` of a candidate, and the fit on all the rows."""
    constants, fit = constants_of(candidate.fit, scaled, candidate.relative)
    names = [table.names[j] for j in columns]
    crossing = scaled.inputs.negative.any(axis=0)
    expression = expression_of(fit.stack, fit.parameters, constants, names, crossing)
    formula = Formula(
        expression=expression,
        names=table.names,
        target=table.target,
        structure=_in_words(fit),
        error=np.nan,
        r2=np.nan,
        exact=False,
        bits=float(candidate.score),
    )
    truth, told = table.y[test], formula(table.x[test])
    size = np.sqrt(np.mean(truth**2))
    near = np.abs(told - truth) <= _EXACT * np.abs(truth) + 0.1 * _EXACT * size
    formula = dataclasses.replace(
        formula,
        error=relative_error(truth, told),
        r2=r2(truth, told),
        exact=bool(fit.settled and near.all()),
    )
    return formula, fit


def _in_words(fit):
    """What a fit is: of a sum, how many products it has."""

    def words(terms):
        return "one product" if terms == 1 else f"a sum of {terms} products"

    sums, powers = fit.stack.sums, fit.stack.split(fit.parameters)[2]
    parts = [
        words(terms) if power == 1 else f"the power {power:g} of {words(terms)}"
        for terms, power in zip(sums, powers, strict=True)
    ]
    return " times ".join(parts)


def _simplest(made, scaled, relative):
    """The simplest that is not clearly worse than the shortest description.

    Clearly is three standard errors of the difference of the squared residuals, row by
    row (the rule of Breiman et al., Classification and Regression Trees, 1984, with three
    for one, as a dozen formulas are compared): a few outliers complicate no law.
    """
    weights = weights_of(scaled.y, relative)

    def squares(fit):
        told = fit.stack.values(fit.parameters[None], scaled.inputs)[0]
        return ((told - scaled.y) * weights) ** 2

    best = squares(made[0][1])
    if best.mean() < SOLVED:
        return made[0]
    for formula, fit in sorted(made, key=lambda entry: entry[1].bits):
        worse = squares(fit) - best
        if worse.mean() <= 3 * worse.std() / np.sqrt(len(worse)):
            return formula, fit
    return made[0]


def _front(formulas):
    """Those that no other beats, the simplest first."""
    front = []
    for f in sorted(formulas, key=lambda f: (f.complexity, f.error)):
        if np.isfinite(f.error) and (not front or f.error < front[-1].error):
            front.append(f)
    return front


class _Bar:
    """A bar with the time left, on a terminal or in a notebook."""

    def __init__(self, verbose):
        self._verbose = verbose

    def __enter__(self):
        if self._verbose:
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("searching"),
                BarColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                transient=True,
            )
            self._task = self._progress.add_task("", total=1.0)
            self._progress.start()
        return self

    def __call__(self, share, name, best):
        if self._verbose:
            known = f"; best so far {best.name}" if best else ""
            self._progress.update(self._task, completed=share, description=f"{name}{known}")

    def __exit__(self, *failure):
        if self._verbose:
            self._progress.stop()
