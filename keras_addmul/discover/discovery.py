"""Finds the formula that links the columns of a table to a target."""

import dataclasses
import math
import time
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.formula import Formula, expression_of
from keras_addmul.discover.keras_model import network_of
from keras_addmul.discover.scoring.baselines import compare
from keras_addmul.discover.scoring.scores import r2, r2_interval, relative_error
from keras_addmul.discover.search.candidates import SOLVED, Candidate, Scaled, search, weights_of
from keras_addmul.discover.search.constants import constants_of
from keras_addmul.discover.search.relevance import relevant
from keras_addmul.discover.search.snapping import Fit
from keras_addmul.discover.table.reading import Table, read
from keras_addmul.extras import require_extra

__all__ = ["discover"]

# The most columns that the search uses, and the most rows.
_COLUMNS, _ROWS = 10, 20_000
# Largest residual of an exact law, relative to each target: the rounding of the data.
_EXACT = 1e-8


def discover(
    x: Any,
    y: Any = None,
    *,
    names: Sequence[str] | None = None,
    target: str | None = None,
    held_out: float = 0.25,
    time_limit: float = 120.0,
    seed: int = 0,
    baselines: bool = True,
    verbose: int = 1,
) -> Discovery:
    """Finds the formula that links the columns of a table to its target.

    The search trains ever larger stacks of `AddMulDense` at the orders 1 (products),
    0 (sums) and 1 (powers), from many starting points at once. It snaps exponents to
    simple numbers, drops terms that are not needed, and chooses the shortest
    description of the data: the bits of the formula plus those of its residuals.
    It names a constant only if the data is precise enough to identify it.

    Args:
        x: Array of shape `(rows, columns)`, or a pandas DataFrame with named columns.
        y: Targets of shape `(rows,)`, or the name of the target column in the frame.
        names: Names of the columns, if `x` is an array.
        target: Name of the target.
        held_out: Share of the rows, drawn at random, that only the final scores use.
        time_limit: Seconds after which no further training begins.
        seed: Seed of the split, the starting points and the baselines.
        baselines: Whether to fit standard methods for comparison.
        verbose: 1 shows a bar with the time left, 0 nothing. Ctrl-C ends the search,
            or the fitting of the baselines, with the results so far.

    Returns:
        A `Discovery`: the formula, the Pareto front, a Keras model and the scores.

    Raises:
        ImportError: If a library of the extra `discover` is missing.
        ValueError: If the table cannot be read (the message names the column), or an
            argument is out of range.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.discover import discover
    >>> x = np.random.default_rng(0).uniform(1.0, 5.0, (200, 2))
    >>> found = discover(x, 0.5 * x[:, 0] * x[:, 1] ** 2, names=["m", "v"], target="E", verbose=0)
    >>> print(found.formula.text)
    E = m*v**2/2
    """
    require_extra("discover", "sympy", "pandas", "sklearn", "scipy")
    if verbose:
        require_extra("discover", "rich")
    _check(held_out, time_limit)
    table = read(x, y, names=names, target=target)
    begun = time.monotonic()
    shuffled = np.random.default_rng(seed).permutation(len(table.y))
    kept = max(2, math.ceil(held_out * len(shuffled)))
    train, test = np.sort(shuffled[kept:]), np.sort(shuffled[:kept])
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
        baselines=compare(table, train, test, seed) if baselines else [],
        seed=seed,
        seconds=seconds,
    )


def _check(held_out: float, time_limit: float) -> None:
    if not 0 < held_out < 1:
        raise ValueError(f"`held_out` must be a share between 0 and 1. Received: {held_out!r}")
    if not time_limit > 0:
        raise ValueError(
            f"`time_limit` must be a number of seconds above 0. Received: {time_limit!r}"
        )


def _distinct(candidates: list[Candidate], at_most: int = 6) -> list[Candidate]:
    """Returns the shortest descriptions, and each candidate that no simpler one fits better."""
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


def _formula(
    candidate: Candidate, scaled: Scaled, table: Table, columns: np.ndarray, test: np.ndarray
) -> tuple[Formula, Fit]:
    """Returns the `Formula` of a candidate, and its fit on all the rows."""
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


def _in_words(fit: Fit) -> str:
    """Describes the structure of a fit, such as "a sum of 2 products"."""

    def words(terms: int) -> str:
        return "one product" if terms == 1 else f"a sum of {terms} products"

    sums, powers = fit.stack.sums, fit.stack.split(fit.parameters)[2]
    parts = [
        words(terms) if power == 1 else f"the power {power:g} of {words(terms)}"
        for terms, power in zip(sums, powers, strict=True)
    ]
    return " times ".join(parts)


def _simplest(
    made: list[tuple[Formula, Fit]], scaled: Scaled, relative: bool
) -> tuple[Formula, Fit]:
    """Returns the simplest formula that is not clearly worse than the shortest description.

    Clearly worse means by more than three standard errors of the rowwise difference of squared
    residuals, so that a few outliers do not complicate the law. This is the rule of Breiman et
    al., Classification and Regression Trees, 1984, with three errors instead of one, because a
    dozen formulas are compared.
    """
    weights = weights_of(scaled.y, relative)

    def squares(fit: Fit) -> np.ndarray:
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


def _front(formulas: list[Formula]) -> list[Formula]:
    """Returns the formulas that no other beats in complexity and error, the simplest first."""
    front = []
    for f in sorted(formulas, key=lambda f: (f.complexity, f.error)):
        if np.isfinite(f.error) and (not front or f.error < front[-1].error):
            front.append(f)
    return front


class _Bar:
    """Shows a progress bar with the time left, on a terminal or in a notebook."""

    def __init__(self, verbose: int) -> None:
        self._verbose = verbose

    def __enter__(self) -> Self:
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

    def __call__(self, share: float, name: str, best: Candidate | None) -> None:
        if self._verbose:
            known = f"; best so far {best.name}" if best else ""
            self._progress.update(self._task, completed=share, description=f"{name}{known}")

    def __exit__(self, *failure: object) -> None:
        if self._verbose:
            self._progress.stop()
