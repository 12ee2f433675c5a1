"""Axes of positions: their sizes, the two data formats, and their masks."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul.annotations import Shape, Tensor
from keras_addmul.layers.checks import check_name

__all__ = [
    "channels_first",
    "channels_last",
    "check_data_format",
    "check_sizes",
    "mask_of_positions",
    "windows_along",
]


def check_sizes(name: str, value: Any, rank: int) -> tuple[int, ...]:
    """Returns positive integers, one for each axis of positions.

    Args:
        name: Name of the argument, for the message.
        value: One for all axes, or a list of one for each.
        rank: The number of axes.

    Raises:
        ValueError: If the value is neither.
    """
    sizes = tuple(value) if isinstance(value, (list, tuple)) else (value,) * rank
    whole = all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in sizes)
    if len(sizes) != rank or not whole or min(sizes) < 1:
        raise ValueError(
            f"Argument `{name}` must be a positive integer, or a list of {rank}. "
            f"Received: {value!r}"
        )
    return tuple(int(v) for v in sizes)


def check_data_format(value: Any) -> str:
    """Returns the name of a data format; None stands for that of `keras.config`.

    Raises:
        ValueError: If the name is unknown.
    """
    value = keras.config.image_data_format() if value is None else value
    return check_name("data_format", value, ("channels_last", "channels_first"))


def channels_last(x: Tensor, data_format: str) -> Tensor:
    """Returns a tensor of a data format with its channels at the end."""
    if data_format == "channels_last":
        return x
    rank = len(x.shape)
    return ops.transpose(x, (0, *range(2, rank), 1))


def channels_first(x: Tensor, data_format: str) -> Tensor:
    """Returns a tensor with its channels at the end in a data format."""
    if data_format == "channels_last":
        return x
    rank = len(x.shape)
    return ops.transpose(x, (0, rank - 1, *range(1, rank - 1)))


def mask_of_positions(mask: Any, x: Tensor) -> Any:
    """Returns a mask of some axes as one of all positions of `x`, whose channels are last."""
    if mask is None:
        return None
    mask = mask[(..., *(None,) * (len(x.shape) - 1 - len(mask.shape)))]
    return ops.logical_and(mask, ops.ones_like(x[..., 0], dtype="bool"))


def windows_along(
    lengths: Shape,
    size: Sequence[int],
    strides: Sequence[int],
    padding: str,
    dilation: Sequence[int] | None = None,
) -> tuple[int | None, ...]:
    """Returns the number of windows along each axis, None where its length is.

    Raises:
        ValueError: If not one window fits.
    """
    found: list[int | None] = []
    for length, s, stride, d in zip(
        lengths, size, strides, dilation or (1,) * len(size), strict=True
    ):
        reach = (s - 1) * d + 1
        if length is None:
            found.append(None)
        elif padding == "valid":
            found.append((length - reach) // stride + 1)
        else:
            found.append(-(-length // stride))
    if any(n is not None and n < 1 for n in found):
        raise ValueError(
            f"The positions of an input must hold a window of size {tuple(size)} (dilation "
            f"{tuple(dilation or (1,))}). Received positions: {tuple(lengths)}"
        )
    return tuple(found)
