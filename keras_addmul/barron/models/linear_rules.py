"""Propagates bounds through layers with weights: dense, convolution, embedding, affine.

In exact arithmetic a linear layer maps centre and radius of an interval to `W c + b` and
`|W| r`, and an error to `|W| e`. A sum of n products and a bias, computed in any order with
unit roundoff u, is off by at most `g (|W| |x| + |b|)` with `g = (n + 3) u / (1 - (n + 3) u)`:
n + 1 roundings for the products and sums, two for the casts of weight and input. This holds for
multiplications in the layer's own dtype, not for reduced ones such as TF32.
"""

from collections.abc import Callable

import keras
import numpy as np

from keras_addmul.barron.models.bounds import DOUBLE_MARGIN, Bounds, Unproved, refuse_overflow
from keras_addmul.layers import GeometricScale

__all__ = ["AFFINE", "LINEAR"]


def _linear(layer, x):
    run, bias = _in_doubles(layer, x.low.shape)
    center, radius = (x.high + x.low) / 2, (x.high - x.low) / 2
    radius = radius * (1 + 4 * DOUBLE_MARGIN) + 4 * DOUBLE_MARGIN * np.abs(center)
    middle = run(center[None], False)[0] + bias
    around, error, rounding, size = run(np.stack([radius, x.error, x.rounding, x.size]), True)
    after = Bounds(middle - around, middle + around, error, rounding)
    terms, underflow = _most_terms(layer, x.size)
    return after.computed(size + np.abs(bias), terms + 3, layer.compute_dtype, underflow)


def _in_doubles(layer, shape):
    """Returns a linear layer as a function of arrays, and its bias, in double precision.

    The function takes several stacked arrays of one shape, and whether to use the magnitudes of
    the weights. It applies neither bias nor activation.
    """
    if getattr(layer, "quantization_mode", None) is not None:
        raise Unproved("its weights are quantized")
    if getattr(layer, "lora_enabled", False):
        raise Unproved("its low-rank adaptation (LoRA) is not merged into its weights")
    weights, bias = [np.asarray(w, float) for w in layer.get_weights()], 0.0
    refuse_overflow(max(np.max(np.abs(w), initial=0.0) for w in weights), layer.compute_dtype)
    if type(layer) is keras.layers.Dense:
        kernel = weights[0]
        signs = {False: kernel, True: np.abs(kernel)}
        bias = weights[1] if layer.use_bias else 0.0
        return lambda arrays, positive: arrays @ signs[positive], bias
    config = {**layer.get_config(), "dtype": "float64", "activation": "linear"}
    config.pop("quantization_config", None)
    copy = type(layer).from_config(config)
    copy.build(shape)
    # The weights of an activation layer come last.
    weights = weights[: len(copy.weights)]
    if getattr(layer, "bias", None) is not None:
        bias = np.asarray(layer.bias, float)
        weights[-1] = np.zeros_like(weights[-1])
        channels_first = getattr(layer, "data_format", "") == "channels_first"
        if channels_first:
            bias = bias.reshape(-1, *[1] * (len(shape) - 2))

    def run(arrays, positive):
        copy.set_weights([np.abs(w) if positive else w for w in weights])
        stacked = np.reshape(arrays, (-1, *shape[1:]))
        out = np.asarray(copy(keras.ops.cast(stacked, "float64")))
        return out[:, None]

    return run, bias


def _most_terms(layer, size):
    """Returns an upper bound of the products in one output, and of the underflows among them.

    A product may underflow, and so may a cast weight, which an input multiplies. In a convolution
    of two steps, the weights of the second multiply the losses of the first.
    """
    kernels = [np.asarray(w, float) for w in layer.weights if len(w.shape) > 1]
    if type(layer) in (keras.layers.Dense, *_CONVOLUTIONS):
        terms = int(np.prod(kernels[0].shape[:-1]))
    else:
        terms = sum(kernel.size for kernel in kernels)
    once = terms + 3 + terms * float(np.max(size, initial=0.0))
    later = float(np.abs(kernels[1]).sum()) if type(layer) in _IN_TWO_STEPS else 0.0
    return terms, once * (1 + later)


_IN_TWO_STEPS = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)

LINEAR: tuple[type[keras.layers.Layer], ...] = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    *_CONVOLUTIONS,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    *_IN_TWO_STEPS,
)


