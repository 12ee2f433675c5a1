"""Activations that multiply the input by a gate, or add a wave to it."""

from keras import ops

from keras_addmul.activations.dtype_of import in_dtype_of
from keras_addmul.activations.extrema import LISHT_STEEPEST, SILU_LEAST, SILU_STEEPEST
from keras_addmul.activations.registry import activation
from keras_addmul.annotations import ArrayLike, Tensor

__all__ = ["lisht", "snake", "swish"]


@activation(
    formula="x / (1 + exp(-beta * x))",
    range=(SILU_LEAST, float("inf")),
    smoothness=float("inf"),
    monotone=False,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=SILU_STEEPEST,
    layer="Swish",
    note="keras.activations.silu at beta = 1, which is all that Keras's swish offers",
    source="https://arxiv.org/abs/1710.05941",
)
def swish(x: ArrayLike, beta: ArrayLike = 1.0) -> Tensor:
    """Returns `x * sigmoid(beta * x)`: half the input at beta 0, ReLU as beta goes to infinity.

    Args:
        x: Tensor of any shape.
        beta: Number, or a tensor that broadcasts with `x`.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.swish([-2.0, 2.0], beta=0.0).numpy()
    array([-1.,  1.], dtype=float32)
    """
    x, beta = in_dtype_of(x, beta)
    return x * ops.sigmoid(beta * x)


@activation(
    formula="x * tanh(x)",
    range=(0.0, float("inf")),
    smoothness=float("inf"),
    monotone=False,
    left=(-1.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=LISHT_STEEPEST,
    source="https://arxiv.org/abs/1901.05894",
)
def lisht(x: ArrayLike) -> Tensor:
    """Returns `x * tanh(x)`, a smooth version of `abs(x)`.

    Args:
        x: Tensor of any shape.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.lisht([-2.0, 0.0, 20.0]).numpy().round(4)
    array([ 1.9281,  0.    , 20.    ], dtype=float32)
    """
    x = in_dtype_of(x)
    return x * ops.tanh(x)


@activation(
    formula="x + sin(alpha * x)**2 / alpha",
    range=(float("-inf"), float("inf")),
    smoothness=float("inf"),
    monotone=True,
    left=None,
    right=None,
    lipschitz=2.0,
    layer="Snake",
    source="https://arxiv.org/abs/2006.08195",
)
def snake(x: ArrayLike, alpha: ArrayLike = 1.0) -> Tensor:
    """Returns `x + sin(alpha * x)**2 / alpha`: a line with a wave, for periodic targets.

    Args:
        x: Tensor.
        alpha: Number or tensor, half the angular frequency of the wave. At 0 the result is
            the limit, `x`.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.snake([0.0, 1.0], alpha=0.5).numpy().round(4)
    array([0.    , 1.4597], dtype=float32)
    """
    x, alpha = in_dtype_of(x, alpha)
    still = alpha == 0.0
    wave = ops.square(ops.sin(alpha * x)) / ops.where(still, 1.0, alpha)
    # At alpha 0, the first term of the series, for its slope in alpha.
    return x + ops.where(still, alpha * ops.square(ops.where(still, x, 0.0)), wave)
