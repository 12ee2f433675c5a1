"""A dense layer of complex numbers whose units learn an operation between sum and product."""

from typing import Any

import keras
from keras import ops

from keras_addmul import activations, special
from keras_addmul.annotations import Config, Identifier, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import check_float_input, check_name
from keras_addmul.layers.constraints import Interval
from keras_addmul.special.complex_solutions import COMPLEX_SOLUTIONS
from keras_addmul.special.complex_sums import complex_matmul
from keras_addmul.special.dtypes import working_dtype
from keras_addmul.special.kernel_shapes import in_rows, like_rows_of
from keras_addmul.special.pairs import Pair, modulus

__all__ = ["ComplexAddMulDense"]

_OUTPUTS = ("real", "modulus", "pair")
_COMPLEX = ("complex64", "complex128")


@keras.saving.register_keras_serializable(package="keras_addmul")
class ComplexAddMulDense(ArithmeticUnit):
    """Dense layer of complex numbers in which each unit learns to add or to multiply.

        y_i = exp_iterate(sum_j W_ji exp_iterate(x_j, -n_i), n_i) + b_i

    with complex weights and the iterates of `special.complex_exp_iterate`. At order 0 it is a
    complex dense layer, and at order 1 a product of complex powers, `prod_j x_j ** W_ji`.
    Negative numbers are numbers of the plane as others are: no rule for signs is needed.

    Args:
        units: Positive integer, number of outputs.
        activation: Activation of the outputs: a callable, None, or a name that
            `activations.get` looks up. None for `output="pair"`.
        use_bias: Whether to add a complex bias.
        shared: Whether all units share one order. They then also share the iterates of the
            inputs, and cost one complex matrix product.
        solution: `"schroeder"`, or `"kneser"`, whose iterates of positive numbers are real, and
            which XLA compiles three times as long.
        complex_order: Whether orders have an imaginary part, which starts at 0.
        output: `"real"`, the real part; `"modulus"`; or `"pair"`, a list of the real and the
            imaginary part, which another layer takes as its input.
        kernel_initializer: Initializer for the real part of the kernel; Glorot uniform by
            default: both signs should be there, since training seldom changes those of exponents.
        imaginary_kernel_initializer: Initializer for its imaginary part; by default the same, at
            half the size.
        bias_initializer: Initializer for both parts of the bias.
        order_initializer: Initializer for the orders; 1/4 by default.
        kernel_regularizer, bias_regularizer, order_regularizer: Regularizers, or None; those of
            the kernel and of the bias act on both parts.
        kernel_constraint, bias_constraint: Constraints on both parts, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in [0, 1].
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` and `imaginary_kernel` of shape `(inputs, units)`; `bias` and `imaginary_bias`
        of shape `(units,)`, the latter unless the output is real; `order`, and
        `imaginary_order` if it is complex, of shape `(units,)`, or `()` if shared.

    Input shape:
        `(batch, ..., inputs)`: real or complex numbers; or a list of two such tensors, the real
        and the imaginary part.

    Output shape:
        `(batch, ..., units)`, or a list of two of them.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import ComplexAddMulDense
    >>> layer = ComplexAddMulDense(
    ...     1, kernel_initializer="ones", imaginary_kernel_initializer="zeros",
    ...     order_initializer="ones",
    ... )
    >>> layer(np.array([[2.0, -3.0]], "float32")).numpy().round(4)
    array([[-6.]], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
        - [Koepp, van der Smagt & Urban, 2016](https://arxiv.org/abs/1604.03736)
    """

    def __init__(
        self,
        units: int,
        activation: Identifier = None,
        use_bias: bool = True,
        shared: bool = False,
        solution: str = "schroeder",
        complex_order: bool = False,
        output: str = "real",
        kernel_initializer: Identifier = "default",
        imaginary_kernel_initializer: Identifier = "default",
        bias_initializer: Identifier = "zeros",
        order_initializer: Identifier = "default",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        order_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        order_constraint: Identifier = "default",
        **kwargs: Any,
    ) -> None:
        # `output` itself is what Keras calls the symbol that the layer puts out.
        self.output_name: str = check_name("output", output, _OUTPUTS)
        super().__init__(units, **kwargs)
        self.activation = activations.get(activation)
        if output == "pair" and self.activation is not activations.get(None):
            raise ValueError(
                "Argument `activation` must be None where `output` is 'pair': activations take "
                f"real numbers. Received: {activation!r}"
            )
        self.use_bias: bool = bool(use_bias)
        self.shared: bool = bool(shared)
        self.solution: str = check_name("solution", solution, COMPLEX_SOLUTIONS)
        self.complex_order: bool = bool(complex_order)
        self.describe(
            "kernel",
            kernel_initializer,
            kernel_regularizer,
            kernel_constraint,
            default_initializer="glorot_uniform",
        )
        self.describe(
            "imaginary_kernel",
            imaginary_kernel_initializer,
            kernel_regularizer,
            kernel_constraint,
            default_initializer=keras.initializers.VarianceScaling(0.25, "fan_avg", "uniform"),
            arguments=("initializer",),
        )
        self.describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.describe(
            "order",
            order_initializer,
            order_regularizer,
            order_constraint,
            default_initializer=keras.initializers.Constant(0.25),
            default_constraint=Interval(0.0, 1.0),
        )
        self.describe("imaginary_order", "zeros", arguments=())

    def build(self, input_shape: Any) -> None:
        inputs = self.count_inputs(input_shape[0] if _is_pair(input_shape) else input_shape)
        self.input_spec = None  # one tensor or two: `check` knows what may come
        shape, each = (inputs, self.units), () if self.shared else (self.units,)
        self.kernel = self.create("kernel", shape)
        self.imaginary_kernel = self.create("imaginary_kernel", shape)
        self.bias = self.create("bias", (self.units,)) if self.use_bias else None
        both = self.use_bias and self.output_name != "real"
        self.imaginary_bias = None
        if both:
            self.imaginary_bias = self.create("imaginary_bias", (self.units,), like="bias")
        # Half precision would round the order, and with it every output.
        self.order = self.create("order", each, autocast=False)
        self.imaginary_order = None
        if self.complex_order:
            self.imaginary_order = self.create("imaginary_order", each, autocast=False)

    def check(self, inputs: Any) -> Any:
        """Returns the inputs as a pair of dense tensors of floats.

        Args:
            inputs: A real or complex tensor, or a list of the real and the imaginary part.

        Raises:
            TypeError: If the inputs are sparse, ragged or not numbers.
            ValueError: If a list does not hold two tensors of one shape.
        """
        if isinstance(inputs, (list, tuple)):
            if len(inputs) != 2 or tuple(inputs[0].shape) != tuple(inputs[1].shape):
                raise ValueError(
                    f"Layer {self.name!r} takes a tensor, or a list of the real and the imaginary "
                    f"part. Received: a list of shapes {[tuple(x.shape) for x in inputs]}"
                )
            check_float_input(self, inputs)
            return tuple(inputs)
        if keras.backend.standardize_dtype(inputs.dtype) in _COMPLEX:
            return ops.real(inputs), ops.imag(inputs)
        check_float_input(self, inputs)
        return inputs, ops.zeros_like(inputs)

    def call(self, inputs: Any) -> Any:
        given = self.check(inputs)
        if given[0].shape[-1] != self.kernel.shape[0]:
            raise ValueError(
                f"Layer {self.name!r} takes {self.kernel.shape[0]} inputs. "
                f"Received: inputs of shape {tuple(given[0].shape)}"
            )
        dtype = working_dtype(self.compute_dtype, self.variable_dtype)
        x = _pair(lambda part: ops.cast(in_rows(part), dtype), given)
        kernel = self._weights(self.kernel, self.imaginary_kernel, dtype)
        order = self._weights(self.order, self.imaginary_order, dtype)
        limit = special.output_bound(self.compute_dtype)
        y = complex_matmul(x, kernel, order, self.solution, limit)
        if self.bias is not None:
            bias = self._weights(self.bias, self.imaginary_bias, dtype)
            y = y[0] + bias[0], y[1] + bias[1]
        y = _pair(lambda part: like_rows_of(given[0], part), y)
        if self.output_name == "pair":
            return list(_pair(lambda part: ops.cast(part, self.compute_dtype), y))
        real = y[0] if self.output_name == "real" else modulus(y)
        return self.activation(ops.cast(real, self.compute_dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the output, or a list of two."""
        given = input_shape[0] if _is_pair(input_shape) else input_shape
        shape = super().compute_output_shape(given)
        return [shape, shape] if self.output_name == "pair" else shape

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Returns the mask of the input, once for each output."""
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        return [mask, mask] if self.output_name == "pair" else mask

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "shared": self.shared,
            "solution": self.solution,
            "complex_order": self.complex_order,
            "output": self.output_name,
        }

    def _weights(self, re, im, dtype):
        re = ops.cast(special.guarded(re), dtype)
        return re, ops.zeros_like(re) if im is None else ops.cast(special.guarded(im), dtype)


def _pair(function, pair: tuple[Tensor, Tensor]) -> Pair:
    return function(pair[0]), function(pair[1])


def _is_pair(shape: Any) -> bool:
    return len(shape) == 2 and all(isinstance(each, (list, tuple)) for each in shape)
