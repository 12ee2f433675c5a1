"""Convolution over windows of pixels in an image: sums, products, and between."""

import keras

from keras_addmul.layers.groups_of_channels import DenselyConvolving

__all__ = ["AddMulConv2D"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMulConv2D(DenselyConvolving):
    """Convolution in which each filter learns to add or to multiply.

    Each filter learns whether to add or to multiply the numbers of its windows:

        y = activation(exp_iterate(sum_j W_j exp_iterate(x_j, -n), n) + b)

    over the numbers x_j of a window. At order n = 0 it is a `keras.layers.Conv2D`; at
    order 1 the kernel holds exponents, and the result is `prod_j x_j ** W_j`. Inputs may have
    either sign; `parity` learns whether the sign of each counts in a product, as in
    `AddMulDense`. Padding inserts the identity of the operation: it adds nothing to a sum and
    changes no product.

    Args:
        filters: Positive integer, number of filters.
        kernel_size: Size of the windows: an integer, or a pair of them.
        strides: Distance between windows, in the same forms.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`; None for that of `keras.config`.
        dilation_rate: Distance between the numbers of a window, in the same forms. Above 1 it
            excludes strides above 1.
        groups: Number of groups of channels, each with filters of its own. It divides the
            channels and the filters.
        activation: Activation of the outputs: a callable, None, or a name that
            `activations.get` looks up, first in this package and then in Keras.
        use_bias: Whether to add a bias.
        shared: Whether all filters share one order.
        path: The way from sum to product: `"kneser"` (smooth), `"linear"` (the one in the
            papers) or `"mixture"`: `(1 - n) sum + n product`, the cheapest.
        nodes: With more filters than `nodes`, each with its own order, the iterates are
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
        `kernel` and `parity` of shape `(*kernel_size, channels / groups, filters)`; `bias` of shape
        `(filters,)`; `order` of shape `(filters,)`, or `()` if shared.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        The same, with `filters` channels and a position for each window.

    Masks:
        Positions that a mask leaves out count as padding, and with padding are left out of the
        output too. With `"valid"`, the output's mask keeps windows in which a position is left.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import AddMulConv2D
    >>> layer = AddMulConv2D(1, (1, 2), kernel_initializer="ones", order_initializer="ones")
    >>> x = np.array([2.0, 3.0, 5.0], "float32").reshape(1, 1, 3, 1)
    >>> layer(x).numpy().round(3).ravel()
    array([ 6., 15.], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
        - [Koepp, van der Smagt & Urban, 2016](https://arxiv.org/abs/1604.03736)
    """

    rank = 2
