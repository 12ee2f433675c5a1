"""The sine and the Gaussian as activations."""

from keras import ops

from keras_addmul.activations.dtype_of import in_dtype_of
from keras_addmul.activations.extrema import GAUSSIAN_STEEPEST
from keras_addmul.activations.registry import activation
from keras_addmul.annotations import ArrayLike, Tensor

__all__ = ["gaussian", "sin"]


@activation(
    formula="sin(x)",
    range=(-1.0, 1.0),
    smoothness=float("inf"),
    monotone=False,
    left=None,
    right=None,
    lipschitz=1.0,
    aliases=("sine",),
    twins=(ops.sin,),
    source="https://arxiv.org/abs/2006.09661",
)
def sin(x: ArrayLike) -> Tensor:
    """Returns `sin(x)`, the activation of sinusoidal networks.

    Keras layers save `keras.ops.sin` in a form that they cannot load; this function they can.

    Args:
        x: Tensor.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.sin([0.0, 1.5707963]).numpy()
    array([0., 1.], dtype=float32)
    """
    return ops.sin(in_dtype_of(x))


@activation(
    formula="exp(-x**2)",
    range=(0.0, 1.0),
    smoothness=float("inf"),
    monotone=False,
    left=(0.0, 0.0),
    right=(0.0, 0.0),
    at_zero=1.0,
    lipschitz=GAUSSIAN_STEEPEST,
    aliases=("gauss",),
    source="https://arxiv.org/abs/2111.15135",
)
def gaussian(x: ArrayLike) -> Tensor:
    """Returns `exp(-x^2)`, which is 1 at zero and tends to 0 on both sides.

    Args:
        x: Tensor.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.gaussian([0.0, 1.0, 100.0]).numpy().round(4)
    array([1.    , 0.3679, 0.    ], dtype=float32)
    """
    x = in_dtype_of(x)
    # Clips where the result is 0 in every dtype, because the square could overflow.
    return ops.exp(-ops.square(ops.clip(x, -40.0, 40.0)))
