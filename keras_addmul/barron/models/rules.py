"""How each kind of layer moves bounds: interval arithmetic, rounded outwards.

In exact arithmetic a linear layer maps centre and radius of an interval, `W c + b` and
`|W| r`, and an error as `|W| e`; a Lipschitz function multiplies an error by its constant.
A sum of n products computed in any order with unit roundoff u is off by at most
`g(n) (|W| |x| + |b|)`, `g(n) = n u / (1 - n u)`: that is what `rounding` collects, for the
original and for the converted model. It holds for multiplications in the layer's own dtype,
not for reduced ones such as TF32.
"""

import keras
import numpy as np

from keras_addmul.barron.models.bounds import Bounds, unit_roundoff

__all__ = ["LINEAR", "activated", "apply", "merge", "softmax"]

_DOUBLE = 2.0**-52

LINEAR = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
)

# Monotone, and no further apart after than before: each array is mapped by the layer itself.
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
    keras.layers.MaxPooling3D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.GlobalMaxPooling3D,
)
_MEANS = (
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.AveragePooling3D,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalAveragePooling3D,
)
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
    keras.layers.InputLayer,
)

# Monotone activations in straight pieces, and their largest slope.
_STRAIGHT = {
    "linear": 1.0,
    "relu": 1.0,
    "relu6": 1.0,
    "leaky_relu": 1.0,
    "hard_sigmoid": 1.0 / 6.0,
    "hard_tanh": 1.0,
}


