"""Makes a trained stack readable: exponents to simple numbers, needless terms away."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Self

import numpy as np

from keras_addmul.discover.search.description import EXPONENTS, bits_of, score
from keras_addmul.discover.search.levenberg_marquardt import minimize
from keras_addmul.discover.search.stack import Inputs, Stack

__all__ = ["Fit", "plain", "snap"]

# Parameters, and which of them are free.
Move = tuple[np.ndarray, np.ndarray]

_GRID = np.array(sorted(EXPONENTS))
_PLAIN = np.array([-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0])
_WHOLE = np.array([e for e in _GRID if e == round(e)])


@dataclasses.dataclass(frozen=True)
class Fit:
    """One setting of a stack's parameters, which of them are loose, and its length in bits."""

    stack: Stack
    parameters: np.ndarray
    free: np.ndarray
    cost: float
    bits: float
    score: float

    @classmethod
    def of(
        cls, stack: Stack, parameters: np.ndarray, free: np.ndarray, cost: float, rows: int
    ) -> Self:
        """Makes one, with its length, of a mean square residual over so many rows."""
        bits = bits_of(stack, parameters, free, rows)
        return cls(stack, parameters, free, cost, bits, score(bits, cost, rows))

    @property
    def settled(self) -> bool:
        """Whether every exponent has snapped."""
        return not self.stack.split(self.free)[0].any()


def snap(
    fit: Fit,
    inputs: Inputs,
    y: np.ndarray,
    weights: np.ndarray,
    steps: int = 12,
    late: Callable[[], bool] = bool,
) -> Fit:
    """Snaps and drops, one change after the other, as long as the length in bits falls.

    Once `late()` says so, no further change is tried.
    """
    fit = _best(_gauged(fit), [], inputs, y, weights, 2 * steps)
    fit = _best(
        fit, [_all_within(fit, inputs, r) for r in (0.3, 0.1, 0.03)], inputs, y, weights, steps
    )
    while True:
        better = _best(fit, list(_moves(fit, inputs)), inputs, y, weights, steps)
        if better is fit or late():
            return _compressed(better, inputs, y, weights)
        fit = better


def plain(
    fit: Fit, inputs: Inputs, y: np.ndarray, weights: np.ndarray, steps: int = 30
) -> Fit | None:
    """The fit with every loose exponent at the nearest plain number, or None.

    A few outliers can hold an exponent away from its simple value, whatever the bits say.
    """
    if fit.settled:
        return None
    everywhere = _all_within(fit, inputs, np.inf)
    assert everywhere is not None  # a loose exponent is nearer than infinity
    parameters, free = everywhere
    parameters, cost = minimize(fit.stack, parameters[None], free[None], inputs, y, weights, steps)
    return Fit.of(fit.stack, parameters[0], free, float(cost[0]), len(y))


def _best(
    fit: Fit,
    moves: Sequence[Move | None],
    inputs: Inputs,
    y: np.ndarray,
    weights: np.ndarray,
    steps: int,
) -> Fit:
    """The fit or, where it is shorter, the best of the moves after training on."""
    tried_moves = [move for move in moves if move is not None] or [(fit.parameters, fit.free)]
    parameters, free = (np.stack(part) for part in zip(*tried_moves, strict=True))
    parameters, cost = minimize(fit.stack, parameters, free, inputs, y, weights, steps)
    tried = [
        Fit.of(fit.stack, p, f, c, len(y)) for p, f, c in zip(parameters, free, cost, strict=True)
    ]
    best = min(tried, key=lambda t: t.score)
    return best if best.score < fit.score - 1e-9 else fit


def _gauged(fit: Fit) -> Fit:
    """The same formula with no common factor left in the later sums.

    `A B^p` stays what it is when B is divided by a product and A multiplied by its power:
    so the smallest exponent of each column in B is brought to zero, and held there.
    """
    stack = fit.stack
    if len(stack.sums) == 1:
        return fit
    parameters, free = fit.parameters.copy(), fit.free.copy()
    exponents, _, powers = stack.split(parameters)
    loose, _, _ = stack.split(free)
    for g in range(1, len(stack.sums)):
        mine = stack.owner == g
        if not loose[mine].all():
            continue
        lowest = exponents[mine].min(axis=0)
        exponents[stack.owner == 0] += lowest * powers[g] / powers[0]
        exponents[mine] -= lowest
        held = np.isclose(exponents, 0.0, atol=1e-12) & mine[:, None]
        exponents[held] = 0.0
        loose[held] = False
    return dataclasses.replace(fit, parameters=parameters, free=free, score=np.inf)


