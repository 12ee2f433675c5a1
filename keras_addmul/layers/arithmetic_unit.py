"""Base of the densely connected layers."""

from typing import Any

import keras

from keras_addmul.annotations import Config, Shape
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import check_positive_integer, known_features

__all__ = ["ArithmeticUnit"]


class ArithmeticUnit(BaseLayer):
    """Base of the layers that connect every input to every unit.

    Args:
        units: Positive integer, number of outputs.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If `units` is not a positive integer.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units: int = check_positive_integer("units", units)

    def count_inputs(self, input_shape: Shape) -> int:
        """Returns the number of inputs, and makes the layer accept only this number.

        Raises:
            ValueError: If the number is unknown.
        """
        inputs = known_features(self, input_shape)
        self.input_spec: Any = keras.layers.InputSpec(min_ndim=2, axes={-1: inputs})
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the output."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "units": self.units}
