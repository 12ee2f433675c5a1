"""Minima and steepest points of activations: each number with the equation it solves.

The tests solve the equations at fifty digits.
"""

import math

__all__ = [
    "DSILU_LARGEST",
    "ELISH_LEAST",
    "GAUSSIAN_STEEPEST",
    "GELU_LEAST",
    "GELU_STEEPEST",
    "HARD_ELISH_LEAST",
    "LISHT_STEEPEST",
    "MISH_LEAST",
    "MISH_STEEPEST",
    "SELU_SCALE",
    "SELU_STEEPEST",
    "SILU_LEAST",
    "SILU_STEEPEST",
]

# x tanh(x): the slope is largest where x tanh(x) = 1, and equals x there.
LISHT_STEEPEST: float = 1.1996786402577339

# x sigmoid(x): its minimum is -W(1/e), with Lambert's W; it is steepest at twice the number
# above.
SILU_LEAST: float = -0.27846454276107380
SILU_STEEPEST: float = (1.0 + LISHT_STEEPEST) / 2.0

# The slope of the SiLU lies between 1 - SILU_STEEPEST and SILU_STEEPEST.
DSILU_LARGEST: float = SILU_STEEPEST

# x Phi(x): steepest at sqrt(2).
GELU_LEAST: float = -0.16997120747990366
GELU_STEEPEST: float = (1.0 + math.erf(1.0)) / 2.0 + math.exp(-1.0) / math.sqrt(math.pi)

# x tanh(softplus(x)).
MISH_LEAST: float = -0.30884341301725040
MISH_STEEPEST: float = 1.0884981612517279

# (exp(x) - 1) sigmoid(x): minimal where exp(x) = sqrt(2) - 1.
ELISH_LEAST: float = -1.0 / (3.0 + 2.0 * math.sqrt(2.0))

# (exp(x) - 1) (x + 1) / 2: minimal at W(e^2) - 2.
HARD_ELISH_LEAST: float = -0.09967315152874262

# exp(-x^2): steepest at 1/sqrt(2).
GAUSSIAN_STEEPEST: float = math.sqrt(2.0) * math.exp(-0.5)

# SELU's two constants, which keep mean 0 and variance 1; just below 0 its slope is their product.
SELU_SCALE: float = 1.0507009873554805
SELU_STEEPEST: float = SELU_SCALE * 1.6732632423543772
