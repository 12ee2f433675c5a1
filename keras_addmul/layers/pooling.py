"""Bases of the layers that pool positions by a learned operation."""

from typing import Any

import keras
from keras import ops

from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.checks import check_name
from keras_addmul.layers.positions import (
    channels_first,
    channels_last,
    check_data_format,
    check_sizes,
    mask_of_positions,
    windows_along,
)
from keras_addmul.layers.reducing import Reducing, without
from keras_addmul.special.sliding import windows

__all__ = ["GlobalPooling", "Pooling"]


class _OfPositions(Reducing):
    """Base of the layers on `(batch, *positions, channels)`, in either data format."""

    rank: int
    data_format: str

    def build(self, input_shape: Shape) -> None:
        """Creates one order for each channel."""
        self.create_order(input_shape[-1 if self.data_format == "channels_last" else 1])
        self.input_spec: Any = keras.layers.InputSpec(ndim=self.rank + 2)

    def last(self, shape: Shape) -> tuple[int | None, ...]:
        """A shape of the data format with its channels at the end."""
        return tuple(shape) if self.data_format == "channels_last" else (*_last(shape),)

    def own(self, shape: Shape) -> tuple[int | None, ...]:
        """A shape with its channels at the end in the data format."""
        first = (shape[0], shape[-1], *shape[1:-1])
        return tuple(shape) if self.data_format == "channels_last" else first

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "data_format": self.data_format}


def _last(shape):
    return (shape[0], *shape[2:], shape[1])


class Pooling(_OfPositions):
    """Base of the layers that pool windows.

    Args:
        pool_size, strides, padding, data_format: As in the pooling layers of Keras.
        shared, path, order_initializer, order_regularizer, order_constraint, epsilon: As for
            `Reducing`.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid.
    """

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        shared: bool = False,
        path: str = "kneser",
        order_initializer: Identifier = "default",
        order_regularizer: Identifier = None,
        order_constraint: Identifier = "default",
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            shared, path, order_initializer, order_regularizer, order_constraint, epsilon, **kwargs
        )
        self.pool_size: tuple[int, ...] = check_sizes("pool_size", pool_size, self.rank)
        strides = self.pool_size if strides is None else strides
        self.strides: tuple[int, ...] = check_sizes("strides", strides, self.rank)
        self.padding: str = check_name("padding", padding, ("valid", "same"))
        self.data_format: str = check_data_format(data_format)

    def build(self, input_shape: Shape) -> None:
        """Creates one order for each channel, if a window fits into the input."""
        self.compute_output_shape(input_shape)
        super().build(input_shape)

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        """Returns the pooled windows."""
        x = channels_last(self.check(inputs), self.data_format)
        mask = mask_of_positions(mask, x)
        x, inside = windows(x, self.pool_size, self.strides, self.padding, mask=mask)
        y = channels_first(self.reduced(x, -2, inside), self.data_format)
        return ops.cast(y, self.compute_dtype)

    def compute_mask(self, inputs: Tensor, mask: Any = None) -> Any:
        """Returns which windows hold a position that the mask keeps."""
        if mask is None:
            return None
        mask = mask_of_positions(mask, channels_last(inputs, self.data_format))
        inside = ops.cast(mask, "float32")[..., None]
        how = {"padding": self.padding, "data_format": "channels_last"}
        return ops.max_pool(inside, self.pool_size, self.strides, **how)[..., 0] > 0.0

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the pooled tensor."""
        batch, *lengths, channels = self.last(input_shape)
        count = windows_along(lengths, self.pool_size, self.strides, self.padding)
        return self.own((batch, *count, channels))

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }


class GlobalPooling(_OfPositions):
    """Base of the layers that pool all positions.

    Args:
        data_format, keepdims: As in the global pooling layers of Keras.
        shared, path, order_initializer, order_regularizer, order_constraint, epsilon: As for
            `Reducing`.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid.
    """

    def __init__(
        self,
        data_format: str | None = None,
        keepdims: bool = False,
        shared: bool = False,
        path: str = "kneser",
        order_initializer: Identifier = "default",
        order_regularizer: Identifier = None,
        order_constraint: Identifier = "default",
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            shared, path, order_initializer, order_regularizer, order_constraint, epsilon, **kwargs
        )
        self.data_format: str = check_data_format(data_format)
        self.keepdims: bool = bool(keepdims)

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        """Returns the pooled channels."""
        x = channels_last(self.check(inputs), self.data_format)
        mask = mask_of_positions(mask, x)
        size = ops.shape(x)
        x = ops.reshape(x, (size[0], -1, size[-1]))
        mask = None if mask is None else ops.reshape(mask, (size[0], -1, 1))
        y = ops.cast(self.reduced(x, 1, mask), self.compute_dtype)
        for _ in range(self.rank if self.keepdims else 0):
            y = ops.expand_dims(y, 1)
        return channels_first(y, self.data_format) if self.keepdims else y

    def compute_mask(self, inputs: Tensor, mask: Any = None) -> None:
        """Returns None: no position is left."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape without positions, or with one along each axis."""
        positions = range(1, self.rank + 1)
        left = without(self.last(input_shape), positions, self.keepdims)
        return self.own(left) if self.keepdims else left

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "keepdims": self.keepdims}
