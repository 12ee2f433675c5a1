"""The rectified power unit."""

import keras
from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.gradients import custom_gradient

__all__ = ["repu"]

# The smallest normal numbers: XLA flushes smaller ones to 0, and so does this file.
_SMALLEST = {"float16": 6.104e-05, "float64": 2.2251e-308}


@keras.saving.register_keras_serializable("keras_addmul", "repu")
def repu(x: ArrayLike, s: ArrayLike = 2, limit: float | None = None) -> Tensor:
    """Returns `max(0, x)^s`: the rectified power unit of degree `s`.

    Degree 1 is ReLU; degree `s` has `s - 1` continuous derivatives. Every gradient is
    finite, and zero at `x = 0`, even if `s < 1` or `s` is learned.

    Args:
        x: Tensor.
        s: Positive number, or a tensor of positive numbers that broadcasts with `x`. A
            Python integer needs only multiplications. Otherwise inputs below the smallest
            normal number of the dtype count as 0.
        limit: Largest output, or None. Larger outputs are clipped to it and keep the
            slope of the point where it is reached, so that training leads back.

    Returns:
        Tensor like `x`.

    Raises:
        ValueError: If `s` is not above 0.

    Example:

    >>> from keras_addmul.activations.rectified_power import repu
    >>> repu([-1.0, 0.0, 3.0], 2).numpy()
    array([0., 0., 9.], dtype=float32)
    >>> repu([-1.0, 0.0, 4.0], 0.5).numpy()
    array([0., 0., 2.], dtype=float32)

    References:
        - [Heeringa et al., 2023](https://arxiv.org/abs/2305.15839)
    """
    if isinstance(s, (bool, str)) or (isinstance(s, (int, float)) and not s > 0):
        raise ValueError(f"Argument `s` must be a number above 0. Received: {s!r}")
    x = ops.convert_to_tensor(x)
    dtype = keras.backend.result_type(x.dtype, float)
    x = ops.cast(x, dtype)
    whole = isinstance(s, int)
    if not whole:
        # Computes in single precision: an exponential loses digits as its argument grows.
        inner = "float32" if dtype in ("float16", "bfloat16") else dtype
        x, s = ops.cast(x, inner), ops.cast(ops.convert_to_tensor(s), inner)
    if limit is not None:
        x = _at_most(x, limit ** (1.0 / s))
    y = _whole_power(ops.relu(x), s) if whole else _real_power(x, s, dtype)
    return ops.cast(y, dtype)


def _whole_power(x, s):
    """`x^s` by squaring, so that its gradient contains no logarithm."""
    if s == 1:
        return x
    root = _whole_power(x, s // 2)
    return root * root * x if s % 2 else root * root


def _real_power(x, s, dtype):
    smallest = _SMALLEST.get(dtype, 1.1755e-38)
    positive = x >= smallest
    safe = ops.where(positive, x, ops.ones_like(x))
    return ops.where(positive, ops.exp(s * ops.log(safe)), 0.0)


def _at_most(x, largest):
    """Returns `min(x, largest)` with the slope of `x` on both sides."""

    @custom_gradient
    def f(x, largest):
        def grad(upstream):
            return upstream, None

        return ops.minimum(x, largest), grad

    return f(x, ops.convert_to_tensor(largest, dtype=x.dtype))