def _batch_normalization(layer, x):
    """`gamma (x - mean) / sqrt(variance + epsilon) + beta`, in single precision at least."""

    def shaped(v):
        shape = [1] * x.low.ndim
        shape[layer.axis] = -1
        return np.asarray(v, float).reshape(shape)

    scale = 1.0 / np.sqrt(shaped(layer.moving_variance) + layer.epsilon)
    scale = scale * shaped(layer.gamma) if layer.scale else scale
    offset = -shaped(layer.moving_mean) * scale
    beta = shaped(layer.beta) if layer.center else 0.0
    inner = "float64" if layer.compute_dtype == "float64" else "float32"
    terms = np.abs(offset) + np.abs(beta)
    # A sum, a root of two roundings, its reciprocal, two products and two sums.
    return _scaled(x, scale, offset + beta, terms, 9, inner).cast(layer.compute_dtype)


def _rescaling(layer, x):
    # They are cast once, before use, so the exact layer has the cast numbers.
    scale, offset = (
        np.asarray(keras.ops.cast(keras.ops.cast(v, layer.compute_dtype), "float64"))
        for v in (layer.scale, layer.offset)
    )
    if np.ndim(scale) and keras.config.image_data_format() == "channels_first":
        raise Unproved("how scales of channels that come first are broadcast is not known")
    return _scaled(x, scale, offset, np.abs(offset), 2, layer.compute_dtype)


def _normalization(layer, x):
    if layer.invert:
        raise Unproved("it inverts a normalization")
    mean, variance = np.asarray(layer.mean, float), np.asarray(layer.variance, float)
    deviation = np.maximum(np.sqrt(variance), keras.config.epsilon())
    if np.any(deviation < 1e-4) and layer.compute_dtype == "float16":
        raise Unproved("a standard deviation below 1e-4 loses its digits in float16")
    refuse_overflow(2 * (x.size + np.abs(mean)), layer.compute_dtype)
    scale = 1.0 / deviation
    # A difference, a root of two roundings and a quotient.
    return _scaled(x, scale, -mean * scale, np.abs(mean * scale), 4, layer.compute_dtype)


def _geometric_scale(layer, x):
    shape = [n if a in layer.kept_axes(x.low.shape) else 1 for a, n in enumerate(x.low.shape)]
    scale = np.asarray(layer.scale, float).reshape(shape)
    # A product or quotient, and the cast of its result; the scales are exact, or cast once.
    return _scaled(x, scale if layer.invert else 1.0 / scale, 0.0, 0.0, 3, layer.compute_dtype)


def _scaled(x, scale, offset, terms, roundings, dtype):
    """Returns the bounds of `scale x + offset`, where `offset` sums terms of this magnitude."""
    ends = x.low * scale + offset, x.high * scale + offset
    size = np.abs(scale)
    after = Bounds(np.minimum(*ends), np.maximum(*ends), size * x.error, size * x.rounding)
    underflow = roundings * (1.0 + size) + x.size
    return after.computed(size * x.size + terms, roundings, dtype, underflow)


def _embedding(layer, x):
    if layer.mask_zero:
        raise Unproved("what its mask does to later layers is not known")
    if layer.quantization_mode is not None or layer.lora_enabled:
        raise Unproved("its table is quantized or has a low-rank adaptation (LoRA)")
    if np.any(x.apart):
        raise Unproved("the rows that it looks up may differ")
    whole = "float" not in x.dtype
    first, last = int(np.min(np.ceil(x.low) if whole else np.floor(x.low))), int(np.max(x.high))
    if first < 0 or last >= layer.input_dim:
        raise Unproved(
            f"its table has rows 0 to {layer.input_dim - 1}, and the domain reaches from "
            f"{first} to {last}"
        )
    table = np.asarray(layer.embeddings, float)[first : last + 1]
    shape = (*x.low.shape, table.shape[1])
    low, high = (np.broadcast_to(v, shape).copy() for v in (table.min(0), table.max(0)))
    return Bounds.of_box(low, high, layer.variable_dtype).cast(layer.compute_dtype)


# Rules `rule(layer, bounds)` by the exact class of a layer.
AFFINE: dict[type[keras.layers.Layer], Callable[[keras.layers.Layer, Bounds], Bounds]] = {
    **dict.fromkeys(LINEAR, _linear),
    keras.layers.BatchNormalization: _batch_normalization,
    keras.layers.Rescaling: _rescaling,
    keras.layers.Normalization: _normalization,
    keras.layers.Embedding: _embedding,
    GeometricScale: _geometric_scale,
}
