"""Windows over the positions of a sequence, an image or a volume."""

import itertools
from collections.abc import Sequence
from typing import Any

from keras import ops

from keras_addmul.annotations import Tensor

__all__ = ["windows"]


def windows(
    x: Tensor,
    size: Sequence[int],
    strides: Sequence[int],
    padding: str = "valid",
    dilation: Sequence[int] | None = None,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Returns the windows of a tensor, and which of their numbers lie inside of it.

    Args:
        x: Tensor of shape `(batch, *positions, channels)`.
        size: Size of a window along each axis of positions.
        strides: Distance between windows along each axis.
        padding: `"valid"`, `"same"` or `"causal"`, as in Keras.
        dilation: Distance between the numbers of a window along each axis; 1 by default.
        mask: Booleans of shape `(batch, *positions)`: those that are False count as outside.

    Returns:
        Tensor of shape `(batch, *windows, prod(size), channels)`; and booleans of the shape
        `(batch, *windows, prod(size), 1)`, or None where every number lies inside. Numbers
        outside are 0.
    """
    dilation = dilation or (1,) * len(size)
    lengths = ops.shape(x)[1:-1]
    plans = [_plan(*each, padding) for each in zip(lengths, size, strides, dilation, strict=True)]
    pads = [pad for pad, _ in plans]

    def cut(t):
        if padding != "valid":
            t = ops.pad(t, [(0, 0), *pads, (0, 0)])
        every = itertools.product(*(starts for _, starts in plans))
        return ops.stack([t[(slice(None), *starts)] for starts in every], axis=-2)

    if padding == "valid" and mask is None:
        return cut(x), None
    inside = ops.ones_like(x[..., :1], dtype="int32")
    if mask is not None:
        inside = inside * ops.cast(mask, "int32")[..., None]
    return cut(x), cut(inside) > 0


def _plan(length: Any, size: int, stride: int, dilation: int, padding: str) -> Any:
    """The numbers to add at both ends of an axis, and the slice of each place in the windows."""
    reach = (size - 1) * dilation + 1
    before = after = 0
    if padding == "causal":
        before = reach - 1
    elif padding == "same":
        count = (length + stride - 1) // stride
        missing = (count - 1) * stride + reach - length
        missing = max(missing, 0) if isinstance(missing, int) else ops.maximum(missing, 0)
        before = missing // 2
        after = missing - before
    count = (length + before + after - reach) // stride + 1
    last = (count - 1) * stride + 1
    starts = [slice(i * dilation, i * dilation + last, stride) for i in range(size)]
    return (before, after), starts
