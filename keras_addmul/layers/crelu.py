"""A layer that keeps both halves of its input."""

from typing import Any

import keras

from keras_addmul import activations
from keras_addmul.annotations import Config, Shape, Tensor
from keras_addmul.layers.base import BaseLayer

__all__ = ["CReLU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class CReLU(BaseLayer):
    """Concatenates `relu(x)` and `relu(-x)` along an axis, so that no information is lost.

    Args:
        axis: Axis of the concatenation, whose size doubles. Not the batch axis.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the input has no such axis.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        None.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        `(batch, ..., 2 * features)`, or another axis doubled.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import CReLU
    >>> CReLU()(np.array([[-2.0, 3.0]], "float32")).numpy()
    array([[0., 3., 2., 0.]], dtype=float32)

    References:
        - [Shang et al., 2016](https://arxiv.org/abs/1603.05201)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(f"Argument `axis` must be an integer other than 0. Received: {axis!r}")
        self.axis: int = axis

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        if not -rank < self.axis < rank:
            raise ValueError(
                f"Argument `axis` must be one of an input of shape {tuple(input_shape)}, and not "
                f"the first. Received: {self.axis}"
            )
        self.input_spec = keras.layers.InputSpec(min_ndim=2)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.crelu(self.check(inputs), self.axis)

    def compute_mask(self, inputs: Tensor, mask: Any = None) -> Any:
        """Returns the mask, doubled if it covers the axis that was doubled."""
        if mask is None or self.axis % len(inputs.shape) >= len(mask.shape):
            return mask
        return keras.ops.concatenate([mask, mask], axis=self.axis % len(inputs.shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        shape: list[int | None] = list(input_shape)
        size = shape[self.axis]
        shape[self.axis] = None if size is None else 2 * size
        return tuple(shape)

    def get_config(self) -> Config:
        return {**super().get_config(), "axis": self.axis}
