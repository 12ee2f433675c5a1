"""Searches ever larger structures, from many starts each, until none is shorter."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from keras_addmul.discover.search.description import score
from keras_addmul.discover.search.levenberg_marquardt import minimize
from keras_addmul.discover.search.scaled_rows import Scaled, weights_of
from keras_addmul.discover.search.snapping import Fit, plain, snap, whole
from keras_addmul.discover.search.structures import Structure, growing

__all__ = ["Candidate", "Progress", "search"]

# Number of rows to train the many starts on, and to compare the best few on.
_FEW, _MANY = 240, 1200
_STARTS = 64
_KEPT = 10
# Mean square residuals for targets of mean square 1. Below the first, training stops; a settled
# formula below the second ends the search.
_SOLVED, _ENOUGH = 1e-18, 1e-17
# The search ends after this many structures in a row without a shorter formula.
_PATIENCE = 6


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A formula that the search found; `relative` if its residuals are relative to the targets."""

    name: str
    fit: Fit
    relative: bool
    score: float


# Called with the share done, the name of the structure, and the best candidate so far.
Progress = Callable[[float, str, Candidate | None], None]


def weightings(y: np.ndarray) -> tuple[bool, ...]:
    """Returns the error models to try, in turn: True for relative errors, False for equal ones.

    Relative errors are tried for targets of one sign that span a decade.
    """
    size = np.abs(y)
    one_sign = (y > 0).all() or (y < 0).all()
    if one_sign and size.max() > 10 * size.min():
        return (True, False)
    return (False,)


def search(
    scaled: Scaled,
    seed: int = 0,
    deadline: float | None = None,
    progress: Progress | None = None,
    interrupted: Callable[[], None] | None = None,
    structures: Sequence[Structure] | None = None,
) -> list[Candidate]:
    """Finds candidates, the shortest description first.

    Ctrl-C ends the search with the candidates so far, if there are any.

    Args:
        scaled: The `Scaled` rows.
        seed: Seed of the starting points and of the choice of rows.
        deadline: The `time.monotonic()` after which no further training begins.
        progress: Called before each structure with the share done, its name and the best
            candidate so far.
        interrupted: Called if Ctrl-C ended the search.
        structures: What to try; the default is `growing`.

    Returns:
        A list of at least one `Candidate`.
    """
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(scaled))
    few, many = scaled.take(shuffled[:_FEW]), scaled.take(shuffled[:_MANY])
    if structures is None:
        structures = growing(scaled.inputs.logs.shape[1], len(few))
    found: list[Candidate] = []
    waited = 0

    def late() -> bool:
        # At least one candidate is needed, however short the time.
        return bool(found) and deadline is not None and time.monotonic() > deadline

    try:
        for number, structure in enumerate(structures):
            if progress:
                progress(number / len(structures), structure.name, found[0] if found else None)
            new = [
                candidate
                for relative in (weightings(few.y) if few.sigma is None else (False,))
                for candidate in _train(structure, few, many, relative, random, found, late)
            ]
            shortest = min((c.score for c in new), default=np.inf)
            waited = 0 if not found or shortest < found[0].score - 1.0 else waited + 1
            found = sorted([*found, *new], key=lambda c: c.score)
            enough = max(_ENOUGH, 9 * scaled.rounding**2)
            solved = found and _solved(found[0].fit, enough, len(few))
            if solved or waited >= _PATIENCE or late():
                break
    except KeyboardInterrupt:
        if not found:
            raise
        if interrupted:
            interrupted()
    return found


def _solved(fit: Fit, enough: float, rows: int) -> bool:
    """Whether the residuals are rounding, of a law and not of as many numbers as rows."""
    return fit.cost < enough and (fit.settled or 4 * int(fit.free.sum()) <= rows)


def _train(
    structure: Structure,
    few: Scaled,
    many: Scaled,
    relative: bool,
    random: np.random.Generator,
    found: list[Candidate],
    late: Callable[[], bool],
) -> Iterator[Candidate]:
    """Yields the candidates of one structure: the best two of its starts, snapped."""
    stack = structure.stack
    parameters, free = structure.starts(_STARTS, few.inputs, few.y, random)
    weights = weights_of(few, relative)
    solved = max(_SOLVED, few.rounding**2)
    parameters, cost = minimize(stack, parameters, free, few.inputs, few.y, weights, 12, solved)
    if late():
        return
    best = np.argsort(cost)[:_KEPT]
    parameters, free = parameters[best], free[best]
    parameters, cost = minimize(stack, parameters, free, few.inputs, few.y, weights, 60, solved)
    best = np.argsort(cost)[:2]
    if not np.isfinite(cost[best[0]]):
        return
    weights = weights_of(many, relative)
    for chosen in best[: 1 if cost[best[0]] < 1e-3 * cost[best[-1]] else 2]:
        if late():
            return
        p, f = parameters[chosen], free[chosen]
        p, c = minimize(stack, p[None], f[None], many.inputs, many.y, weights, 30)
        if not np.isfinite(c[0]):
            continue
        # Converts the likelihood of relative errors to the units of equal errors.
        shift = np.sum(np.log2(np.abs(many.y))) if relative else 0.0
        if found and score(0.0, c[0], len(many), many.rounding) + shift > found[0].score:
            continue  # snapped, its residual would be no smaller
        fit = Fit.of(stack, p[0], f, float(c[0]), len(many), many.rounding)
        fit = snap(fit, many.inputs, many.y, weights, late=late)
        fit = whole(fit, many.inputs, many.y, weights)
        for one in (fit, plain(fit, many.inputs, many.y, weights)):
            if one is not None and np.isfinite(one.cost):
                yield Candidate(structure.name, one, relative, one.score + shift)
