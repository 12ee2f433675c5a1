"""The improved neural arithmetic logic unit."""

import math
from typing import Any

import keras

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import check_number
from keras_addmul.layers.identifiers import get_object

__all__ = ["INALU"]

# The weights of the additive path, then of the multiplicative path.
_HATS = ("add_w_hat", "add_m_hat", "multiply_w_hat", "multiply_m_hat")


@keras.saving.register_keras_serializable(package="keras_addmul")
class INALU(ArithmeticUnit):
    """Improved neural arithmetic logic unit (iNALU): gates between a sum and a signed product.

    With `A = tanh(add_w_hat) * sigmoid(add_m_hat)`,
    `M = tanh(multiply_w_hat) * sigmoid(multiply_m_hat)` and `g = sigmoid(gate)`:

        y = g * (x A) + (1 - g) * exp(min(log(max(|x|, epsilon)) M, omega)) * s
        s_i = prod_j (sign(x_j) |M_ji| + 1 - |M_ji|)

    Each path has its own weights, and the gates do not depend on the input.

    Args:
        units: Positive integer, number of outputs.
        epsilon: Floor on the magnitudes whose logarithm is taken.
        omega: Upper bound on the argument of the exponential.
        w_hat_initializer: Initializer for both `w_hat`; by default normal with mean 0.88.
        m_hat_initializer: Initializer for both `m_hat`; by default normal with mean 0.5.
        gate_initializer: Initializer for the gates; by default normal with mean 0.
        regularizer: Regularizer for all weights, or None. The paper adds
            `AwayFromZero(0.05)` once the loss is small.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `add_w_hat`, `add_m_hat`, `multiply_w_hat` and `multiply_m_hat`, of shape
        `(inputs, units)`; `gate` of shape `(units,)`.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import INALU
    >>> large = keras.initializers.Constant(20.0)
    >>> below = keras.initializers.Constant(-20.0)
    >>> layer = INALU(1, w_hat_initializer=large, m_hat_initializer=large, gate_initializer=below)
    >>> layer(np.array([[2.0, -3.0]], "float32")).numpy().round(4)
    array([[-6.]], dtype=float32)

    References:
        - [Schloer, Ring & Hotho, 2020](https://arxiv.org/abs/2003.07629)
    """

    def __init__(
        self,
        units: int,
        epsilon: float = 1e-7,
        omega: float = 20.0,
        w_hat_initializer: Identifier = "default",
        m_hat_initializer: Identifier = "default",
        gate_initializer: Identifier = "default",
        regularizer: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.omega: float = check_number("omega", omega, 0.0)
        self.regularizer: Any = get_object("regularizer", regularizer, "regularizer")
        starts = {
            "w_hat": (w_hat_initializer, 0.88),
            "m_hat": (m_hat_initializer, 0.5),
            "gate": (gate_initializer, 0.0),
        }
        for name, (initializer, mean) in starts.items():
            self.describe(
                name,
                initializer,
                self.regularizer,
                default_initializer=keras.initializers.RandomNormal(mean, 0.2),
                arguments=("initializer",),
            )

    def build(self, input_shape: Shape) -> None:
        shape = (self.count_inputs(input_shape), self.units)
        for name in _HATS:
            setattr(self, name, self.create(name, shape, like=name.split("_", 1)[1]))
        self.gate = self.create("gate", (self.units,))

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        hats = [special.guarded(getattr(self, name)) for name in _HATS]
        add, multiply = special.nac_weights(*hats[:2]), special.nac_weights(*hats[2:])
        omega = min(self.omega, math.log(special.output_bound(self.compute_dtype)))
        gate = special.guarded(self.gate)
        y = special.inalu(inputs, add, multiply, gate, self.epsilon, omega)
        return keras.ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "omega": self.omega,
            "regularizer": keras.regularizers.serialize(self.regularizer),
        }
