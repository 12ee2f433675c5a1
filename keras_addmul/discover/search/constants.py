"""Turns trained coefficients into the constants of a formula, to the precision of the data."""

import dataclasses
import math
from fractions import Fraction

import numpy as np

from keras_addmul.discover.search.estimating import Estimate
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.snapping import Fit

__all__ = ["Constant", "constants_of", "is_constant", "recognize"]

# Factors that are common in laws of nature, by name, with the bits that each costs.
_MULTIPLIERS = {"1": (1.0, 0.0), "pi": (math.pi, 3.0), "1/pi": (1 / math.pi, 3.5)}
_MULTIPLIERS |= {"pi**2": (math.pi**2, 5.0), "sqrt(2)": (math.sqrt(2), 5.0)}

# For each later sum, the term whose coefficient is 1.
Reference = dict[int, int]

# A constant is recognized only if a coincidence is less likely than this.
_COINCIDENCE = 0.02
# The least relative uncertainty of a coefficient.
_ROUNDING = 1e-10


@dataclasses.dataclass(frozen=True)
class Constant:
    """A coefficient, its relative uncertainty (one standard error), and its name or None."""

    value: float
    uncertainty: float
    name: str | None = None


def recognize(value: float, uncertainty: float) -> str | None:
    """Names the simple constant that a value stands for, if the data is precise enough.

    A rational number, perhaps times pi, 1/pi, pi^2 or sqrt(2), is accepted if it lies
    within three standard errors and the chance that any constant as simple lies there is
    below 2 %.

    Args:
        value: The coefficient.
        uncertainty: Relative standard error of the coefficient.

    Returns:
        The constant as text that sympy parses, or None.

    Example:

    >>> from keras_addmul.discover.search.constants import recognize
    >>> recognize(0.07957747, 1e-7), recognize(0.5001, 1e-3), recognize(0.08, 0.01)
    ('1/(4*pi)', '1/2', None)
    """
    width = max(uncertainty, _ROUNDING)
    best = None
    for name, (multiplier, cost) in _MULTIPLIERS.items():
        ratio = abs(value) / multiplier
        if not 1e-4 < ratio < 1e4:
            continue
        for denominator in range(1, 33):
            numerator = round(ratio * denominator)
            if not numerator or abs(numerator / denominator / ratio - 1) > 3 * width:
                continue
            bits = cost + 1 + math.log2(numerator) + 1.3 * math.log2(denominator)
            if 2**bits * width < _COINCIDENCE and (best is None or bits < best[0]):
                best = bits, _text(Fraction(numerator, denominator), name)
    if best is None:
        return None
    return best[1] if value > 0 else f"-{best[1]}"


def _text(fraction: Fraction, name: str) -> str:
    top, bottom = fraction.numerator, fraction.denominator
    if name.startswith("1/"):
        inner = name[2:] if bottom == 1 else f"({bottom}*{name[2:]})"
        return f"{top}/{inner}"
    if name == "1":
        return str(fraction)
    product = name if top == 1 else f"{top}*{name}"
    return product if bottom == 1 else f"{product}/{bottom}"


def constants_of(one: Estimate, scaled: Scaled) -> list[Constant]:
    """Returns the coefficients of an estimate in the units of the columns.

    If a coefficient is not a simple constant but its ratio to another one is, it gets exactly
    that ratio. While exponents are free no coefficient is replaced: it was fitted with them.

    Returns:
        The `Constant` of each term. The scale of later sums is a convention: one coefficient of
        each is 1.
    """
    choices = [_named(one, scaled, reference) for reference in _references(one.fit)]
    chosen = max(choices, key=lambda constants: sum(c.name is not None for c in constants))
    return _tied(chosen) if one.fit.settled else chosen


