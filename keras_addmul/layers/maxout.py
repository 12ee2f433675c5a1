"""A dense layer whose units take the maximum of several linear units."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul import activations
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import check_positive_integer

__all__ = ["Maxout"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class Maxout(ArithmeticUnit):
    """Dense layer in which each unit is the maximum of several linear units.

    `y_i = max_k (sum_j kernel[j, i, k] * x_j + bias[i, k])`. Each unit learns its own
    convex activation, made of `pieces` linear pieces.

    Args:
        units: Positive integer, number of outputs.
        pieces: Positive integer, number of linear units behind each output.
        use_bias: Whether to add biases.
        kernel_initializer, bias_initializer: Initializers. The kernel's is called with the
            shape `(inputs, units * pieces)`; the default is
            LeCun uniform, so that a new layer's outputs have the size of its inputs.
        kernel_regularizer, bias_regularizer: Regularizers, or None.
        kernel_constraint, bias_constraint: Constraints, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` of shape `(inputs, units * pieces)` and `bias` of shape
        `(units * pieces,)`, with the pieces of a unit next to each other.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import Maxout
    >>> layer = Maxout(1, pieces=2)
    >>> layer.build((None, 1))
    >>> _ = layer.kernel.assign([[1.0, -1.0]])  # the absolute value
    >>> layer(np.array([[-3.0], [2.0]], "float32")).numpy()
    array([[3.],
           [2.]], dtype=float32)

    References:
        - [Goodfellow et al., 2013](https://arxiv.org/abs/1302.4389)
    """

    def __init__(
        self,
        units: int,
        pieces: int = 2,
        use_bias: bool = True,
        kernel_initializer: Identifier = "default",
        bias_initializer: Identifier = "zeros",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.pieces: int = check_positive_integer("pieces", pieces)
        self.use_bias: bool = bool(use_bias)
        self.describe(
            "kernel",
            kernel_initializer,
            kernel_regularizer,
            kernel_constraint,
            # LeCun's, and the largest of the pieces has the size of one of them.
            default_initializer=keras.initializers.VarianceScaling(
                1.0 / _square_of_largest(self.pieces), "fan_in", "uniform"
            ),
        )
        self.describe("bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: Shape) -> None:
        pieces = self.units * self.pieces
        self.kernel = self.create("kernel", (self.count_inputs(input_shape), pieces))
        self.bias = self.create("bias", (pieces,)) if self.use_bias else None

    def call(self, inputs: Tensor) -> Tensor:
        y = ops.matmul(self.check(inputs), self.kernel)
        y = y if self.bias is None else ops.add(y, self.bias)
        return activations.maxout(y, self.pieces)

    def get_config(self) -> Config:
        return {**super().get_config(), "pieces": self.pieces, "use_bias": self.use_bias}


def _square_of_largest(pieces: int) -> float:
    """The mean square of the largest of several independent normal numbers."""
    x, step = np.linspace(-9.0, 9.0, 1801, retstep=True)
    below = np.array([0.5 * math.erfc(-v / math.sqrt(2.0)) for v in x])
    density = pieces * below ** (pieces - 1) * np.exp(-0.5 * x**2) / math.sqrt(2.0 * math.pi)
    return float(step * np.sum(x**2 * density))
