"""The description length of a fit: the bits of the formula plus those of the residuals.

A formula is better if it describes the data in fewer bits (Rissanen, Automatica 14, 1978):
a real number costs half the logarithm of the number of rows, a simple exponent a few bits.
"""

import math

import numpy as np

from keras_addmul.discover.search.stack import Stack

__all__ = ["EXPONENTS", "bits_of", "score"]

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

# Extra bits of any other exponent: laws have simple exponents, and a chance deviation of three
# standard errors must not produce another one.
_UNUSUAL = 8.0

# Residuals below this, relative to the targets, are rounding.
_ROUNDING = 1e-10


def bits_of(stack: Stack, parameters: np.ndarray, free: np.ndarray, rows: int) -> float:
    """Returns the bits of one formula: its terms, exponents, coefficients and powers.

    Args:
        stack: The `Stack`.
        parameters: Parameters of the stack, of shape `(size,)`.
        free: Booleans of the same shape: which parameters have not snapped.
        rows: Number of rows of the fit.
    """
    real = 0.5 * math.log2(max(rows, 2)) + 3.0
    exponents, coefficients, powers = stack.split(parameters)
    loose, _, _ = stack.split(free)
    used = coefficients != 0
    bits = 0.0
    for k in np.flatnonzero(used):
        bits += 1.0 + real
        for e, moves in zip(exponents[k], loose[k], strict=True):
            bits += real + _UNUSUAL if moves else EXPONENTS.get(float(e), real + _UNUSUAL)
    # The scale of every sum but one is a convention.
    bits -= real * (len(stack.sums) - 1)
    return bits + sum(EXPONENTS.get(float(p), real) - 1.5 for p in powers)


def score(bits: float, cost: float, rows: int) -> float:
    """Returns the total bits, for a mean square residual relative to that of the targets."""
    return bits + 0.5 * rows * math.log2(cost + _ROUNDING**2)
