"""Pooling of all pixels of an image by an operation between sum and product."""

import keras

from keras_addmul.layers.pooling import GlobalPooling

__all__ = ["GlobalAddMulPooling2D"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class GlobalAddMulPooling2D(GlobalPooling):
    """Reduces all pixels of an image with a learned operation.

    The result is the sum of each channel at order 0, its product at order 1, and smooth in
    between. The layer learns one order per channel, or one for all.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; None for that of `keras.config`.
        keepdims: Whether the axes of positions stay, with the size 1.
        shared: Whether all channels share one order.
        path: The way from sum to product: `"kneser"` (smooth), `"linear"` (the one in the
            papers) or `"mixture"` (their weighted mean); see `special.addmul`.
        order_initializer: Initializer for the orders; 1/4 by default.
        order_regularizer: Regularizer for the orders, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in [0, 1].
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `order` of shape `(channels,)`, or `()` if shared.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        `(batch, channels)`, or with `keepdims` that of the input with one position.

    Masks:
        Positions that a mask leaves out change nothing. The output has no mask.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import GlobalAddMulPooling2D
    >>> layer = GlobalAddMulPooling2D(order_initializer="zeros")
    >>> x = np.array([1.0, 2.0, 3.0, 4.0], "float32").reshape(1, 2, 2, 1)
    >>> layer(x).numpy()
    array([[10.]], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    """

    rank = 2
