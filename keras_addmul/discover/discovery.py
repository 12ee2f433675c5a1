"""Finds a formula that links the columns of a table to a target."""

import dataclasses
import functools
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_addmul.discover.entries import Entry, chosen_and_front, cross_validated, entry
from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.interrupts import Interrupts
from keras_addmul.discover.keras_model import network_of
from keras_addmul.discover.progress_bar import Bar
from keras_addmul.discover.remarks import on_columns, on_residuals, on_structures
from keras_addmul.discover.scoring.baselines import Baseline, compare
from keras_addmul.discover.scoring.scores import outlying_rows, r2_interval, robust_r2
from keras_addmul.discover.search.candidates import Progress, search
from keras_addmul.discover.search.choosing import likeliest, without_outliers
from keras_addmul.discover.search.estimating import Estimate, estimate
from keras_addmul.discover.search.relevance import relevant
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.stages import further
from keras_addmul.discover.table.reading import Table, read
from keras_addmul.discover.transformations.known import asked
from keras_addmul.extras import require_extra

__all__ = ["discover"]

# The most columns that the search uses, and the most rows.
_COLUMNS, _ROWS = 10, 20_000
# Fewer rows are cross-validated, in so many folds; very few, each by all the others, since
# chance in the folds would choose the formula.
_FEW, _FOLDS, _EACH = 100, 10, 30
# Bits by which formulas of a second search must be likelier: it had another chance.
_AGAIN = 10.0
# After Ctrl-C, the search gives what it has of so many formulas.
_AT_ONCE = 2


def discover(
    x: Any,
    y: Any = None,
    *,
    names: Sequence[str] | None = None,
    target: str | None = None,
    sigma: Any = None,
    functions: Sequence[str] = (),
    held_out: float = 0.25,
    time_limit: float = 120.0,
    seed: int = 0,
    baselines: bool = True,
    verbose: int = 1,
) -> Discovery:
    """Finds the formula that links the columns of a table to its target.

    The search fits ever larger products of powers of sums of products, from many starting
    points at once, by the Levenberg-Marquardt method: what a stack of our operation computes at
    the fixed orders 1, 0 and 1. No layer is trained by gradient descent: that found no more
    (`tests/benchmarks/free_orders.py`). The search snaps exponents to simple numbers and drops
    terms that are not needed. The formulas found are then estimated under a model of the noise
    (additive, relative, or both; with outliers), and the likeliest is chosen: that of the fewest
    bits for the formula and for the rows. Exponents and constants become simple numbers only if
    the data is precise enough to tell. The result is also built as a Keras model of
    `AddMulDense` layers at the orders 1 (products), 0 (sums) and 1 (powers).

    A share of the rows is held out, and scores the formulas; tables of fewer than 100 rows are
    cross-validated instead. The numbers of the chosen formula are then estimated once more on
    all rows, unless the held-out rows contradict it.

    Args:
        x: Array of shape `(rows, columns)`, a pandas DataFrame with named columns, or a `Table`
            that was read from a file, with its target.
        y: Targets of shape `(rows,)`, or the name of the target column in the frame.
        names: Names of the columns, if `x` is an array.
        target: Name of the target.
        sigma: Standard errors of the targets, up to one factor: an array of shape `(rows,)`,
            or the name of their column, which is then no input.
        functions: What to try beside powers of columns and of their sums: names of functions of
            a column, `exp`, `exp(1/x)`, `log`, `1 - x`, `1 + x`, `abs`, `sin` and `cos`, and
            `power` for fitted powers of a shifted column, `a*(x - b)**c + d`.
        held_out: Share of the rows, drawn at random, that only the final scores use.
        time_limit: Seconds after which no further training begins.
        seed: Seed of the split, the starting points and the baselines.
        baselines: Whether to fit standard methods for comparison.
        verbose: 1 shows a bar with the time left, 2 also a line at each stage, 0 nothing.
            Ctrl-C ends the search, or the fitting of the baselines, with the results so far,
            and the `Discovery` says so.

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
    kinds = asked(functions)
    table = x if isinstance(x, Table) else read(x, y, names=names, target=target, sigma=sigma)
    begun = time.monotonic()
    train, test = _split(len(table), held_out, seed)
    most = min(_COLUMNS, max(len(train) // 2 - 1, 1))
    columns = relevant(table.x[train], table.y[train], most, seed)
    if len(columns) < table.x.shape[1]:
        left = [name for j, name in enumerate(table.names) if j not in columns]
        note = f"The search looked at the {len(columns)} most relevant columns, not at {left}."
        table = dataclasses.replace(table, notes=(*table.notes, note))
    rows = np.random.default_rng(seed).permutation(train)[:_ROWS]
    scaled = Scaled.of(table.x[np.ix_(rows, columns)], table.y[rows], table.eps, _of(table, rows))
    judged = scaled.judged()
    stop = Interrupts()
    with Bar(verbose) as bar:
        deadline = begun + time_limit
        found = [(one, scaled) for one in _searched(scaled, judged, seed, deadline, bar, stop)]
        given = table.x[np.ix_(rows, columns)]
        found += stop.attempt(
            "search", lambda: further(given, scaled, found, kinds, seed, deadline, bar, stop), list
        )
        found = sorted(found, key=lambda pair: pair[0].bits)
    count = len(table) if len(table) <= _EACH else _FOLDS
    folds = np.random.default_rng(seed).permutation(len(table)) % count

    def made(one: Estimate, its: Scaled) -> Entry | None:
        again = estimate(one.fit, its, one.noise) if len(judged) < len(its) else one
        if again is None:
            return None
        # Few rows are predicted by estimates on the others.
        told = cross_validated(again, its, folds[rows]) if len(test) == len(table) else None
        told = told[np.argsort(rows)] if told is not None else None
        return entry(again, its, table, columns, test, told)

    entries: list[Entry] = []
    for one, its in found:
        short = (lambda: None) if entries else functools.partial(made, one, its)
        new = stop.attempt("search", functools.partial(made, one, its), short)
        entries += [new] if new else []
    truth = table.y[test]
    best, front = chosen_and_front(_sensible(entries, truth), truth, scaled)
    final = stop.attempt("search", lambda: _on_all_rows(best, table, columns, test), lambda: best)
    front = [final.formula if f is best.formula else f for f in front]
    notes = [
        *(on_structures(len(columns), len(train)) if not final.formula.exact else ()),
        *on_columns(table.x, table.names, final.formula),
        *(on_residuals(truth, best.told, table.target) if not final.formula.exact else ()),
    ]
    table = dataclasses.replace(table, notes=(*table.notes, *notes))
    seconds = time.monotonic() - begun
    interval = stop.attempt(
        "search", lambda: r2_interval(truth, best.told, seed), lambda: (math.nan, math.nan)
    )
    compared: list[Baseline] = []
    if baselines and not stop.during:
        if verbose > 1:
            print("Comparing: other methods on the same rows.", flush=True)
        compared = compare(table, train, test, seed, lambda: stop.note("comparison"))
    return Discovery(
        table=table,
        train=train,
        held_out=test,
        formula=final.formula,
        front=front,
        network=functools.partial(
            network_of, final.simple.fit, final.scaled, columns, table.x.shape[1]
        ),
        r2_interval=interval,
        baselines=compared,
        seed=seed,
        seconds=seconds,
        told=best.told,
        interrupted=stop.during,
    )


def _searched(
    scaled: Scaled,
    judged: Scaled,
    seed: int,
    deadline: float,
    progress: Progress,
    stop: Interrupts,
) -> list[Estimate]:
    """Returns the formulas of a search, the likeliest first; of two searches beside outliers.

    After Ctrl-C, the best few are left.
    """

    def all_of(rows: Scaled) -> list[Estimate]:
        candidates = search(rows, seed, deadline, progress, lambda: stop.note("search"))
        best = candidates[:_AT_ONCE]
        return stop.attempt(
            "search", lambda: likeliest(candidates, judged), lambda: likeliest(best, judged)
        )

    found = all_of(scaled)
    inside = without_outliers(found, judged)
    if inside is not None and not stop.during and time.monotonic() < deadline:
        again = stop.attempt("search", lambda: all_of(inside), list)
        found += [dataclasses.replace(one, bits=one.bits + _AGAIN) for one in again]
    if stop.during:
        return found[:_AT_ONCE]
    return sorted(found, key=lambda one: one.bits)


def _check(held_out: float, time_limit: float) -> None:
    if not 0 < held_out < 1:
        raise ValueError(f"`held_out` must be a share between 0 and 1. Received: {held_out!r}")
    if not time_limit > 0:
        raise ValueError(
            f"`time_limit` must be a number of seconds above 0. Received: {time_limit!r}"
        )


def _of(table: Table, rows: np.ndarray) -> np.ndarray | None:
    return None if table.sigma is None else table.sigma[rows]


def _split(rows: int, held_out: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the rows to learn from and those that score; both are all rows if these are few."""
    if rows < _FEW:
        return np.arange(rows), np.arange(rows)
    shuffled = np.random.default_rng(seed).permutation(rows)
    kept = max(2, math.ceil(held_out * rows))
    return np.sort(shuffled[kept:]), np.sort(shuffled[:kept])