def apply(layer, bounds):
    """Returns the bounds after a layer without its activation, or None if no rule is known."""
    kind = type(layer)
    if kind in LINEAR:
        return _linear(layer, bounds)
    if kind in _IDENTITIES:
        return bounds
    if kind in _SAME:
        return _by_layer(layer, bounds)
    if kind in _MEANS:
        after = _by_layer(layer, bounds)
        return _rounded(after, after.size, bounds.low.size // max(1, after.low.size), layer)
    if kind is keras.layers.BatchNormalization:
        return _scaled(layer, bounds, *_batch_normalization(layer, bounds.low.ndim))
    if kind in (keras.layers.ReLU, keras.layers.LeakyReLU) and layer.negative_slope >= 0:
        slope = max(1.0, float(layer.negative_slope))
        after = _by_layer(layer, bounds)
        after = Bounds(after.low, after.high, slope * bounds.error, slope * bounds.rounding)
        return _rounded(after, after.size, 2, layer)
    if kind is keras.layers.Softmax:
        return softmax(bounds, layer, layer.axis)
    if kind is keras.layers.Embedding:
        table = np.asarray(layer.embeddings, float)
        low, high = (
            np.broadcast_to(v, (*bounds.low.shape, table.shape[1]))
            for v in (table.min(0), table.max(0))
        )
        return Bounds.of_box(low, high)
    if kind is keras.layers.Rescaling:
        offset = np.asarray(layer.offset, float)
        return _scaled(layer, bounds, np.asarray(layer.scale, float), offset, np.abs(offset))
    if kind is keras.layers.Normalization and not layer.invert:
        mean, deviation = np.asarray(layer.mean, float), np.sqrt(np.asarray(layer.variance, float))
        scale = 1.0 / np.maximum(deviation, 1e-7)
        return _scaled(layer, bounds, scale, -mean * scale, np.abs(mean * scale))
    return None


def merge(name, tensors, layer):
    """Bounds after a layer or operation that joins tensors, or None."""
    if not all(isinstance(t, Bounds) for t in tensors):
        return None
    lows, highs, errors, roundings = (
        [getattr(t, field) for t in tensors] for field in ("low", "high", "error", "rounding")
    )
    if name == "Concatenate":
        axis = layer.axis
        return Bounds(*(np.concatenate(v, axis) for v in (lows, highs, errors, roundings)))
    if name in ("Add", "Average"):
        share = 1.0 if name == "Add" else 1.0 / len(tensors)
        after = Bounds(*(share * sum(v) for v in (lows, highs, errors, roundings)))
        return _rounded(after, share * sum(t.size for t in tensors), len(tensors) + 1, layer)
    if name == "Subtract":
        after = Bounds(lows[0] - highs[1], highs[0] - lows[1], sum(errors), sum(roundings))
        return _rounded(after, sum(t.size for t in tensors), 1, layer)
    if name in ("Maximum", "Minimum"):
        pick = np.maximum.reduce if name == "Maximum" else np.minimum.reduce
        furthest = np.maximum.reduce
        return Bounds(pick(lows), pick(highs), furthest(errors), furthest(roundings))
    if name == "Multiply":
        product = tensors[0]
        for other in tensors[1:]:
            product = _times(product, other, layer)
        return product
    return None


def activated(name, bounds, layer):
    """Bounds after an activation of straight pieces, known by its name, or None."""
    if name == "softmax":
        return softmax(bounds, layer)
    if name not in _STRAIGHT:
        return None
    function = keras.activations.get(name)
    low, high = (
        np.asarray(function(keras.ops.cast(v, "float64"))) for v in (bounds.low, bounds.high)
    )
    slope = _STRAIGHT[name]
    after = Bounds(low, high, slope * bounds.error, slope * bounds.rounding)
    return after if name in ("linear", "relu") else _rounded(after, after.size, 3, layer)


def softmax(bounds, layer, axis=-1):
    """Bounds after a softmax: `|dp_i| <= 2 p_i (1 - p_i) max_j |dz_j|`."""

    def share(own, others):
        grow = np.exp(np.clip(others - np.max(others, axis, keepdims=True), -700, 0))
        rest = np.sum(grow, axis, keepdims=True) - grow
        top = np.exp(np.clip(own - np.max(others, axis, keepdims=True), -700, 700))
        return top / (top + rest)

    low, high = share(bounds.low, bounds.high), share(bounds.high, bounds.low)
    wide_low, wide_high = bounds.wide
    p, q = share(wide_low, wide_high), share(wide_high, wide_low)
    around_half = (p <= 0.5) & (q >= 0.5)
    spread = 2 * np.where(around_half, 0.25, np.maximum(p * (1 - p), q * (1 - q)))
    error, rounding = (
        np.minimum(1.0, spread * np.max(v, axis, keepdims=True))
        for v in (bounds.error, bounds.rounding)
    )
    count = bounds.low.shape[axis]
    after = Bounds(low, high, error, rounding)
    return _rounded(after, np.ones_like(low), 2 * count + 30, layer)


def _rounded(bounds, magnitude, terms, layer):
    """Adds what a sum of so many terms of this magnitude may lose.

    In doubles here, and in the layer's dtype in both models.
    """
    lost = (terms + 4) * _DOUBLE * magnitude
    unit = unit_roundoff(getattr(layer, "compute_dtype", "float32"))
    share = (terms + 1) * unit
    if share >= 0.5:
        raise ValueError(
            f"Layer {layer.name!r} adds too many terms for its dtype to prove anything"
        )
    grown = 1 + (terms + 4) * _DOUBLE
    return Bounds(
        bounds.low - lost,
        bounds.high + lost,
        bounds.error * grown,
        bounds.rounding * grown + 2 * share / (1 - share) * magnitude,
    )


def _linear(layer, bounds):
    plain, absolute, bias = _in_doubles(layer, bounds.low)
    center, radius = (bounds.high + bounds.low) / 2, (bounds.high - bounds.low) / 2
    radius = radius * (1 + 4 * _DOUBLE) + 4 * _DOUBLE * np.abs(center)
    middle, around = plain(center), absolute(radius)
    after = Bounds(
        middle - around, middle + around, absolute(bounds.error), absolute(bounds.rounding)
    )
    terms = sum(int(np.prod(w.shape[:-1])) for w in layer.weights if len(w.shape) > 1)
    if not isinstance(layer, (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D)):
        terms = sum(int(np.prod(w.shape)) for w in layer.weights)
    return _rounded(after, absolute(bounds.size) + bias, terms + 1, layer)


def _in_doubles(layer, x):
    """A linear layer as a function of arrays, its positive twin, and its largest |bias|.

    Neither has the activation; the twin has the magnitudes of the weights, and no bias.
    """
    config = {**layer.get_config(), "dtype": "float64", "activation": "linear"}
    config.pop("quantization_config", None)
    copies = [type(layer).from_config(config) for _ in range(2)]
    for copy in copies:
        copy.build(x.shape)
    # An activation that is a layer has weights too: they come last.
    weights = [np.asarray(w, float) for w in layer.get_weights()][: len(copies[0].weights)]
    bias = getattr(layer, "bias", None) is not None
    largest = float(np.max(np.abs(weights[-1]))) if bias else 0.0
    copies[0].set_weights(weights)
    positive = [np.abs(w) for w in weights]
    if bias:
        positive[-1] = np.zeros_like(positive[-1])
    copies[1].set_weights(positive)
    return (*(lambda v, c=c: np.asarray(c(keras.ops.cast(v, "float64"))) for c in copies), largest)


def _by_layer(layer, bounds):
    copy = type(layer).from_config({**layer.get_config(), "dtype": "float64"})
    return bounds.each(lambda v: copy(keras.ops.cast(v, "float64")))


def _batch_normalization(layer, rank):
    def shaped(v):
        shape = [1] * rank
        shape[layer.axis] = -1
        return np.asarray(v, float).reshape(shape)

    scale = 1.0 / np.sqrt(shaped(layer.moving_variance) + layer.epsilon)
    scale = scale * shaped(layer.gamma) if layer.scale else scale
    offset = -shaped(layer.moving_mean) * scale
    beta = shaped(layer.beta) if layer.center else 0.0
    return scale, offset + beta, np.abs(offset) + np.abs(beta)


def _scaled(layer, bounds, scale, offset, terms):
    """Of `scale x + offset`, where the offset is a sum of terms of this magnitude."""
    ends = bounds.low * scale + offset, bounds.high * scale + offset
    size = np.abs(scale)
    after = Bounds(
        np.minimum(*ends), np.maximum(*ends), size * bounds.error, size * bounds.rounding
    )
    return _rounded(after, size * bounds.size + terms, 8, layer)


def _times(a, b, layer):
    ends = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    sizes = [np.maximum(np.abs(t.low), np.abs(t.high)) for t in (a, b)]
    error = sizes[0] * b.error + (sizes[1] + b.error) * a.error
    apart = sizes[0] * b.apart + (sizes[1] + b.apart) * a.apart
    after = Bounds(np.minimum.reduce(ends), np.maximum.reduce(ends), error, apart - error)
    return _rounded(after, a.size * b.size, 1, layer)
