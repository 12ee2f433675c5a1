"""Fits a bank on an interval that may reach far into the straight ends of an activation."""

import dataclasses
from typing import Any

import numpy as np

from keras_addmul.barron.fitting.units import expected_units, fit
from keras_addmul.barron.functions.bank import Bank, padded
from keras_addmul.barron.functions.cells import Cells
from keras_addmul.barron.functions.per_feature import PerFeature
from keras_addmul.barron.functions.smooth import Smooth

__all__ = ["fit_between_ends"]

_SHARE = 1.0 / 8.0  # of the tolerance, for what the ends leave


def fit_between_ends(
    smooth: Smooth | PerFeature,
    degree: int,
    interval: tuple[float, float],
    tolerance: float,
    method: str,
    outside: str,
    dtype: str,
) -> Bank | PerFeature:
    """Fits a `Bank` where the activation bends; returns it, or one for each feature.

    With `"clip"`, clipping covers the ends on which the activation is nearly constant. With
    `"extrapolate"` and degree 1, the outermost units cover the ends on which it is nearly
    straight: they take the slopes of these lines, so that the bank is within the tolerance
    for every number, however large.

    Args:
        smooth: The activation, or one for each feature.
        degree: Degree of the units.
        interval: The two ends of the interval.
        tolerance: The largest difference allowed on the interval.
        method: `"spline"` or `"quadrature"`.
        outside: `"clip"` or `"extrapolate"`.
        dtype: The dtype in which the weights will be stored.

    Returns:
        A `Bank`, or a `PerFeature` of banks.

    Raises:
        ValueError: If the tolerance cannot be reached.
    """
    if isinstance(smooth, PerFeature):
        return _fit_each(smooth, degree, interval, tolerance, method, outside, dtype)
    low, high = interval
    straight = outside == "extrapolate" and degree == 1 and None not in smooth.lines
    lines: Any = smooth.lines if straight else None
    if outside == "clip":
        low, high = _without_flat_ends(smooth, low, high, _SHARE * tolerance)
    elif lines:
        low, high = _without_straight_ends(smooth, low, high, _SHARE * tolerance, lines)
    whole = (low, high) == interval
    target = tolerance if whole else (1.0 - _SHARE) * tolerance
    bank, _ = fit(smooth, degree, low, high, target, method, outside, dtype, asked=tolerance)
    if lines is None or whole:
        return bank
    if low > interval[0]:  # the one unit that opens to the left
        weights = bank.coefficients.copy()
        weights[-1] = -lines[0][0]
        bank = dataclasses.replace(bank, coefficients=weights)
    if high < interval[1]:
        slope = float(np.sum(bank.coefficients[: bank.units - bank.left]))
        bank = dataclasses.replace(
            bank,
            knots=np.insert(bank.knots, bank.units - bank.left, high),
            coefficients=np.insert(bank.coefficients, bank.units - bank.left, lines[1][0] - slope),
        )
    return bank.rounded(dtype)


def _fit_each(functions, degree, interval, tolerance, method, outside, dtype):
    """Fits as few banks as possible, of one size on one interval; a single `Bank` if possible.

    The hardest function sets the number of units. A bank also serves the next function if it
    is proved to be within the tolerance of that as well.
    """
    low, high = interval
    if outside == "clip":
        ends = [
            _without_flat_ends(smooth, low, high, _SHARE * tolerance)
            for smooth in functions.members
        ]
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    target = (1.0 - _SHARE) * tolerance
    hardness = [expected_units(f, degree, low, high, tolerance, 256) for f in functions.members]
    banks: dict[int, Bank] = {}
    bank: Any = None
    most = 0
    for i in np.argsort(hardness, kind="stable")[::-1]:
        smooth = functions.members[i]
        if bank is None or not _is_near(smooth, bank, tolerance):
            knots = most if method == "spline" else 0
            how = method, outside, dtype, tolerance, knots
            bank, _ = fit(smooth, degree, low, high, target, *how)
            most = max(most, bank.units - degree * (2 if bank.left else 1))
        banks[i] = bank
    if all(one is bank for one in banks.values()):
        return bank
    units = max(bank.units for bank in banks.values())
    return PerFeature(
        tuple(padded(banks[i], units) for i in range(len(banks))), functions.of_feature
    )


def _is_near(smooth, bank, tolerance):
    z = np.linspace(bank.low, bank.high, 257)
    if np.max(np.abs(smooth(z) - bank(z))) > tolerance:
        return False
    ends = np.array([bank.low]), np.array([bank.high])
    return Cells(smooth, bank.low, bank.high, bank, tolerance).error(*ends)[0] <= tolerance


def _without_flat_ends(smooth, low, high, tolerance):
    """Returns the part of an interval outside of which the function is nearly constant.

    The error of clipping there is proved later, with all the rest.
    """
    z = np.linspace(low, high, 4001)
    f = smooth(z)
    left, right = smooth.limits
    if left:
        spread = np.maximum.accumulate(f) - np.minimum.accumulate(f)
        low = float(z[max(0, np.searchsorted(spread, tolerance) - 1)])
    if right:
        spread = np.maximum.accumulate(f[::-1]) - np.minimum.accumulate(f[::-1])
        high = float(z[::-1][max(0, np.searchsorted(spread, tolerance) - 1)])
    return (low, high) if _is_wide(low, high, z) else (float(z[0]), float(z[-1]))


def _without_straight_ends(smooth, low, high, tolerance, lines):
    """Returns the part of an interval outside of which the function is nearly straight."""
    z = np.linspace(low, high, 4001)
    far = [np.abs(smooth(z) - slope * z - constant) > tolerance for slope, constant in lines]
    first, last = int(np.argmax(far[0])), len(z) - 1 - int(np.argmax(far[1][::-1]))
    low = float(z[max(0, first - 1)]) if far[0].any() else low
    high = float(z[min(len(z) - 1, last + 1)]) if far[1].any() else high
    return (low, high) if _is_wide(low, high, z) else (float(z[0]), float(z[-1]))


def _is_wide(low, high, z):
    return high - low > 1e-6 * max(1.0, abs(z[0]), abs(z[-1]))
