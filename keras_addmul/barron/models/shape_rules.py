"""Propagates bounds through layers that only select, move or average numbers."""

from collections.abc import Callable

import keras
import numpy as np

from keras_addmul.barron.models.bounds import Bounds, refuse_overflow

__all__ = ["SHAPES"]

_IDENTITIES = (
    keras.layers.Identity,
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.GaussianNoise,
    keras.layers.GaussianDropout,
    keras.layers.AlphaDropout,
    keras.layers.ActivityRegularization,
)
# These are monotone and do not increase differences: the layer itself maps each array.
_SAME = (
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Permute,
    keras.layers.RepeatVector,
    keras.layers.ZeroPadding1D,
    keras.layers.ZeroPadding2D,
    keras.layers.ZeroPadding3D,
    keras.layers.Cropping1D,
    keras.layers.Cropping2D,
    keras.layers.Cropping3D,
    keras.layers.UpSampling1D,
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.GlobalMaxPooling3D,
)
_MEANS = (
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalAveragePooling3D,
)


def _identity(layer, x):
    return x


def _same(layer, x):
    low, high, error, rounding = _by_layer(layer, [x.low, x.high, x.error, x.rounding])
    return Bounds(low, high, error, rounding, x.dtype)


def _mean(layer, x):
    low, high, error, rounding, size = _by_layer(
        layer, [x.low, x.high, x.error, x.rounding, x.size]
    )
    terms = int(np.prod(getattr(layer, "pool_size", None) or _steps(layer, x.low.shape)))
    refuse_overflow(2 * terms * x.size, layer.compute_dtype)  # of the sum, before its quotient
    after = Bounds(low, high, error, rounding, x.dtype)
    return after.computed(size, terms + 1, layer.compute_dtype)


def _steps(layer, shape):
    """Returns the extent of all axes except batch and channels."""
    return shape[2:] if layer.data_format == "channels_first" else shape[1:-1]


def _by_layer(layer, arrays):
    """Applies a copy of the layer in double precision to several arrays of one shape."""
    copy = type(layer).from_config({**layer.get_config(), "dtype": "float64"})
    stacked = copy(keras.ops.cast(np.concatenate(arrays), "float64"))
    return np.split(np.asarray(stacked), len(arrays))


# Rules `rule(layer, bounds)` by the exact class of a layer.
SHAPES: dict[type[keras.layers.Layer], Callable[[keras.layers.Layer, Bounds], Bounds]] = {
    **dict.fromkeys(_IDENTITIES, _identity),
    **dict.fromkeys(_SAME, _same),
    **dict.fromkeys(_MEANS, _mean),
}
