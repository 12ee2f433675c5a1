"""Propagates bounds through activations that are not converted.

Functions are recognised by `record_of`, never by name. As computed, an elementwise
function is taken to be `f(z (1 + d)) (1 + e) + c`, with `d` and `e` of 16 unit roundoffs at most,
and `c` of 2: some functions subtract 1. Noisy activations are sums of many terms of
magnitude 1, so `c` is 16 unit roundoffs there. TensorFlow computes `gelu` with a constant
in single precision, whatever the dtype.
"""

from typing import Any

import keras
import numpy as np

from keras_addmul.activations.registry import record_of
from keras_addmul.barron.models.bounds import (
    Bounds,
    Unproved,
    refuse_overflow,
    smallest,
    unit_roundoff,
)
from keras_addmul.layers import NoisyActivation, NoisySigmoid, NoisyTanh

__all__ = ["activated", "lost_in_function", "softmax"]

_FUNCTION_ULPS = 16

# The constants in the records are rounded, and so are those of the backends.
_RECORD_MARGIN = 1 + 1e-6

_NOISY = (NoisyActivation, NoisyTanh, NoisySigmoid)


def lost_in_function(function: Any, size: Any, slope: Any, argument: Any, dtype: str) -> np.ndarray:
    """Bounds the rounding error of a computed function, apart from that of its argument.

    Args:
        function: The function.
        size: The largest magnitude of its values.
        slope: A Lipschitz constant.
        argument: The largest magnitude of its argument.
        dtype: The dtype of the computation.

    Raises:
        Unproved: If a value may overflow.
    """
    refuse_overflow(2 * np.asarray(size), dtype)
    record = record_of(function)
    unit = unit_roundoff(dtype)
    if record is not None and record.function is keras.activations.gelu:
        unit = max(unit, unit_roundoff("float32"))
    terms = _FUNCTION_ULPS if type(function) in _NOISY else 2
    return unit * (_FUNCTION_ULPS * (size + slope * argument) + terms) + smallest(dtype)


def activated(function: Any, x: Bounds, dtype: str) -> Bounds:
    """Returns the bounds after a function or an activation layer that is not converted.

    Args:
        function: The function that a layer applies, or an activation layer.
        x: The `Bounds` before it.
        dtype: The dtype of the computation.

    Raises:
        Unproved: If the function is unknown, or no bound is proved for it.
    """
    if isinstance(function, keras.layers.Layer):
        x, dtype = x.cast(function.compute_dtype), function.compute_dtype
    kind = type(function)
    if kind is keras.layers.Activation:
        return activated(function.activation, x, dtype)
    if kind is keras.layers.Softmax:
        return softmax(x, function.axis, dtype)
    if kind in (keras.layers.ReLU, keras.layers.LeakyReLU):
        return _leaky(function, x, dtype)
    record = record_of(function)
    if record is None:
        raise Unproved(f"its activation {_name_of(function)} is not known")
    if record.function is keras.activations.softmax:
        return softmax(x, -1, dtype)
    if record.function is keras.activations.linear:
        return x
    if record.function is keras.activations.relu:
        return x.each(lambda v: np.maximum(v, 0.0))
    if not record.elementwise or not np.isfinite(record.lipschitz):
        raise Unproved(f"its activation {record.name} has no rule")
    return _lipschitz(record, x, dtype)


def _name_of(function):
    return getattr(function, "__name__", type(function).__name__)


def _leaky(layer, x, dtype):
    """Returns the bounds after a rectifier with slopes; with a threshold it would jump."""
    threshold = getattr(layer, "threshold", 0.0)
    if threshold or layer.negative_slope < 0:
        raise Unproved("a rectifier with a threshold jumps, one with a negative slope turns")
    slope, top = float(layer.negative_slope), getattr(layer, "max_value", None)

    def function(v):
        y = np.where(v > 0, v, slope * v)
        return y if top is None else np.minimum(y, float(top))

    steepest = max(1.0, slope)
    low, high = function(x.low), function(x.high)
    after = Bounds(low, high, steepest * x.error, steepest * x.rounding, dtype)
    if not slope and top is None:
        return after
    return after.computed(steepest * x.size, 2, dtype)


def _lipschitz(record, x, dtype):
    """Returns bounds from the value in the middle, or at the ends, and a Lipschitz constant."""
    slope = record.lipschitz * _RECORD_MARGIN
    middle, radius = (x.low + x.high) / 2, (x.high - x.low) / 2

    def exactly(v):
        return np.asarray(record.function(keras.ops.cast(v, "float64")))

    if record.monotone:
        low, high = exactly(x.low), exactly(x.high)
    else:
        low, high = exactly(middle) - slope * radius, exactly(middle) + slope * radius
    size = np.maximum(np.abs(low), np.abs(high)) + slope * x.apart
    here = lost_in_function(record.function, size, slope, x.size, "float64")
    lost = lost_in_function(record.function, size, slope, x.size, dtype)
    return Bounds(low - here, high + here, slope * x.error, slope * x.rounding + lost, dtype)


def softmax(x: Bounds, axis: Any, dtype: str) -> Bounds:
    """Returns the bounds after a softmax: `|dp_i| <= 2 sup p_i (1 - p_i) max_j |dz_j|`.

    This holds because `p_i` is the sigmoid of `z_i` less the log-sum-exp of the others, which moves
    by no more than they do; the supremum is over all possible values of `p_i`.

    Raises:
        Unproved: If it joins several axes, or the rows of a batch.
    """
    rank = x.low.ndim
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        (axis,) = axis
    if not isinstance(axis, int) or axis % rank == 0:
        raise Unproved("a softmax over several axes, or over the batch, has no rule")
    low, high = _share(x.low, x.high, axis)[0], _share(x.high, x.low, axis)[0]
    wide_low, wide_high = x.wide
    p, q = _share(wide_low, wide_high, axis), _share(wide_high, wide_low, axis)
    around_half = (p[0] <= 0.5) & (q[0] >= 0.5)
    spread = 2 * np.where(around_half, 0.25, np.maximum(p[0] * p[1], q[0] * q[1]))
    error, rounding = (
        np.minimum(1.0, spread * np.max(v, axis, keepdims=True)) for v in (x.error, x.rounding)
    )
    refuse_overflow(2 * x.size, dtype)  # of the differences
    # Exponentials with rounded arguments, and the sum of all.
    roundings = x.low.shape[axis] + 2 * _FUNCTION_ULPS
    return Bounds(low, high, error, rounding, dtype).computed(np.ones_like(low), roundings, dtype)


def _share(own, others, axis):
    """Returns `p_i` and `1 - p_i` of a softmax, for a number and bounds of the others."""
    top = np.max(others, axis, keepdims=True)
    grow = np.exp(np.clip(others - top, -700, 0))
    rest = np.moveaxis(_sum_of_others(np.moveaxis(grow, axis, -1)), -1, axis)
    mine = np.exp(np.clip(own - top, -700, 700))
    return mine / (mine + rest), rest / (mine + rest)


def _sum_of_others(x):
    """Returns for each number along the last axis the sum of the others, without subtraction."""
    zero = np.zeros_like(x[..., :1])
    before = np.concatenate([zero, np.cumsum(x, -1)[..., :-1]], -1)
    after = np.concatenate([zero, np.cumsum(x[..., ::-1], -1)[..., :-1]], -1)[..., ::-1]
    return before + after
