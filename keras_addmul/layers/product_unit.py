"""The product unit."""

from typing import Any

import keras

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import check_number

__all__ = ["ProductUnit"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class ProductUnit(ArithmeticUnit):
    """Product unit: a product of powers of its inputs.

    `y_i = prod_j x_j ** W_ji`, or its real part where inputs are negative:

        y_i = exp(sum_j W_ji log|x_j|) * cos(pi sum_j W_ji [x_j < 0])

    Args:
        units: Positive integer, number of outputs.
        epsilon: Floor on the magnitudes whose logarithm is taken.
        kernel_initializer: Initializer for the exponents.
        kernel_regularizer: Regularizer for the exponents, or None.
        kernel_constraint: Constraint on the exponents, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` of shape `(inputs, units)`, the exponents.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import ProductUnit
    >>> layer = ProductUnit(1, kernel_initializer="ones")
    >>> layer(np.array([[2.0, -3.0]], "float32")).numpy().round(4)
    array([[-6.]], dtype=float32)

    References:
        - [Durbin & Rumelhart, 1989](https://doi.org/10.1162/neco.1989.1.1.133)
    """

    def __init__(
        self,
        units: int,
        epsilon: float = 1e-7,
        kernel_initializer: Identifier = "glorot_uniform",
        kernel_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        self.kernel = self.create("kernel", (self.count_inputs(input_shape), self.units))

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        limit = special.output_bound(self.compute_dtype)
        y = special.product_unit(inputs, special.guarded(self.kernel), self.epsilon, limit)
        return keras.ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {**super().get_config(), "epsilon": self.epsilon}
