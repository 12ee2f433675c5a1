"""The neural multiplicative reciprocal unit."""

from typing import Any

import keras

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import check_number
from keras_addmul.layers.constraints import Interval

__all__ = ["NMRU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NMRU(ArithmeticUnit):
    """Neural multiplicative reciprocal unit (NMRU): multiplies and divides its inputs.

    It is a neural multiplication unit of the inputs and their reciprocals, `z = [x, 1/x]`,
    that treats magnitudes and signs separately:

        y_i = prod_j (W_ji |z_j| + 1 - W_ji) * cos(pi sum_j W_ji [z_j < 0])

    Args:
        units: Positive integer, number of outputs.
        epsilon: Floor on the magnitudes that are divided by.
        kernel_initializer: Initializer for the weights; by default uniform in [1/4, 3/4].
        kernel_regularizer: Regularizer for the weights, or None. The paper uses
            `WeightsToSigns(10.0)`.
        kernel_constraint: Constraint on the weights, or None. The default keeps them in
            [0, 1].
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` of shape `(2 * inputs, units)`: the upper half multiplies, the lower
        half divides.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import NMRU
    >>> layer = NMRU(1)
    >>> layer.build((None, 2))
    >>> _ = layer.kernel.assign([[1.0], [0.0], [0.0], [1.0]])
    >>> layer(np.array([[6.0, -3.0]], "float32")).numpy()
    array([[-2.]], dtype=float32)

    References:
        - [Mistry, Farrahi & Hare, 2021](https://arxiv.org/abs/2110.05177)
    """

    def __init__(
        self,
        units: int,
        epsilon: float = 1e-7,
        kernel_initializer: Identifier = "default",
        kernel_regularizer: Identifier = None,
        kernel_constraint: Identifier = "default",
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe(
            "kernel",
            kernel_initializer,
            kernel_regularizer,
            kernel_constraint,
            default_initializer=keras.initializers.RandomUniform(0.25, 0.75),
            default_constraint=Interval(0.0, 1.0),
        )

    def build(self, input_shape: Shape) -> None:
        self.kernel = self.create("kernel", (2 * self.count_inputs(input_shape), self.units))

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        limit = special.output_bound(self.compute_dtype)
        y = special.nmru(inputs, special.guarded(self.kernel), self.epsilon, limit)
        return keras.ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {**super().get_config(), "epsilon": self.epsilon}
