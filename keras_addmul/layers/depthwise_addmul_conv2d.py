"""Depthwise convolution over windows of pixels in an image: sums, products, and between."""

from typing import Any

import keras

from keras_addmul.annotations import Config, Identifier
from keras_addmul.layers.checks import check_positive_integer
from keras_addmul.layers.convolving import Convolving

__all__ = ["DepthwiseAddMulConv2D"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class DepthwiseAddMulConv2D(Convolving):
    """Depthwise convolution in which each output learns to add or to multiply.

    Each channel has windows of its own, over which its outputs learn to add or to multiply:

        y = activation(exp_iterate(sum_j W_j exp_iterate(x_j, -n), n) + b)

    over the numbers x_j of a window. At order n = 0 it is a `keras.layers.DepthwiseConv2D`; at
    order 1 the kernel holds exponents, and the result is `prod_j x_j ** W_j`. Inputs may have
    either sign; `parity` learns whether the sign of each counts in a product, as in
    `AddMulDense`. Padding inserts the identity of the operation: it adds nothing to a sum and
    changes no product.

    Args:
        kernel_size: Size of the windows: an integer, or a pair of them.
        strides: Distance between windows, in the same forms.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`; None for that of `keras.config`.
        dilation_rate: Distance between the numbers of a window, in the same forms. Above 1 it
            excludes strides above 1.
        depth_multiplier: Positive integer, number of outputs for each channel.
        activation: Activation of the outputs: a callable, None, or a name that
            `activations.get` looks up, first in this package and then in Keras.
        use_bias: Whether to add a bias.
        shared: Whether all outputs share one order.
        path: The way from sum to product: `"kneser"` (smooth), `"linear"` (the one in the
            papers) or `"mixture"`: `(1 - n) sum + n product`, the cheapest.
        nodes: With more outputs than `nodes`, each with its own order, the iterates are
            approximated in at most this many convolutions; orders 0 and 1 stay exact, and
            `special.addmul_matmul` gives the error. None turns the approximation off.
        kernel_initializer: Initializer for the kernel; `layers.initializers.AddMulUniform` by
            default.
        bias_initializer: Initializer for the bias.
        order_initializer: Initializer for the orders; 1/4 by default.
        parity_initializer: Initializer for the parities; `layers.initializers.ParityUniform`
            by default.
        kernel_regularizer, bias_regularizer, order_regularizer, parity_regularizer:
            Regularizers, or None.
        kernel_constraint, bias_constraint: Constraints, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in [0, 1].
        parity_constraint: Constraint on the parities, or None. The default keeps them in
            [0, 1].
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, if the number of channels is unknown, or if no
            window fits into the input.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` and `parity` of shape `(*kernel_size, 1, outputs)`; `bias` of shape
        `(outputs,)`; `order` of shape `(outputs,)`, or `()` if shared.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        The same, with `channels * depth_multiplier` channels and a position for each window.

    Masks:
        Positions that a mask leaves out count as padding, and with padding are left out of the
        output too. With `"valid"`, the output's mask keeps windows in which a position is left.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import DepthwiseAddMulConv2D
    >>> layer = DepthwiseAddMulConv2D((1, 2), kernel_initializer="ones", order_initializer="ones")
    >>> x = np.array([2.0, 3.0, 5.0], "float32").reshape(1, 1, 3, 1)
    >>> layer(x).numpy().round(3).ravel()
    array([ 6., 15.], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
        - [Koepp, van der Smagt & Urban, 2016](https://arxiv.org/abs/1604.03736)
    """

    rank = 2

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Identifier = None,
        use_bias: bool = True,
        shared: bool = False,
        path: str = "kneser",
        nodes: int | None = 6,
        kernel_initializer: Identifier = "default",
        bias_initializer: Identifier = "zeros",
        order_initializer: Identifier = "default",
        parity_initializer: Identifier = "default",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        order_regularizer: Identifier = None,
        parity_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        order_constraint: Identifier = "default",
        parity_constraint: Identifier = "default",
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            shared,
            path,
            nodes,
            kernel_initializer,
            bias_initializer,
            order_initializer,
            parity_initializer,
            kernel_regularizer,
            bias_regularizer,
            order_regularizer,
            parity_regularizer,
            kernel_constraint,
            bias_constraint,
            order_constraint,
            parity_constraint,
            epsilon,
            **kwargs,
        )
        self.depth_multiplier: int = check_positive_integer("depth_multiplier", depth_multiplier)

    def filters_on(self, channels: int) -> tuple[int, int]:
        """Returns the number of outputs, and that each sees one channel."""
        return channels * self.depth_multiplier, 1

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "depth_multiplier": self.depth_multiplier}
