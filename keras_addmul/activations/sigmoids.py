"""Sigmoids, hard sigmoids and related activations."""

import keras
from keras import ops

from keras_addmul.activations.dtype_of import in_dtype_of
from keras_addmul.activations.extrema import DSILU_LARGEST
from keras_addmul.activations.registry import activation
from keras_addmul.annotations import ArrayLike, Tensor

__all__ = ["dsilu", "hard_sigmoid", "isru", "tangent_sigmoid"]


@activation(
    formula="min(1, max(0, slope * x + 1 / 2))",
    range=(0.0, 1.0),
    smoothness=0,
    knots=(-1.0, 1.0),
    monotone=True,
    straight=True,
    left=(0.0, 0.0),
    right=(0.0, 1.0),
    at_zero=0.5,
    lipschitz=0.5,
    note="keras.activations.sparse_sigmoid; Keras's own hard_sigmoid is the one of slope 1/6",
    source="https://arxiv.org/abs/1811.03378",
)
def hard_sigmoid(x: ArrayLike, slope: ArrayLike = 0.5) -> Tensor:
    """Returns `clip(slope * x + 1/2, 0, 1)`, a piecewise linear sigmoid.

    Three functions have this name. The survey's, the default here and
    `keras.activations.sparse_sigmoid`, has slope 1/2. `keras.activations.hard_sigmoid` has
    slope 1/6. That of papers on noisy activations, `tangent_sigmoid`, has slope 1/4.

    Args:
        x: Tensor.
        slope: Positive number, the slope at 0.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.hard_sigmoid([-2.0, 0.0, 0.5, 1.0]).numpy()
    array([0.  , 0.5 , 0.75, 1.  ], dtype=float32)
    """
    x, slope = in_dtype_of(x, slope)
    return keras.activations.sparse_sigmoid(2.0 * slope * x)


@activation(
    formula="min(1, max(0, x / 4 + 1 / 2))",
    range=(0.0, 1.0),
    smoothness=0,
    knots=(-2.0, 2.0),
    monotone=True,
    straight=True,
    left=(0.0, 0.0),
    right=(0.0, 1.0),
    at_zero=0.5,
    lipschitz=0.25,
    note="the hard sigmoid of the paper on noisy activations; `hard_sigmoid` has slope 1/2",
    source="https://arxiv.org/abs/1603.00391",
)
def tangent_sigmoid(x: ArrayLike) -> Tensor:
    """Returns `clip(x / 4 + 1/2, 0, 1)`: the tangent of the sigmoid at 0, clipped to its limits.

    The paper on noisy activations calls it the hard sigmoid, a name that other papers use for
    slopes 1/2 and 1/6.

    Args:
        x: Tensor.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.tangent_sigmoid([-3.0, 0.0, 1.0]).numpy()
    array([0.  , 0.5 , 0.75], dtype=float32)
    """
    x = in_dtype_of(x)
    return ops.clip(0.25 * x + 0.5, 0.0, 1.0)


@activation(
    formula="(1 + x * exp(-x) / (1 + exp(-x))) / (1 + exp(-x))",
    range=(1.0 - DSILU_LARGEST, DSILU_LARGEST),
    smoothness=float("inf"),
    monotone=False,
    left=(0.0, 0.0),
    right=(0.0, 1.0),
    at_zero=0.5,
    lipschitz=0.5,
    aliases=("silu_derivative",),
    source="https://arxiv.org/abs/1702.03118",
)
def dsilu(x: ArrayLike) -> Tensor:
    """Returns the derivative of SiLU, `sigmoid(x) * (1 + x * sigmoid(-x))`.

    Args:
        x: Tensor of any shape.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.dsilu([0.0, 2.4]).numpy().round(4)
    array([0.5   , 1.0998], dtype=float32)
    """
    x = in_dtype_of(x)
    # sigmoid(-x) is 1 - sigmoid(x) without the cancellation.
    return ops.sigmoid(x) * (1.0 + x * ops.sigmoid(-x))


@activation(
    formula="x / sqrt(1 + alpha * x**2)",
    range=(-1.0, 1.0),
    smoothness=float("inf"),
    monotone=True,
    left=(0.0, -1.0),
    right=(0.0, 1.0),
    lipschitz=1.0,
    layer="ISRU",
    aliases=("inverse_square_root_unit",),
    source="https://arxiv.org/abs/1710.09967",
)
def isru(x: ArrayLike, alpha: ArrayLike = 1.0) -> Tensor:
    """Returns `x / sqrt(1 + alpha * x**2)`, similar to tanh at the cost of one square root.

    Args:
        x: Tensor.
        alpha: Positive number or tensor; the limits are -1/sqrt(alpha) and 1/sqrt(alpha).

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.isru([0.0, 0.75, 1e30]).numpy()
    array([0. , 0.6, 1. ], dtype=float32)
    """
    x, alpha = in_dtype_of(x, alpha)
    # Beyond 1 the square could overflow, so numerator and denominator are divided by |x|.
    size = ops.abs(x)
    far = size > 1.0
    near = ops.where(far, 0.0, x)
    inverse = 1.0 / ops.where(far, size, 1.0)
    return ops.where(
        far,
        ops.sign(x) / ops.sqrt(ops.square(inverse) + ops.where(far, alpha, 1.0)),
        near / ops.sqrt(1.0 + alpha * ops.square(near)),
    )
