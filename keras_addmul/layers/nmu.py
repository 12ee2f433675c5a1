"""The neural multiplication unit."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.constraints import Interval
from keras_addmul.layers.seeded_layer import SeededLayer

__all__ = ["NMU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NMU(SeededLayer, ArithmeticUnit):
    """Neural multiplication unit (NMU): multiplies some inputs and leaves out the others.

    `y_i = prod_j (W_ji x_j + 1 - W_ji)` with weights in [0, 1]. Train it with the
    regularizer `WeightsToSigns(10.0)` to drive the weights to 0 and 1. With `noise` it is
    the stochastic unit sNMU: in training it multiplies each input by a random factor and
    divides the product by that of the gated factors.

    Args:
        units: Positive integer, number of outputs.
        noise: Bounds of the random factors, such as `(1.0, 5.0)`, or None for no noise.
        seed: Integer seed of the noise, or None.
        kernel_initializer: Initializer for the weights; by default uniform in [1/4, 3/4].
        kernel_regularizer: Regularizer for the weights, or None.
        kernel_constraint: Constraint on the weights, or None. The default keeps them in
            [0, 1].
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
    >>> from keras_addmul.layers import NMU
    >>> layer = NMU(1, kernel_initializer="ones")
    >>> layer(np.array([[2.0, -3.0]], "float32")).numpy()
    array([[-6.]], dtype=float32)

    References:
        - [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016)
        - sNMU: [Mistry, Farrahi & Hare, 2022](https://arxiv.org/abs/2211.05624)
    """

    def __init__(
        self,
        units: int,
        noise: Sequence[float] | None = None,
        seed: int | None = None,
        kernel_initializer: Identifier = "default",
        kernel_regularizer: Identifier = None,
        kernel_constraint: Identifier = "default",
        **kwargs: Any,
    ) -> None:
        super().__init__(units=units, seed=seed, draws=noise is not None, **kwargs)
        self.noise: list[float] | None = _checked(noise)
        self.describe(
            "kernel",
            kernel_initializer,
            kernel_regularizer,
            kernel_constraint,
            default_initializer=keras.initializers.RandomUniform(0.25, 0.75),
            default_constraint=Interval(0.0, 1.0),
        )

    def build(self, input_shape: Shape) -> None:
        self.kernel = self.create("kernel", (self.count_inputs(input_shape), self.units))

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        self.check(inputs)
        factors = None
        if training and self.noise is not None:
            factors = self.uniform(keras.ops.shape(inputs), *self.noise)
        limit = special.output_bound(self.compute_dtype)
        y = special.nmu(inputs, special.guarded(self.kernel), factors, limit)
        return keras.ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {**super().get_config(), "noise": self.noise}


def _checked(noise: Any) -> list[float] | None:
    if noise is None:
        return None
    if np.shape(noise) != (2,) or not 0.0 < noise[0] < noise[1] < np.inf:
        raise ValueError(
            f"Argument `noise` must be None or two numbers, 0 < low < high. Received: {noise!r}"
        )
    return [float(bound) for bound in noise]
