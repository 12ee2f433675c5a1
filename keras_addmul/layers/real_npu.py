"""The neural power units."""

from typing import Any

import keras

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import check_number
from keras_addmul.layers.constraints import Interval

__all__ = ["RealNPU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class RealNPU(ArithmeticUnit):
    """Real neural power unit (RealNPU): a product of powers of gated inputs.

    With gates `g` clipped to [0, 1], `r_j = g_j (|x_j| + epsilon) + 1 - g_j`:

        y_i = prod_j r_j ** W_ji * cos(pi sum_j W_ji g_j [x_j < 0])

    With `imaginary=True` it is the NPU, whose exponents are complex: `W + i V`.

    Args:
        units: Positive integer, number of outputs.
        imaginary: Whether the exponents have an imaginary part.
        epsilon: Added to the magnitudes. The default is float32's eps, as in the paper.
        kernel_initializer: Initializer for the exponents.
        kernel_regularizer: Regularizer for the exponents, or None. The paper uses
            `keras.regularizers.L1`, for the gates too.
        kernel_constraint: Constraint on the exponents, or None.
        gate_initializer: Initializer for the gates; 1/2 by default.
        gate_regularizer: Regularizer for the gates, or None.
        gate_constraint: Constraint on the gates, or None. The default keeps them in
            [0, 1]. The paper has None, and then a gate that leaves [0, 1] stops learning.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` of shape `(inputs, units)` and `gate` of shape `(inputs,)`. With
        `imaginary=True` also `imaginary_kernel`, of the shape of `kernel` and initially zero.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import RealNPU
    >>> layer = RealNPU(1, kernel_initializer="ones", gate_initializer="ones")
    >>> layer(np.array([[2.0, -3.0]], "float32")).numpy().round(4)
    array([[-6.]], dtype=float32)

    References:
        - [Heim, Pevny & Smidl, 2020](https://arxiv.org/abs/2006.01681)
    """

    def __init__(
        self,
        units: int,
        imaginary: bool = False,
        epsilon: float = 2.0**-23,
        kernel_initializer: Identifier = "glorot_uniform",
        kernel_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        gate_initializer: Identifier = "default",
        gate_regularizer: Identifier = None,
        gate_constraint: Identifier = "default",
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.imaginary: bool = bool(imaginary)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self.describe(
            "imaginary_kernel", "zeros", kernel_regularizer, kernel_constraint, arguments=()
        )
        self.describe(
            "gate",
            gate_initializer,
            gate_regularizer,
            gate_constraint,
            default_initializer=keras.initializers.Constant(0.5),
            default_constraint=Interval(0.0, 1.0),
        )

    def build(self, input_shape: Shape) -> None:
        inputs = self.count_inputs(input_shape)
        self.kernel = self.create("kernel", (inputs, self.units))
        self.gate = self.create("gate", (inputs,))
        self.imaginary_kernel = None
        if self.imaginary:
            self.imaginary_kernel = self.create("imaginary_kernel", (inputs, self.units))

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        imaginary = self.imaginary_kernel
        y = special.npu(
            inputs,
            special.guarded(self.kernel),
            special.guarded(self.gate),
            None if imaginary is None else special.guarded(imaginary),
            self.epsilon,
            special.output_bound(self.compute_dtype),
        )
        return keras.ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {**super().get_config(), "imaginary": self.imaginary, "epsilon": self.epsilon}
