"""The soft exponential, a family of functions from the logarithm to the exponential."""

import math

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import bounded
from keras_addmul.special.dtypes import in_working_dtype
from keras_addmul.special.elementary import expm1_ratio, log1p_ratio

__all__ = ["soft_exponential"]


def soft_exponential(
    x: ArrayLike, alpha: ArrayLike, epsilon: float = 0.0, limit: float | None = None
) -> Tensor:
    """Soft exponential: the logarithm at alpha = -1, the identity at 0, the exponential at 1.

        alpha < 0:  -log(1 - alpha (x + alpha)) / alpha
        alpha = 0:  x
        alpha > 0:  (exp(alpha x) - 1) / alpha + alpha

    At alpha = 0 the slope in alpha is `1 + x^2 / 2` from both sides; the gradient equals it.

    Args:
        x: Tensor of floats.
        alpha: Tensor, broadcast against `x`.
        epsilon: Floor on the argument of the logarithm.
        limit: Bound on the magnitude of the result, or None.

    Returns:
        Tensor with the broadcast shape of `x` and `alpha`.

    Raises:
        TypeError: If an argument does not hold real numbers.

    Example:

    >>> from keras_addmul import special
    >>> special.soft_exponential(1.0, [-1.0, 0.0, 1.0]).numpy().round(4)
    array([0.    , 1.    , 2.7183], dtype=float32)

    References:
        - [Godfrey & Gashler, 2015](https://arxiv.org/abs/1602.01321)
    """

    def in_dtype(dtype, x, alpha):
        x = x if limit is None else bounded(x, -limit, limit)
        up = alpha >= 0.0
        zero = ops.zeros_like(x * alpha)
        grow = ops.where(up, alpha * x, zero)
        grow = grow if limit is None else bounded(grow, -math.inf, math.log(limit))
        shifted = x + alpha
        shrink = ops.where(up, zero, alpha * shifted)
        y = ops.where(up, x * expm1_ratio(grow) + alpha, shifted * log1p_ratio(shrink, epsilon))
        return y if limit is None else bounded(y, -limit, limit)

    return in_working_dtype(in_dtype, x=x, alpha=alpha)
