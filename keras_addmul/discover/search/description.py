"""The description length of a fit: the bits of the formula plus those of the residuals.

A formula is better if it describes the data in fewer bits (Rissanen, Automatica 14, 1978):
a real number costs half the logarithm of the number of rows, a simple exponent a few bits.
"""

import math

import numpy as np

from keras_addmul.discover.search.stack import Stack

__all__ = ["EXPONENTS", "bits_of", "bits_of_structure", "score"]

# Exponents that a formula may have, and the bits that each costs.
EXPONENTS: dict[float, float] = {
    0.0: 0.5,
    1.0: 1.5,
    -1.0: 2.0,
    2.0: 2.5,
    -2.0: 3.0,
    0.5: 3.0,
    -0.5: 3.5,
    3.0: 4.0,
    -3.0: 4.5,
    1.5: 4.5,
    -1.5: 5.0,
    4.0: 5.0,
    -4.0: 5.5,
    1 / 3: 5.5,
    -1 / 3: 6.0,
    2 / 3: 5.5,
    -2 / 3: 6.0,
    2.5: 6.0,
    -2.5: 6.5,
    0.25: 6.5,
    -0.25: 7.0,
    0.75: 6.5,
    -0.75: 7.0,
    5.0: 7.0,
    -5.0: 7.5,
    6.0: 7.0,
    -6.0: 7.5,
    4 / 3: 7.0,
    -4 / 3: 7.5,
}

# Bits of each term that is a product of powers, after the first, and of each that is a column or
# a constant: of laws that the rows cannot tell apart, one product is the likeliest.
_TERM, _LINEAR = 6.0, 1.0


def bits_of(stack: Stack, parameters: np.ndarray, free: np.ndarray, rows: int) -> float:
    """Returns the bits of one formula: its terms, exponents, coefficients and powers.

    Args:
        stack: The `Stack`.
        parameters: Parameters of the stack, of shape `(size,)`.
        free: Booleans of the same shape: which parameters have not snapped.
        rows: Number of rows of the fit.
    """
    real = 0.5 * math.log2(max(rows, 2)) + 1.0
    exponents, coefficients, _ = stack.split(parameters)
    loose_powers = int(free[stack.first_power :].sum())
    used = coefficients != 0
    unusual = np.vectorize(lambda e: float(e) not in EXPONENTS, otypes=[bool])(exponents)
    loose = (stack.split(free)[0] | unusual)[used]
    # The scale of every sum but one is a convention.
    numbers = int(used.sum()) + int(loose.sum()) + loose_powers - (len(stack.sums) - 1)
    return bits_of_structure(stack, parameters, free) + real * numbers


def bits_of_structure(stack: Stack, parameters: np.ndarray, free: np.ndarray) -> float:
    """Returns the bits of a formula without its fitted numbers."""
    exponents, coefficients, powers = stack.split(parameters)
    loose, _, _ = stack.split(free)
    bits, linear = 0.0, []
    for k in np.flatnonzero(coefficients):
        own = sum(
            _of_exponent(float(e), bool(moves))
            for e, moves in zip(exponents[k], loose[k], strict=True)
        )
        plain = np.count_nonzero(exponents[k]) <= 1 and set(exponents[k]) <= {0.0, 1.0}
        linear.append(plain and not loose[k].any())
        bits += min(own, 1.0 + math.log2(stack.columns)) if linear[-1] else own
    products = linear.count(False)
    bits += _TERM * max(products - 1, 0) + _LINEAR * linear.count(True)
    bits += _TERM - _LINEAR if len(linear) > 1 and products < 2 else 0.0
    return bits + sum(EXPONENTS.get(float(p), 3.0) - 1.5 for p in powers)


def _of_exponent(e: float, moves: bool) -> float:
    """Returns the bits of an exponent without those of its digits: the larger, the more."""
    if not moves and e in EXPONENTS:
        return EXPONENTS[e]
    return max(EXPONENTS[1.0], 2 * math.log2(1 + abs(e)))


def score(bits: float, cost: float, rows: int, rounding: float) -> float:
    """Returns the total bits, for a mean square residual relative to that of the targets."""
    return bits + 0.5 * rows * math.log2(cost + rounding**2)
