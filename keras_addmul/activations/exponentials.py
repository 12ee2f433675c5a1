"""Activations that are exponential or similar below 0."""

import keras
from keras import ops

from keras_addmul import special
from keras_addmul.activations.dtype_of import in_dtype_of
from keras_addmul.activations.extrema import ELISH_LEAST, HARD_ELISH_LEAST, SILU_STEEPEST
from keras_addmul.activations.registry import activation
from keras_addmul.activations.sigmoids import hard_sigmoid, isru
from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.elementary import expm1

__all__ = ["celu", "elish", "hard_elish", "isrlu", "pelu", "soft_exponential"]


@activation(
    formula="a / b * x if x > 0 else a * (exp(x / b) - 1)",
    range=(-1.0, float("inf")),
    smoothness=1,
    knots=(0.0,),
    monotone=True,
    left=(0.0, -1.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    layer="PELU",
    note="ELU at a = b = 1; the survey prints `a * exp(x / b) - 1`, which jumps at 0",
    source="https://arxiv.org/abs/1605.09332",
)
def pelu(x: ArrayLike, a: ArrayLike = 1.0, b: ArrayLike = 1.0) -> Tensor:
    """Returns `a/b * x` above 0 and `a * (exp(x/b) - 1)` below: once differentiable.

    Args:
        x: Tensor.
        a: Positive number or tensor; the limit on the left is -a.
        b: Positive number or tensor, the decay length of the exponential.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.pelu([-1e4, 0.0, 3.0], a=2.0, b=4.0).numpy()
    array([-2. ,  0. ,  1.5], dtype=float32)
    """
    x, a, b = in_dtype_of(x, a, b)
    below = x < 0.0
    return a * ops.where(below, expm1(ops.where(below, x, 0.0) / b), x / b)


@activation(
    formula="x if x > 0 else alpha * (exp(x / alpha) - 1)",
    range=(-1.0, float("inf")),
    smoothness=1,
    knots=(0.0,),
    monotone=True,
    left=(0.0, -1.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    twins=(keras.activations.celu, ops.celu),
    note="Keras's celu has the same values, and at 0 itself the slope 2 instead of 1",
    source="https://arxiv.org/abs/1704.07483",
)
def celu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Tensor:
    """Returns `x` above 0 and `alpha * (exp(x/alpha) - 1)` below: `pelu(x, alpha, alpha)`.

    Args:
        x: Tensor of any shape.
        alpha: Positive number or tensor; the limit on the left is -alpha.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.celu([-1e4, 3.0], alpha=2.0).numpy()
    array([-2.,  3.], dtype=float32)
    """
    return pelu(x, alpha, alpha)


@activation(
    formula="(x if x > 0 else exp(x) - 1) / (1 + exp(-x))",
    range=(ELISH_LEAST, float("inf")),
    smoothness=1,
    knots=(0.0,),
    monotone=False,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=SILU_STEEPEST,
    source="https://arxiv.org/abs/1808.00783",
)
def elish(x: ArrayLike) -> Tensor:
    """Returns `x * sigmoid(x)` above 0 and `(exp(x) - 1) * sigmoid(x)` below.

    Args:
        x: Tensor of any shape.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.elish([-1.0, 0.0, 1.0]).numpy().round(4)
    array([-0.17  ,  0.    ,  0.7311], dtype=float32)
    """
    x = in_dtype_of(x)
    return _linear_or_exponential(x) * ops.sigmoid(x)


@activation(
    formula="(x if x > 0 else exp(x) - 1) * min(1, max(0, (x + 1) / 2))",
    range=(HARD_ELISH_LEAST, float("inf")),
    smoothness=0,
    knots=(-1.0, 1.0),
    monotone=False,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=1.5,
    aliases=("hardelish",),
    source="https://arxiv.org/abs/1808.00783",
)
def hard_elish(x: ArrayLike) -> Tensor:
    """Returns `elish(x)` with the `hard_sigmoid` of slope 1/2 in place of the sigmoid.

    Args:
        x: Tensor of any shape.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.hard_elish([-1.0, 0.0, 0.5, 2.0]).numpy()
    array([-0.   ,  0.   ,  0.375,  2.   ], dtype=float32)
    """
    x = in_dtype_of(x)
    return _linear_or_exponential(x) * hard_sigmoid(x)


@activation(
    formula="x if x > 0 else x / sqrt(1 + alpha * x**2)",
    range=(-1.0, float("inf")),
    smoothness=2,
    knots=(0.0,),
    monotone=True,
    left=(0.0, -1.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    layer="ISRLU",
    aliases=("inverse_square_root_linear_unit",),
    source="https://arxiv.org/abs/1710.09967",
)
def isrlu(x: ArrayLike, alpha: ArrayLike = 1.0) -> Tensor:
    """Returns `x` above 0 and `x / sqrt(1 + alpha * x**2)` below: twice differentiable.

    Args:
        x: Tensor.
        alpha: Positive number or tensor; the limit on the left is -1/sqrt(alpha).

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.isrlu([-1e30, -0.75, 3.0]).numpy()
    array([-1. , -0.6,  3. ], dtype=float32)
    """
    x = in_dtype_of(x)
    below = x < 0.0
    return ops.where(below, isru(ops.where(below, x, 0.0), alpha), x)


@activation(
    formula="x if alpha == 0 else (exp(alpha * x) - 1) / alpha + alpha if alpha > 0"
    " else -log(1 - alpha * (x + alpha)) / alpha",
    range=(-1.5, float("inf")),
    smoothness=float("inf"),
    monotone=True,
    left=(0.0, -1.5),
    right=None,
    at_zero=0.5,
    lipschitz=float("inf"),
    layer="SoftExponential",
    note="log at alpha = -1, the identity at 0, exp at 1",
    source="https://arxiv.org/abs/1602.01321",
)
def soft_exponential(x: ArrayLike, alpha: ArrayLike = 0.5) -> Tensor:
    """Returns the soft exponential: `log(x)` at alpha -1, `x` at alpha 0, `exp(x)` at alpha 1.

    It is `special.soft_exponential`, bounded so that outputs and their squares stay finite. The
    argument of the logarithm is at least 1e-7.

    Args:
        x: Tensor of any shape.
        alpha: Number in [-1, 1], or a tensor that broadcasts with `x`.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.soft_exponential([0.0, 1.0], alpha=1.0).numpy().round(4)
    array([1.    , 2.7183], dtype=float32)
    """
    x, alpha = in_dtype_of(x, alpha)
    limit = special.output_bound(keras.backend.standardize_dtype(x.dtype))
    return special.soft_exponential(x, alpha, epsilon=1e-7, limit=limit)


def _linear_or_exponential(x):
    below = x < 0.0
    return ops.where(below, expm1(ops.where(below, x, 0.0)), x)
