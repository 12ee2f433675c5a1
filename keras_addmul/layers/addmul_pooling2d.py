"""Pooling of neighbouring pixels by an operation between sum and product."""

import keras

from keras_addmul.layers.pooling import Pooling

__all__ = ["AddMulPooling2D"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMulPooling2D(Pooling):
    """Pools windows of neighbouring pixels with a learned operation.

    The result of a window is the sum of its numbers at order 0, their product at order 1, and
    smooth in between. The layer learns one order per channel, or one for all. Padding inserts
    the identity of the operation: it changes no sum and no product.

    Args:
        pool_size: Size of the windows: an integer, or a pair of them.
        strides: Distance between windows, in the same forms; None for `pool_size`.
        padding: `"valid"`, or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`; None for that of `keras.config`.
        shared: Whether all channels share one order.
        path: The way from sum to product: `"kneser"` (smooth), `"linear"` (the one in the
            papers) or `"mixture"` (their weighted mean); see `special.addmul`.
        order_initializer: Initializer for the orders; 1/4 by default.
        order_regularizer: Regularizer for the orders, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in [0, 1].
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if no window fits into the input.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `order` of shape `(channels,)`, or `()` if shared.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        The same, with as many positions as there are windows.

    Masks:
        Positions that a mask leaves out count as padding. The output's mask keeps the
        windows in which a position is left.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import AddMulPooling2D
    >>> layer = AddMulPooling2D(order_initializer="ones")
    >>> x = np.array([1.0, 2.0, 3.0, 4.0], "float32").reshape(1, 2, 2, 1)
    >>> layer(x).numpy().round(3).ravel()
    array([24.], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    """

    rank = 2