def _sensible(entries: list[Entry], truth: np.ndarray) -> list[Entry]:
    """Returns the formulas that are better than the mean; that of the mean itself if none is."""
    flat = np.ptp(truth) == 0
    good = [e for e in entries if flat or (np.isfinite(e.formula.error) and _better(e, truth))]
    means = [e for e in entries if not e.formula.expression.free_symbols]
    return [*good, *means[:1]] or entries[:1]


def _better(e: Entry, truth: np.ndarray) -> bool:
    """Whether a formula is better than the mean; beside outliers, for most rows."""
    if len(outlying_rows(truth, e.told)):
        return robust_r2(truth, e.told) > 0
    return e.formula.r2 > 0


def _on_all_rows(best: Entry, table: Table, columns: np.ndarray, test: np.ndarray) -> Entry:
    """Estimates the numbers of the chosen formula on all rows, unless some contradict it.

    The scores remain those of the rows that it did not know.
    """
    if len(test) == len(table):
        return best
    rows = np.arange(len(table))
    if len(rows) > 2 * _ROWS:
        rows = np.random.default_rng(0).permutation(rows)[: 2 * _ROWS]
    every = best.scaled.again(table.x[np.ix_(rows, columns)], table.y[rows], _of(table, rows))
    one = estimate(best.one.fit, every, best.one.noise)
    final = entry(one, every, table, columns, test, best.told) if one else None
    if final is None:
        return best
    known = np.delete(np.arange(len(table)), test)
    old, new = (
        float(np.sqrt(np.mean((table.y[known] - f(table.x[known])) ** 2)))
        for f in (best.formula, final.formula)
    )
    if new > 1.5 * old + 1e-9 * float(np.std(table.y)):
        return best
    return final