def _all_within(fit: Fit, inputs: Inputs, reach: float) -> Move | None:
    """Every loose exponent that is so near a plain number snapped to it."""
    parameters, free = fit.parameters.copy(), fit.free.copy()
    exponents, _, _ = fit.stack.split(parameters)
    loose, _, _ = fit.stack.split(free)
    nearest = _PLAIN[np.abs(exponents[..., None] - _PLAIN).argmin(-1)]
    nearest = np.where(inputs.negative.any(axis=0), np.round(exponents), nearest)
    near = loose & (np.abs(exponents - nearest) < reach)
    if not near.any():
        return None
    exponents[near] = nearest[near]
    loose[near] = False
    return parameters, free


def _moves(fit: Fit, inputs: Inputs) -> Iterator[Move]:
    """One loose exponent snapped to either neighbour or to zero, or one term dropped."""
    exponents, coefficients, _ = fit.stack.split(fit.parameters)
    loose, _, _ = fit.stack.split(fit.free)
    crosses = np.asarray(inputs.negative.any(axis=0))
    for k, j in np.argwhere(loose).tolist():
        # A root of a negative number is no real number.
        grid = _WHOLE if crosses[j] else _GRID
        near = grid[np.argsort(np.abs(grid - exponents[k, j]))[:2]]
        for value in {*near, 0.0}:
            parameters, free = fit.parameters.copy(), fit.free.copy()
            fit.stack.split(parameters)[0][k, j] = value
            fit.stack.split(free)[0][k, j] = False
            yield parameters, free
    for k in np.flatnonzero(coefficients).tolist():
        mine = (fit.stack.owner == fit.stack.owner[k]) & (coefficients != 0)
        if mine.sum() > 1:
            parameters, free = fit.parameters.copy(), fit.free.copy()
            _drop(fit.stack, parameters, free, k)
            yield parameters, free


def _drop(stack: Stack, parameters: np.ndarray, free: np.ndarray, k: int) -> None:
    exponents, coefficients, _ = stack.split(parameters)
    loose, moving, _ = stack.split(free)
    exponents[k], coefficients[k], loose[k], moving[k] = 0.0, 0.0, False, False


def _compressed(fit: Fit, inputs: Inputs, y: np.ndarray, weights: np.ndarray) -> Fit:
    """The same formula without the terms that were dropped and sums that are one."""
    stack = fit.stack
    exponents, coefficients, powers = stack.split(fit.parameters)
    loose, moving, _ = stack.split(fit.free)
    kept = coefficients != 0
    sums = tuple(int((kept & (stack.owner == g)).sum()) for g in range(len(stack.sums)))
    small = Stack(sums, stack.columns)
    parameters = small.join(exponents[kept], coefficients[kept], powers)
    free = small.join(loose[kept], moving[kept], np.zeros(len(powers), bool))
    parameters, free, small = _single_terms_joined(small, parameters, free)
    parameters, cost = minimize(small, parameters[None], free[None], inputs, y, weights, 30)
    return Fit.of(small, parameters[0], free, float(cost[0]), len(y))


def _single_terms_joined(
    stack: Stack, parameters: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Stack]:
    """A later sum of one term is a product: its exponents go to the first sum.

    And so does the power of a product that is all there is.
    """
    exponents, coefficients, powers = stack.split(parameters)
    exponents, coefficients = exponents.copy(), coefficients.copy()
    loose, moving, _ = (part.copy() for part in stack.split(free))
    if stack.terms == 1 and coefficients[0] > 0:
        one = stack.join(powers[0] * exponents, coefficients ** powers[0], np.ones(1))
        return one, free, stack
    single = [g for g in range(1, len(stack.sums)) if stack.sums[g] == 1]
    if not single or powers[0] != 1:
        return parameters, free, stack
    for g in single:
        k = int(np.flatnonzero(stack.owner == g)[0])
        if coefficients[k] < 0 and powers[g] % 1:
            return parameters, free, stack
        first = stack.owner == 0
        exponents[first] += exponents[k] * powers[g]
        loose[first] |= loose[k]
        coefficients[first] *= np.sign(coefficients[k]) ** powers[g] * (
            np.abs(coefficients[k]) ** powers[g]
        )
    rest = [g for g in range(len(stack.sums)) if g not in single]
    kept = np.isin(stack.owner, rest)
    small = Stack(tuple(stack.sums[g] for g in rest), stack.columns)
    powers = powers[rest]
    return (
        small.join(exponents[kept], coefficients[kept], powers),
        small.join(loose[kept], moving[kept], np.zeros(len(powers), bool)),
        small,
    )
