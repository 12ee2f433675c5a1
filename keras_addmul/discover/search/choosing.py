"""Chooses among the formulas that the search found: the likeliest, with the numbers it can tell."""

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from keras_addmul.discover.search.candidates import Candidate
from keras_addmul.discover.search.estimating import Estimate, best_estimate, estimate, values
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.snapping import Fit
from keras_addmul.discover.search.stack import Stack
from keras_addmul.discover.search.structures import from_logarithms

__all__ = ["identified", "likeliest", "mean_only", "without_outliers"]

# A coefficient is determined if it is so many standard errors from zero, and terms cancel if
# they are so many times larger than their sum, in half of the rows.
_IDENTIFIED, _CANCELLED = 2.0, 50.0
# Larger exponents, in sums, only imitate another function.
_LARGEST = 10.0
# Rows of a smaller weight are outliers.
_INSIDE = 0.2
# So are targets that are so many times as far from the median as half of them.
_FAR = 18.0
# The most formulas to estimate.
_MOST = 14


def likeliest(candidates: Sequence[Candidate], scaled: Scaled) -> list[Estimate]:
    """Estimates the formulas of a search under a model of the noise, the likeliest first.

    Args:
        candidates: What the search found, the shortest description first.
        scaled: The `Scaled` rows.
    """
    fits = [candidate.fit for candidate in _distinct(candidates)]
    found, products = [], {}
    for fit in [*fits, *_full(scaled), mean_only(scaled)]:
        one = best_estimate(fit, scaled)
        if one is None or not math.isfinite(one.bits):
            continue
        if fit.stack.sums == (1,):
            one = _measured(one, scaled)
            used = tuple((one.fit.stack.split(one.fit.parameters)[0][0] != 0).tolist())
            products[used] = min(one, products.get(used, one), key=lambda o: o.bits)
        elif identified(one, scaled):
            found.append(one)
    return sorted([*found, *products.values()], key=lambda one: one.bits)


def without_outliers(found: Sequence[Estimate], scaled: Scaled) -> Scaled | None:
    """Returns the rows that are no outliers of the likeliest formula; None if it has none.

    Least squares, by which formulas are searched, are ruled by outliers: so the rows without them
    are worth a search of their own.

    Args:
        found: The estimates of a search, the likeliest first.
        scaled: The `Scaled` rows.
    """
    if not found or not found[0].noise.heavy:
        return None
    best = found[0]
    inside = best.noise.outlying(best.noise.residuals(scaled.y, values(best.fit, scaled))) > _INSIDE
    # A formula may have poles where the outliers are: targets far from all others count, too.
    y = scaled.y if (scaled.y < 0).any() else np.log(np.maximum(scaled.y, 1e-300))
    away = np.abs(y - np.median(y))
    inside &= away < _FAR * np.median(away)
    return scaled.take(np.flatnonzero(inside)) if 0.8 < inside.mean() < 1 else None


def identified(one: Estimate, scaled: Scaled) -> bool:
    """Tells whether the rows determine a formula's numbers, and its terms do not cancel.

    `-28102/x**0.99955 + 28088/x` fits the rows as well as a hundred other pairs of powers: each
    of its coefficients may as well be zero. Sums of terms with held exponents are exempt, as
    least squares are.
    """
    fit, stack = one.fit, one.fit.stack
    exponents, coefficients, _ = stack.split(fit.parameters)
    loose = fit.stack.split(fit.free)[0]
    if stack.terms == 1 or not (loose.any() or len(stack.sums) > 1):
        return True
    rate = np.zeros(stack.columns, bool) if scaled.inputs.rate is None else scaled.inputs.rate
    if not one.determined or np.abs(exponents[loose & ~rate]).max(initial=0.0) > _LARGEST:
        return False
    at = np.flatnonzero(stack.split(fit.free)[2]) + stack.first_power
    if any(
        one.error(p) > 0.2 * abs(fit.parameters[p]) or abs(fit.parameters[p]) > 6
        for p in at.tolist()
    ):
        return False
    first = stack.terms * stack.columns
    errors = np.array([one.error(first + k) for k in range(stack.terms)])
    single = np.array([terms == 1 for terms in stack.sums])[stack.owner]
    certain = np.abs(coefficients) > _IDENTIFIED * errors
    # The scale of a later sum is a convention, which has no error of its own.
    if not (certain | single).all():
        return False
    products = stack.products(exponents[None], scaled.inputs)[0][0] * coefficients[:, None]
    for g in range(len(stack.sums)):
        mine = products[stack.owner == g]
        with np.errstate(all="ignore"):
            cancelled = np.abs(mine).sum(axis=0) / np.abs(mine.sum(axis=0))
        if loose[stack.owner == g].any() and not np.median(cancelled) < _CANCELLED:
            return False
    return True


