"""Piecewise linear activations of single features."""

from keras import ops

from keras_addmul.activations.dtype_of import in_dtype_of
from keras_addmul.activations.rectified_power import repu
from keras_addmul.activations.registry import activation, describe
from keras_addmul.annotations import ArrayLike, Tensor

__all__ = ["apl", "leaky_relu", "prelu", "rrelu", "srelu"]


@activation(
    formula="x if x > 0 else negative_slope * x",
    range=(float("-inf"), float("inf")),
    smoothness=0,
    knots=(0.0,),
    monotone=True,
    straight=True,
    left=(0.01, 0.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    aliases=("lrelu",),
    note="slope 0.01; Keras's leaky_relu starts at 0.2, its layer LeakyReLU at 0.3",
    source="https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf",
)
def leaky_relu(x: ArrayLike, negative_slope: ArrayLike = 0.01) -> Tensor:
    """Returns `x` above 0 and `negative_slope * x` below.

    The default slope is the paper's. Keras's function has 0.2, its layer `LeakyReLU` 0.3.

    Args:
        x: Tensor of any shape.
        negative_slope: Number or tensor, the slope below 0.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.leaky_relu([-2.0, 3.0]).numpy()
    array([-0.02,  3.  ], dtype=float32)
    """
    return prelu(x, negative_slope)


@activation(
    formula="x if x > 0 else alpha * x",
    range=(float("-inf"), float("inf")),
    smoothness=0,
    knots=(0.0,),
    monotone=True,
    straight=True,
    left=(0.25, 0.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    note="keras.layers.PReLU learns alpha, from zero on; the paper starts at 1/4",
    source="https://arxiv.org/abs/1502.01852",
)
def prelu(x: ArrayLike, alpha: ArrayLike = 0.25) -> Tensor:
    """Returns `x` above 0 and `alpha * x` below.

    Args:
        x: Tensor.
        alpha: Number or tensor that broadcasts with `x`, the slope below 0.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.prelu([[-2.0, -2.0, 3.0]], [0.25, 0.5, 0.5]).numpy()
    array([[-0.5, -1. ,  3. ]], dtype=float32)
    """
    x, alpha = in_dtype_of(x, alpha)
    return ops.where(x > 0.0, x, alpha * x)


@activation(
    formula="x if x > 0 else (lower + upper) / 2 * x",
    range=(float("-inf"), float("inf")),
    smoothness=0,
    knots=(0.0,),
    monotone=True,
    straight=True,
    left=(11 / 48, 0.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    layer="RReLU",
    note="the slope is a factor; the paper's table divides by numbers of [3, 8]",
    source="https://arxiv.org/abs/1505.00853",
)
def rrelu(
    x: ArrayLike,
    lower: ArrayLike = 1 / 8,
    upper: ArrayLike = 1 / 3,
    uniform: ArrayLike | None = None,
) -> Tensor:
    """Returns `x` above 0 and `x` times a slope in [lower, upper] below, by default their mean.

    Args:
        x: Tensor.
        lower, upper: The smallest and the largest slope.
        uniform: Numbers in [0, 1) of the shape of `x` that place each slope between the
            two. None, as at inference, takes the mean slope.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.rrelu([-2.0, 2.0], 0.25, 0.75).numpy()
    array([-1.,  2.], dtype=float32)
    >>> activations.rrelu([-2.0, 2.0], 0.25, 0.75, uniform=[0.0, 0.0]).numpy()
    array([-0.5,  2. ], dtype=float32)
    """
    x, lower, upper, uniform = in_dtype_of(x, lower, upper, 0.5 if uniform is None else uniform)
    return prelu(x, lower + (upper - lower) * uniform)


@activation(
    formula="t_left + a_left * (x - t_left) if x < t_left else x if x < t_right"
    " else t_right + a_right * (x - t_right)",
    range=(float("-inf"), float("inf")),
    smoothness=0,
    knots=(0.0,),
    monotone=True,
    straight=True,
    left=(0.2, 0.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    layer="SReLU",
    aliases=("s_shaped_relu",),
    note="starts as a leaky ReLU: the right slope is 1 until it is learned",
    source="https://arxiv.org/abs/1512.07030",
)
def srelu(
    x: ArrayLike,
    t_left: ArrayLike = 0.0,
    a_left: ArrayLike = 0.2,
    t_right: ArrayLike = 1.0,
    a_right: ArrayLike = 1.0,
) -> Tensor:
    """Returns `x` between two thresholds, and lines with other slopes beyond them.

    It is `t_left + a_left * (x - t_left)` to the left and `t_right + a_right * (x - t_right)`
    to the right. It stays continuous: a right threshold below the left is raised to it.

    Args:
        x: Tensor.
        t_left, t_right: The thresholds.
        a_left, a_right: The slopes beyond them.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.srelu([-2.0, 0.5, 3.0], -1.0, 0.5, 1.0, 0.0).numpy()
    array([-1.5,  0.5,  1. ], dtype=float32)
    """
    x, t_left, a_left, t_right, a_right = in_dtype_of(x, t_left, a_left, t_right, a_right)
    t_right = ops.maximum(t_left, t_right)
    right = ops.where(x > t_right, t_right + a_right * (x - t_right), x)
    return ops.where(x < t_left, t_left + a_left * (x - t_left), right)


@activation(
    formula="max(0, x) + sum(a * max(0, b - x) for a, b in zip(slopes, hinges))",
    range=(float("-inf"), float("inf")),
    smoothness=0,
    knots=(-1.0, 0.0),
    monotone=True,
    straight=True,
    left=(0.2, 0.1),
    right=(1.0, 0.0),
    lipschitz=1.0,
    layer="APL",
    aliases=("adaptive_piecewise_linear",),
    source="https://arxiv.org/abs/1412.6830",
)
def apl(x: ArrayLike, slopes: ArrayLike = (-0.1, -0.1), hinges: ArrayLike = (0.0, -1.0)) -> Tensor:
    """Returns `max(0, x) + sum_s slopes[s] * max(0, hinges[s] - x)`.

    Args:
        x: Tensor.
        slopes, hinges: Tensors of shape `(pieces, ...)`; the last axes broadcast with `x`.

    Returns:
        Tensor like `x`.

    Example:

    >>> from keras_addmul import activations
    >>> activations.apl([-1.0, 0.5, 2.0], slopes=[-0.5], hinges=[1.0]).numpy()
    array([-1.  ,  0.25,  2.  ], dtype=float32)
    """
    x, slopes, hinges = in_dtype_of(x, slopes, hinges)
    y = ops.relu(x)
    for piece in range(slopes.shape[0]):
        below = x <= hinges[piece]  # so that the slope at a hinge is that of one side
        y = y + slopes[piece] * ops.where(below, hinges[piece] - x, 0.0)
    return y


describe(
    repu,
    formula="max(0, x)**s",
    range=(0.0, float("inf")),
    smoothness=1,
    knots=(0.0,),
    monotone=True,
    left=(0.0, 0.0),
    right=None,
    lipschitz=float("inf"),
    layer="RePU",
    aliases=("requ", "rectified_power_unit"),
    note="degree s has s - 1 continuous derivatives; 2 is also called ReQU",
    source="https://arxiv.org/abs/2305.15839",
)
