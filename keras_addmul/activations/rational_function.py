"""A rational activation without poles."""

import keras
from keras import ops

from keras_addmul.activations.dtype_of import in_dtype_of
from keras_addmul.activations.registry import activation
from keras_addmul.annotations import ArrayLike, Tensor

__all__ = ["STARTS", "rational"]

# Numerator and denominator, lowest power first, of the best fits to the named functions on
# [-3, 3]; by _precompute/fit_rational.py. Largest errors: 0.014, 1.4e-6, 5e-7.
STARTS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "leaky_relu": (
        (0.012376861, 0.50499999, 2.6882878, 4.3206001, 2.3501911, 0.42116399),
        (0.0, 8.5556437, 0.0, 0.83398807),
    ),
    "silu": (
        (4.5580706e-07, 0.5, 0.24999659, 0.053244884, 0.0057931015, 0.00027386843),
        (0.0, 0.10648977, 0.0, 0.00054773687),
    ),
    "tanh": (
        (0.0, 0.9999924, 0.0, 0.10749104, 0.0, 0.00086149733),
        (0.0, 0.44078951, 0.0, 0.01450418),
    ),
}

# The line that this start tends to on both sides: the quotient of the two polynomials.
_FAR = (
    STARTS["leaky_relu"][0][5] / STARTS["leaky_relu"][1][3],
    STARTS["leaky_relu"][0][4] / STARTS["leaky_relu"][1][3],
)


@activation(
    formula="sum(a * x**i for i, a in enumerate(numerator))"
    " / (1 + abs(sum(b * x**(i + 1) for i, b in enumerate(denominator))))",
    range=(float("-inf"), float("inf")),
    smoothness=float("inf"),
    monotone=False,
    left=_FAR,
    right=_FAR,
    at_zero=STARTS["leaky_relu"][0][0],
    lipschitz=1.1309008206818884,
    layer="Rational",
    aliases=("pade", "pau", "pade_activation_unit"),
    note="the start, near the leaky ReLU of slope 0.01 on [-3, 3] and of slope 0.505 far out; "
    "once `denominator[0]` is not 0, there is a corner at 0",
    source="https://arxiv.org/abs/1907.06732",
)
def rational(
    x: ArrayLike,
    numerator: ArrayLike = STARTS["leaky_relu"][0],
    denominator: ArrayLike = STARTS["leaky_relu"][1],
) -> Tensor:
    """Returns `P(x) / (1 + abs(Q(x)))` for polynomials P and Q, which has no poles.

    `P(x) = sum_i numerator[i] * x**i` and `Q(x) = sum_i denominator[i] * x**(i + 1)`.

    Args:
        x: Tensor.
        numerator: Tensor of shape `(m + 1, ...)`; the last axes broadcast with `x`.
        denominator: Tensor of shape `(n, ...)`. With m = n + 1, the default, the function
            tends to a line far out.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.rational([1.0, 2.0], numerator=[0.0, 1.0], denominator=[1.0]).numpy()
    array([0.5      , 0.6666667], dtype=float32)
    """
    x = in_dtype_of(x)
    dtype = keras.backend.standardize_dtype(x.dtype)
    if dtype in ("float16", "bfloat16"):  # high powers need more digits
        return ops.cast(rational(ops.cast(x, "float32"), numerator, denominator), dtype)
    x, numerator, denominator = in_dtype_of(x, numerator, denominator)
    m, n = numerator.shape[0] - 1, denominator.shape[0]
    # Beyond 1, where powers could overflow, uses powers of 1/x: P(x) = x**m p(1/x).
    far = ops.abs(x) > 1.0
    near, outside = ops.where(far, 0.0, x), ops.where(far, x, 1.0)
    inverse = 1.0 / ops.clip(outside, -1e15, 1e15)  # beyond, only the first term matters
    value = _polynomial(numerator, near) / (1.0 + ops.abs(near * _polynomial(denominator, near)))
    p = _polynomial(ops.flip(numerator, axis=0), inverse)
    q = _polynomial(ops.flip(denominator, axis=0), inverse)
    # Both terms underflow only where the function itself leaves the range of the dtype.
    beyond = p / ops.maximum(ops.abs(_power(inverse, n)) + ops.abs(q), 1e-37)
    growth = _power(outside, m - n) if m >= n else _power(1.0 / outside, n - m)
    return ops.where(far, _power(ops.sign(outside), n) * growth * beyond, value)


def _power(x, n):
    y = ops.ones_like(x)
    for _ in range(n):
        y = y * x
    return y


def _polynomial(coefficients, x):
    """Horner's rule, lowest power first."""
    y = coefficients[-1]
    for i in reversed(range(coefficients.shape[0] - 1)):
        y = y * x + coefficients[i]
    return y * ops.ones_like(x)