def mean_only(scaled: Scaled) -> Fit:
    """Returns the formula that is a number, for comparison with all others."""
    stack = Stack((1,), scaled.inputs.logs.shape[1])
    exponents = np.zeros((1, stack.columns))
    parameters = stack.join(exponents, np.full(1, float(scaled.y.mean()) or 1e-9), np.ones(1))
    free = np.zeros(stack.size, bool)
    free[stack.columns] = True
    return Fit.of(stack, parameters, free, 1.0, len(scaled), scaled.rounding)


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Returns the shortest descriptions, and of every number of terms the two closest."""
    kept: list[Candidate] = []
    by_terms: dict[tuple[tuple[int, ...], bool], int] = {}
    for place, c in enumerate(sorted(candidates, key=lambda c: c.score)):
        key = c.fit.stack.sums, c.relative
        by_terms[key] = by_terms.get(key, 0) + 1
        if place < _MOST // 2 or (by_terms[key] <= 2 and len(kept) < 2 * _MOST):
            same = any(
                k.fit.stack == c.fit.stack
                and np.array_equal(k.fit.free, c.fit.free)
                and np.allclose(k.fit.parameters, c.fit.parameters, rtol=1e-6)
                for k in kept
            )
            kept += [] if same else [c]
    return kept[:_MOST]


def _full(scaled: Scaled) -> Iterator[Fit]:
    """Yields the product of all columns, where they have logarithms and there are rows enough."""
    columns = scaled.inputs.logs.shape[1]
    if (scaled.inputs.signed | scaled.inputs.zero).any() or 3 * columns > len(scaled):
        return
    stack = Stack((1,), columns)
    for exponents in from_logarithms(scaled.inputs, scaled.y):
        sizes = np.exp(scaled.inputs.logs @ exponents)
        factor = float(np.median(scaled.y / sizes))
        if factor:
            free = np.ones(stack.size, bool)
            free[-1] = False
            parameters = stack.join(exponents[None], np.array([factor]), np.ones(1))
            yield Fit.of(stack, parameters, free, 1.0, len(scaled), scaled.rounding)


def _measured(one: Estimate, scaled: Scaled) -> Estimate:
    """Returns a product with all its exponents free where the columns allow it.

    So that each is measured, and has an error; `simple_exponents` decides which are simple.
    """
    exponents = one.fit.stack.split(one.fit.parameters)[0][0]
    able = ~scaled.inputs.signed & (~scaled.inputs.zero | (exponents > 0))
    free = one.fit.free.copy()
    one.fit.stack.split(free)[0][0] = able & (exponents != 0)
    if not np.array_equal(free, one.fit.free):
        released = estimate(dataclasses.replace(one.fit, free=free), scaled, one.noise)
        if released is not None and released.determined and math.isfinite(released.bits):
            one = dataclasses.replace(released, bits=min(one.bits, released.bits))
    return _without_idle(one, scaled)


def _without_idle(one: Estimate, scaled: Scaled) -> Estimate:
    """Drops the free exponents of a product that the rows do not ask for, the weakest first."""
    while one.fit.stack.sums == (1,):
        fit = one.fit
        columns = fit.stack.columns
        loose = np.flatnonzero(fit.free[:columns])
        ratio = [abs(fit.parameters[j]) / max(one.error(j), 1e-300) for j in loose.tolist()]
        if not ratio or min(ratio) > 4:
            return one
        weakest = loose[int(np.argmin(ratio))]
        parameters, free = fit.parameters.copy(), fit.free.copy()
        parameters[weakest], free[weakest] = 0.0, False
        noise = dataclasses.replace(one.noise)
        fewer = estimate(dataclasses.replace(fit, parameters=parameters, free=free), scaled, noise)
        if fewer is None or fewer.bits > one.bits:
            return one
        one = fewer
    return one
