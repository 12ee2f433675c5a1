"""Piecewise linear activations that combine features."""

from keras import ops

from keras_addmul.activations.dtype_of import in_dtype_of
from keras_addmul.activations.registry import activation
from keras_addmul.annotations import ArrayLike, Tensor

__all__ = ["crelu", "maxout"]


@activation(
    formula="relu(x) and relu(-x), side by side",
    range=(0.0, float("inf")),
    smoothness=0,
    monotone=False,
    left=None,
    right=None,
    lipschitz=1.0,
    elementwise=False,
    layer="CReLU",
    aliases=("concatenated_relu",),
    note="doubles the features",
    source="https://arxiv.org/abs/1603.05201",
)
def crelu(x: ArrayLike, axis: int = -1) -> Tensor:
    """Returns the concatenation of `relu(x)` and `relu(-x)` along an axis, which doubles in size.

    Args:
        x: Tensor of shape `(..., features)`.
        axis: Integer, axis of the concatenation.

    Returns:
        Tensor like `x`, twice as large along the axis.

    Example:

    >>> from keras_addmul import activations
    >>> activations.crelu([[-2.0, 3.0]]).numpy()
    array([[0., 3., 2., 0.]], dtype=float32)
    """
    x = in_dtype_of(x)
    return ops.concatenate([ops.relu(x), ops.relu(-x)], axis=axis)


@activation(
    formula="the largest of each `pieces` neighbouring features",
    range=(float("-inf"), float("inf")),
    smoothness=0,
    monotone=True,
    left=None,
    right=None,
    lipschitz=1.0,
    elementwise=False,
    layer="Maxout",
    note="divides the features by `pieces`; the layer brings the linear maps",
    source="https://arxiv.org/abs/1302.4389",
)
def maxout(x: ArrayLike, pieces: int = 2) -> Tensor:
    """Returns the maximum of each group of `pieces` neighbouring features.

    Args:
        x: Tensor of shape `(..., features)`.
        pieces: Positive integer that divides the number of features.

    Returns:
        Tensor of shape `(..., features // pieces)`.

    Raises:
        ValueError: If `pieces` does not divide the number of features.

    Example:

    >>> from keras_addmul import activations
    >>> activations.maxout([[1.0, 5.0, -2.0, -3.0]]).numpy()
    array([[ 5., -2.]], dtype=float32)
    """
    x = in_dtype_of(x)
    features = x.shape[-1]
    if features is None or features % pieces:
        raise ValueError(
            f"Argument `pieces` must divide the features. Received: {pieces!r} for a tensor of "
            f"shape {tuple(x.shape)}"
        )
    y = x[..., ::pieces]
    for piece in range(1, pieces):
        y = ops.maximum(y, x[..., piece::pieces])
    return y