def _references(fit: Fit) -> list[Reference]:
    """Returns the ways to choose, in each later sum, the term whose coefficient becomes 1."""
    stack = fit.stack
    _, coefficients, powers = stack.split(fit.parameters)
    ways: list[Reference] = [{}]
    for g in range(1, len(stack.sums)):
        able = [
            k
            for k in np.flatnonzero(stack.owner == g).tolist()
            if coefficients[k] > 0 or float(powers[g]).is_integer()
        ]
        ways = [{**way, g: k} for way in ways for k in able] or ways
    return ways


def _in_units(fit: Fit, scaled: Scaled, reference: Reference) -> tuple[np.ndarray, np.ndarray]:
    """Returns the coefficients in the units of the columns, with the scale of the rows."""
    stack = fit.stack
    exponents, coefficients, powers = stack.split(fit.parameters)
    logs = np.log(np.abs(coefficients)) - exponents @ np.log(scaled.x_scale)
    signs = np.sign(coefficients)
    first = stack.owner == 0
    logs[first] += math.log(scaled.y_scale) / powers[0]
    for g, k in reference.items():
        mine = stack.owner == g
        shift, turn = logs[k], signs[k]
        logs[mine] -= shift
        signs[mine] *= turn
        logs[first] += shift * powers[g] / powers[0]
        if turn < 0 and powers[g] % 2:
            signs[first] *= -1
    return logs, signs


def _named(one: Estimate, scaled: Scaled, reference: Reference) -> list[Constant]:
    """Returns the constants, with names for those that are recognized."""
    fit, stack = one.fit, one.fit.stack
    logs, signs = _in_units(fit, scaled, reference)
    own = _in_units(fit, scaled, {})[0]
    powers = stack.split(fit.parameters)[2]
    slopes = [_slope(fit, scaled, k) for k in range(stack.terms)]
    constants = []
    for k in range(stack.terms):
        # Of a coefficient over its reference, or times a power of the references.
        direction = slopes[k].copy()
        g = stack.owner[k]
        if g in reference:
            direction -= slopes[reference[g]]
        else:
            for other, at in reference.items():
                direction += slopes[at] * powers[other] / powers[0]
                if fit.free[stack.first_power + other]:
                    direction[stack.first_power + other] += own[at]
        error = math.sqrt(max(float(direction @ one.covariance @ direction), 0.0))
        error = math.hypot(error, max(_ROUNDING, scaled.rounding))
        value = float(signs[k] * math.exp(np.clip(logs[k], -700, 700)))
        shifted = scaled.offset != 0 and is_constant(fit, k)
        if shifted:
            error = abs(error * value / (value + scaled.offset))
            value += scaled.offset
        held = g in reference and reference[g] == k
        certain = fit.settled or error < 1e-6
        name = recognize(value, error) if certain else None
        constants.append(Constant(value, error, "1" if held else name))
    return constants


def is_constant(fit: Fit, k: int) -> bool:
    """Whether a term is a number added to the formula."""
    stack = fit.stack
    exponents, _, powers = stack.split(fit.parameters)
    return not stack.plus and len(stack.sums) == 1 and powers[0] == 1 and not exponents[k].any()


def _slope(fit: Fit, scaled: Scaled, k: int) -> np.ndarray:
    """Returns the slope of the logarithm of a coefficient, in units, by each parameter."""
    slope = np.zeros(fit.stack.size)
    exponents, coefficients, _ = fit.stack.split(slope)
    exponents[k] = -np.log(scaled.x_scale)
    coefficients[k] = 1 / fit.stack.split(fit.parameters)[1][k]
    return slope


def _tied(constants: list[Constant]) -> list[Constant]:
    """Puts unnamed constants in exact proportion if the data supports a simple ratio."""
    tied = list(constants)
    for i, one in enumerate(tied):
        if one.name is not None:
            continue
        for j in range(i + 1, len(tied)):
            other = tied[j]
            if other.name is not None:
                continue
            ratio = other.value / one.value
            error = math.hypot(one.uncertainty, other.uncertainty)
            name = recognize(ratio, error)
            if name is None or "pi" in name or "sqrt" in name:
                continue
            tied[j] = dataclasses.replace(other, value=one.value * float(Fraction(name)))
    return tied
