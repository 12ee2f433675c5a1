"""Simplifies a trained stack: snaps exponents to simple numbers, and drops needless terms."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Self

import numpy as np

from keras_addmul.discover.search.description import EXPONENTS, bits_of, score
from keras_addmul.discover.search.levenberg_marquardt import minimize
from keras_addmul.discover.search.stack import Inputs, Stack

__all__ = ["Fit", "plain", "snap", "whole"]

# Parameters, and booleans for those that are free.
Move = tuple[np.ndarray, np.ndarray]

_GRID = np.array(sorted(EXPONENTS))
_PLAIN = np.array([-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0])
_WHOLE = np.array([e for e in _GRID if e == round(e)])


@dataclasses.dataclass(frozen=True)
class Fit:
    """One setting of a stack's parameters, which of them are free, and its length in bits."""

    stack: Stack
    parameters: np.ndarray
    free: np.ndarray
    cost: float
    bits: float
    score: float
    rounding: float = 1e-10

    @classmethod
    def of(
        cls,
        stack: Stack,
        parameters: np.ndarray,
        free: np.ndarray,
        cost: float,
        rows: int,
        rounding: float = 1e-10,
    ) -> Self:
        """Makes a fit, with its length, from its mean square residual and number of rows."""
        bits = bits_of(stack, parameters, free, rows)
        length = score(bits, cost, rows, rounding)
        return cls(stack, parameters, free, cost, bits, length, rounding)

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
    """Snaps exponents and drops terms, one at a time, for as long as the length in bits falls.

    Once `late()` is true, no further change is tried.
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
    """Returns the fit with every free exponent at the nearest plain number, or None.

    A few outliers can keep an exponent off its simple value, whatever the bits say.
    """
    if fit.settled:
        return None
    everywhere = _all_within(fit, inputs, np.inf)
    if everywhere is None:
        return None
    parameters, free = everywhere
    parameters, cost = minimize(fit.stack, parameters[None], free[None], inputs, y, weights, steps)
    return Fit.of(fit.stack, parameters[0], free, float(cost[0]), len(y), fit.rounding)


def whole(fit: Fit, inputs: Inputs, y: np.ndarray, weights: np.ndarray, steps: int = 30) -> Fit:
    """Returns the fit with whole exponents for the columns that have a negative value."""
    moved = _all_within(fit, inputs, np.inf, only=inputs.signed)
    if moved is None:
        return fit
    parameters, free = moved
    parameters, cost = minimize(fit.stack, parameters[None], free[None], inputs, y, weights, steps)
    return Fit.of(fit.stack, parameters[0], free, float(cost[0]), len(y), fit.rounding)


def _best(
    fit: Fit,
    moves: Sequence[Move | None],
    inputs: Inputs,
    y: np.ndarray,
    weights: np.ndarray,
    steps: int,
) -> Fit:
    """Returns the fit, or the best of the moves after further training if that is shorter."""
    tried_moves = [move for move in moves if move is not None] or [(fit.parameters, fit.free)]
    parameters, free = (np.stack(part) for part in zip(*tried_moves, strict=True))
    parameters, cost = minimize(fit.stack, parameters, free, inputs, y, weights, steps)
    tried = [
        Fit.of(fit.stack, p, f, c, len(y), fit.rounding)
        for p, f, c in zip(parameters, free, cost, strict=True)
    ]
    best = min(tried, key=lambda t: t.score)
    return best if best.score < fit.score - 1e-9 else fit


def _gauged(fit: Fit) -> Fit:
    """Returns the same formula with no common factor in the later sums.

    `A B^p` does not change if B is divided by a product and A multiplied by its power: so the
    smallest exponent of each column in B is shifted to zero, and held there.
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


def _all_within(
    fit: Fit, inputs: Inputs, reach: float, only: np.ndarray | bool = True
) -> Move | None:
    """Snaps every free exponent within a distance of a plain number; None if there is none."""
    parameters, free = fit.parameters.copy(), fit.free.copy()
    exponents, _, _ = fit.stack.split(parameters)
    loose, _, _ = fit.stack.split(free)
    nearest = _PLAIN[np.abs(exponents[..., None] - _PLAIN).argmin(-1)]
    nearest = np.where(inputs.signed, np.round(exponents), nearest)
    nearest = np.where(inputs.zero, np.maximum(nearest, 0.0), nearest)
    near = loose & (np.abs(exponents - nearest) < reach) & only
    near &= ~inputs.rate if inputs.rate is not None else True
    if not near.any():
        return None
    exponents[near] = nearest[near]
    loose[near] = False
    return parameters, free


def _moves(fit: Fit, inputs: Inputs) -> Iterator[Move]:
    """Lists the moves: one free exponent to either neighbour or to zero, or one term dropped."""
    exponents, coefficients, _ = fit.stack.split(fit.parameters)
    loose, _, _ = fit.stack.split(fit.free)
    for k, j in np.argwhere(loose).tolist():
        # A root of a negative number is not real, and zero has no reciprocal.
        grid = _WHOLE if inputs.signed[j] else _GRID
        grid = grid[grid >= 0] if inputs.zero[j] else grid
        grid = grid[grid == 0] if inputs.rate is not None and inputs.rate[j] else grid
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
    """Returns the same formula without dropped terms and without sums equal to one."""
    stack = fit.stack
    exponents, coefficients, powers = stack.split(fit.parameters)
    loose, moving, loose_powers = stack.split(fit.free)
    kept = coefficients != 0
    sums = tuple(int((kept & (stack.owner == g)).sum()) for g in range(len(stack.sums)))
    small = Stack(sums, stack.columns, stack.plus)
    parameters = small.join(exponents[kept], coefficients[kept], powers, fit.parameters[-1:])
    free = small.join(loose[kept], moving[kept], loose_powers, fit.free[-1:])
    parameters, free, small = _single_terms_joined(small, parameters, free)
    parameters, cost = minimize(small, parameters[None], free[None], inputs, y, weights, 30)
    return Fit.of(small, parameters[0], free, float(cost[0]), len(y), fit.rounding)


def _single_terms_joined(
    stack: Stack, parameters: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Stack]:
    """Merges a later sum of one term, a product, into the exponents of the first sum.

    If the formula is a single product, its power is merged as well.
    """
    exponents, coefficients, powers = stack.split(parameters)
    exponents, coefficients = exponents.copy(), coefficients.copy()
    loose, moving, loose_powers = (part.copy() for part in stack.split(free))
    if stack.terms == 1 and (coefficients[0] > 0 or powers[0] == round(powers[0])):
        factor = coefficients ** powers[0]
        one = stack.join(powers[0] * exponents, factor, np.ones(1), parameters[-1:])
        return one, stack.join(loose, moving, np.zeros(1, bool), free[-1:]), stack
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
    small = Stack(tuple(stack.sums[g] for g in rest), stack.columns, stack.plus)
    powers = powers[rest]
    return (
        small.join(exponents[kept], coefficients[kept], powers, parameters[-1:]),
        small.join(loose[kept], moving[kept], loose_powers[rest], free[-1:]),
        small,
    )
