"""A dense layer of products, with a parity beside each exponent."""

from typing import Any

import keras

from keras_addmul import activations, special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import check_name, check_number
from keras_addmul.special.bounding import bounded
from keras_addmul.special.powers import SIGNS

__all__ = ["ProductDense"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class ProductDense(ArithmeticUnit):
    """Dense layer whose units multiply powers of their inputs: `AddMulDense` at order 1.

        y_i = activation(scale_i * prod_j |x_j| ** W_ji * S_i + b_i)

    S_i is -1 where an odd number of negative inputs have a parity of 1 in unit i, and 1
    elsewhere. `settled` puts this layer where every unit of an `AddMulDense` has learned to
    multiply. Its exponents can be trained; its parities cannot.

    Args:
        units: Positive integer, number of outputs.
        activation: Activation of the outputs: a name, a callable or None.
        use_bias: Whether to add a bias.
        use_scale: Whether each product has a coefficient.
        signs: How signs are counted: `"matmul"`, by a second matrix product where an input
            is negative; `"bits"`, 32 inputs at a time, which is faster under XLA and slower
            without; or None, if no sign counts.
        kernel_initializer: Initializer for the exponents.
        bias_initializer: Initializer for the bias.
        scale_initializer: Initializer for the coefficients.
        parity_initializer: Initializer for the parities, zeros and ones.
        kernel_regularizer, bias_regularizer: Regularizers, or None.
        kernel_constraint, bias_constraint: Constraints, or None.
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` of shape `(inputs, units)`, the exponents; `bias` and, with `use_scale`,
        `scale` of shape `(units,)`; unless `signs` is None, `parity` of shape
        `(inputs, units)`, which is not trained.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import ProductDense
    >>> layer = ProductDense(1, kernel_initializer="ones")
    >>> layer(np.array([[2.0, -3.0]], "float32")).numpy().round(4)
    array([[-6.]], dtype=float32)

    References:
        - [Durbin & Rumelhart, 1989](https://doi.org/10.1162/neco.1989.1.1.133)
    """

    def __init__(
        self,
        units: int,
        activation: Identifier = None,
        use_bias: bool = True,
        use_scale: bool = False,
        signs: str | None = "matmul",
        kernel_initializer: Identifier = "glorot_uniform",
        bias_initializer: Identifier = "zeros",
        scale_initializer: Identifier = "ones",
        parity_initializer: Identifier = "ones",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.activation = activations.get(activation)
        self.use_bias: bool = bool(use_bias)
        self.use_scale: bool = bool(use_scale)
        self.signs: str | None = None if signs is None else check_name("signs", signs, SIGNS)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self.describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.describe("scale", scale_initializer, arguments=("initializer",))
        self.describe("parity", parity_initializer, arguments=("initializer",))

    def build(self, input_shape: Shape) -> None:
        shape = (self.count_inputs(input_shape), self.units)
        self.kernel = self.create("kernel", shape)
        self.bias = self.create("bias", shape[1:]) if self.use_bias else None
        self.scale = self.create("scale", shape[1:]) if self.use_scale else None
        self.parity = None
        if self.signs is not None:
            self.parity = self.create("parity", shape, trainable=False)

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        limit = special.output_bound(self.compute_dtype)
        y = special.product_of_powers(
            inputs,
            special.guarded(self.kernel),
            self.parity,
            signs=self.signs or "matmul",
            epsilon=self.epsilon,
            limit=limit,
        )
        if self.scale is not None:
            y = bounded(y * special.guarded(self.scale), -limit, limit)
        y = y if self.bias is None else y + special.guarded(self.bias)
        return self.activation(y)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "use_scale": self.use_scale,
            "signs": self.signs,
            "epsilon": self.epsilon,
        }
