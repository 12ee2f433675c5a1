"""The neural arithmetic logic unit."""

from typing import Any

import keras

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import check_number
from keras_addmul.layers.initializers import NACUniform

__all__ = ["NALU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NALU(ArithmeticUnit):
    """Neural arithmetic logic unit (NALU): gates between a sum and a product of powers.

    With `W = tanh(w_hat) * sigmoid(m_hat)` and `g = sigmoid(x gate)`:

        y = g * (x W) + (1 - g) * exp(log(|x| + epsilon) W)

    Args:
        units: Positive integer, number of outputs.
        epsilon: Added to the magnitudes.
        w_hat_initializer, m_hat_initializer: Initializers for the weights; `NACUniform` by
            default.
        gate_initializer: Initializer for the weights of the gate.
        w_hat_regularizer, m_hat_regularizer, gate_regularizer: Regularizers, or None.
        w_hat_constraint, m_hat_constraint, gate_constraint: Constraints, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `w_hat`, `m_hat` and `gate`, each of shape `(inputs, units)`.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import NALU
    >>> large = keras.initializers.Constant(20.0)
    >>> layer = NALU(1, w_hat_initializer=large, m_hat_initializer=large, gate_initializer=large)
    >>> layer(np.array([[2.0, 3.0]], "float32")).numpy()
    array([[5.]], dtype=float32)

    References:
        - [Trask et al., 2018](https://arxiv.org/abs/1808.00508)
    """

    def __init__(
        self,
        units: int,
        epsilon: float = 1e-7,
        w_hat_initializer: Identifier = "default",
        m_hat_initializer: Identifier = "default",
        gate_initializer: Identifier = "glorot_uniform",
        w_hat_regularizer: Identifier = None,
        m_hat_regularizer: Identifier = None,
        gate_regularizer: Identifier = None,
        w_hat_constraint: Identifier = None,
        m_hat_constraint: Identifier = None,
        gate_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe("w_hat", w_hat_initializer, w_hat_regularizer, w_hat_constraint, NACUniform())
        self.describe("m_hat", m_hat_initializer, m_hat_regularizer, m_hat_constraint, NACUniform())
        self.describe("gate", gate_initializer, gate_regularizer, gate_constraint)

    def build(self, input_shape: Shape) -> None:
        shape = (self.count_inputs(input_shape), self.units)
        self.w_hat = self.create("w_hat", shape)
        self.m_hat = self.create("m_hat", shape)
        self.gate = self.create("gate", shape)

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        w_hat, m_hat = special.guarded(self.w_hat), special.guarded(self.m_hat)
        limit = special.output_bound(self.compute_dtype)
        kernel, gate = special.nac_weights(w_hat, m_hat), special.guarded(self.gate)
        y = special.nalu(inputs, kernel, gate, self.epsilon, limit)
        return keras.ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {**super().get_config(), "epsilon": self.epsilon}
