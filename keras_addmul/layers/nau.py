"""The neural addition unit."""

from typing import Any

import keras

from keras_addmul import special
from keras_addmul.annotations import Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.constraints import Interval
from keras_addmul.layers.initializers import NAUUniform

__all__ = ["NAU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NAU(ArithmeticUnit):
    """Neural addition unit (NAU): adds, subtracts or leaves out each input.

    `y_i = sum_j W_ji x_j` with weights in [-1, 1]. Train it with the regularizer
    `WeightsToSigns(0.01)` to drive the weights to -1, 0 and 1.

    Args:
        units: Positive integer, number of outputs.
        kernel_initializer: Initializer for the weights; `NAUUniform` by default.
        kernel_regularizer: Regularizer for the weights, or None.
        kernel_constraint: Constraint on the weights, or None. The default keeps them in
            [-1, 1].
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` of shape `(inputs, units)`.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import NAU
    >>> layer = NAU(1, kernel_initializer="ones")
    >>> layer(np.array([[2.0, 3.0]], "float32")).numpy()
    array([[5.]], dtype=float32)

    References:
        - [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016)
    """

    def __init__(
        self,
        units: int,
        kernel_initializer: Identifier = "default",
        kernel_regularizer: Identifier = None,
        kernel_constraint: Identifier = "default",
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.describe(
            "kernel",
            kernel_initializer,
            kernel_regularizer,
            kernel_constraint,
            default_initializer=NAUUniform(),
            default_constraint=Interval(-1.0, 1.0),
        )

    def build(self, input_shape: Shape) -> None:
        self.kernel = self.create("kernel", (self.count_inputs(input_shape), self.units))

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        return keras.ops.matmul(inputs, special.guarded(self.kernel))
