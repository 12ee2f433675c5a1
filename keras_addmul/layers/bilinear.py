"""A dense layer whose units are products of two linear units."""

from typing import Any

import keras

from keras_addmul import activations, special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit

__all__ = ["Bilinear"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class Bilinear(ArithmeticUnit):
    """Dense layer in which each unit is the product of two linear units.

        y = activation((x @ kernel + bias) * (x @ gate_kernel + gate_bias))

    It is a gated linear unit without the sigmoid of its gate, which multiplies two sums of
    inputs of either sign, without a logarithm and without a pole. It starts close to a
    `keras.layers.Dense`: the gate starts at 1, with a small kernel. A stack of layers is a
    polynomial, whose degree each layer doubles.

    Not to be confused with `torch.nn.Bilinear`, which multiplies two different inputs by a
    tensor of three axes.

    Args:
        units: Positive integer, number of outputs.
        activation: Activation of the outputs: a callable, None, or a name that
            `activations.get` looks up, first in this package and then in Keras.
        use_bias: Whether to add `bias`. The gate has its bias in either case.
        kernel_initializer, bias_initializer: Initializers for the linear unit.
        gate_kernel_initializer: Initializer for the kernel of the gate. The default is a
            tenth of Glorot uniform.
        gate_bias_initializer: Initializer for the bias of the gate.
        kernel_regularizer, bias_regularizer, gate_kernel_regularizer, gate_bias_regularizer:
            Regularizers, or None.
        kernel_constraint, bias_constraint, gate_kernel_constraint, gate_bias_constraint:
            Constraints, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` and `gate_kernel` of shape `(inputs, units)`; `bias` and `gate_bias` of shape
        `(units,)`.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import Bilinear
    >>> layer = Bilinear(1)
    >>> layer.build((None, 2))
    >>> weights = [[1.0], [0.0]], [0.0], [[0.0], [1.0]], [0.0]
    >>> layer.set_weights([np.array(w) for w in weights])
    >>> layer(np.array([[-2.0, 3.0], [2.0, 0.5]], "float32")).numpy()  # the product
    array([[-6.],
           [ 1.]], dtype=float32)

    References:
        - [Dauphin et al., 2017](https://arxiv.org/abs/1612.08083), who call it bilinear
        - [Shazeer, 2020](https://arxiv.org/abs/2002.05202), `Bilinear` among the variants of
          the gated linear unit
    """

    def __init__(
        self,
        units: int,
        activation: Identifier = None,
        use_bias: bool = True,
        kernel_initializer: Identifier = "glorot_uniform",
        bias_initializer: Identifier = "zeros",
        gate_kernel_initializer: Identifier = "default",
        gate_bias_initializer: Identifier = "ones",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        gate_kernel_regularizer: Identifier = None,
        gate_bias_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        gate_kernel_constraint: Identifier = None,
        gate_bias_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.activation = activations.get(activation)
        self.use_bias: bool = bool(use_bias)
        self.describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self.describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.describe(
            "gate_kernel",
            gate_kernel_initializer,
            gate_kernel_regularizer,
            gate_kernel_constraint,
            # Glorot uniform has scale 1: the standard deviation is a tenth.
            default_initializer=keras.initializers.VarianceScaling(0.01, "fan_avg", "uniform"),
        )
        self.describe(
            "gate_bias", gate_bias_initializer, gate_bias_regularizer, gate_bias_constraint
        )

    def build(self, input_shape: Shape) -> None:
        shape = self.count_inputs(input_shape), self.units
        self.kernel = self.create("kernel", shape)
        self.bias = self.create("bias", shape[1:]) if self.use_bias else None
        self.gate_kernel = self.create("gate_kernel", shape)
        self.gate_bias = self.create("gate_bias", shape[1:])

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        y = special.bilinear(
            inputs,
            special.guarded(self.kernel),
            special.guarded(self.gate_kernel),
            0.0 if self.bias is None else special.guarded(self.bias),
            special.guarded(self.gate_bias),
            special.output_bound(self.compute_dtype),
        )
        return self.activation(y)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }
