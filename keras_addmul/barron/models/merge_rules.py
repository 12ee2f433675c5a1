"""Propagates bounds through layers and operations that combine several tensors."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np

from keras_addmul.barron.models.bounds import Bounds, Unproved

__all__ = ["class_of", "merge", "merges"]

_Rule: TypeAlias = Callable[[Any, Sequence[Bounds], str], Bounds]


def merge(layer: Any, values: Sequence[Any]) -> Bounds:
    """Returns the bounds after a merging layer, or an operation such as `x + y`.

    Args:
        layer: A layer or operation whose exact class is in `merges()`.
        values: A `Bounds` for each tensor; numbers and arrays for constants.

    Raises:
        Unproved: If the class has no rule, or no bound is proved for these values.
    """
    rule = merges().get(type(layer))
    if rule is None:
        raise Unproved("no rule is known for its class")
    if isinstance(layer, keras.layers.Layer):
        dtype = layer.compute_dtype
        if not all(isinstance(v, Bounds) for v in values):
            raise Unproved("it joins something that is not a tensor")
        if not any("float" in v.dtype for v in values):
            raise Unproved("it joins integers")
        tensors = [v.cast(dtype) for v in values]
    else:
        dtype = keras.backend.result_type(*map(_type_of, values))
        tensors = [_bounds_of(v, dtype) for v in values]
        ranks = {np.ndim(v.low) for v in values if isinstance(v, Bounds)}
        constants = [v for v in values if not isinstance(v, Bounds)]
        if len(ranks) > 1 or any(np.ndim(c) >= min(ranks) for c in constants):
            raise Unproved("how it broadcasts its operands over the batch is not known")
        if "float" not in dtype:
            raise Unproved(f"it computes in {dtype}")
    return rule(layer, tensors, dtype)


def _type_of(value):
    if isinstance(value, (Bounds, np.ndarray, np.generic)):
        return str(value.dtype)
    if isinstance(value, (bool, int, float)):
        return type(value)
    raise Unproved(f"an operand is a {type(value).__name__}")


def _bounds_of(value, dtype):
    if isinstance(value, Bounds):
        return value.cast(dtype)
    return Bounds.of_box(value, value, "float64").cast(dtype)


def _sum(layer, tensors, dtype):
    after = _added(tensors)
    return after.computed(sum(t.size for t in tensors), len(tensors) - 1, dtype)


def _average(layer, tensors, dtype):
    total, share = _sum(layer, tensors, dtype), 1.0 / len(tensors)
    after = total.each(lambda v: share * v)
    return after.computed(share * sum(t.size for t in tensors), 2, dtype)


def _difference(layer, tensors, dtype):
    a, b = tensors
    return _sum(layer, [a, Bounds(-b.high, -b.low, b.error, b.rounding, b.dtype)], dtype)


def _maximum(layer, tensors, dtype):
    return _picked(np.maximum, tensors, dtype)


def _minimum(layer, tensors, dtype):
    return _picked(np.minimum, tensors, dtype)


def _picked(pick, tensors, dtype):
    low, high, error, rounding = zip(*(t.arrays for t in tensors), strict=True)
    furthest = _folded(np.maximum, error), _folded(np.maximum, rounding)
    return Bounds(_folded(pick, low), _folded(pick, high), *furthest, dtype)


def _product(layer, tensors, dtype):
    product = tensors[0]
    for other in tensors[1:]:
        product = _times(product, other, dtype)
    return product


def _times(a, b, dtype):
    ends = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    exact = [np.maximum(np.abs(t.low), np.abs(t.high)) for t in (a, b)]
    error = exact[0] * b.error + (exact[1] + b.error) * a.error
    # The values in the converted model, which may be larger.
    exact = [size + t.error for size, t in zip(exact, (a, b), strict=True)]
    rounding = exact[0] * b.rounding + (exact[1] + b.rounding) * a.rounding
    after = Bounds(_folded(np.minimum, ends), _folded(np.maximum, ends), error, rounding)
    return after.computed(a.size * b.size, 1, dtype)


def _concatenation(layer, tensors, dtype):
    rank = tensors[0].low.ndim
    axis = layer.axis
    if not isinstance(axis, int) or axis % rank == 0:
        raise Unproved("it joins the rows of a batch")
    each = zip(*(t.arrays for t in tensors), strict=True)
    low, high, error, rounding = (np.concatenate(arrays, axis) for arrays in each)
    return Bounds(low, high, error, rounding, dtype)


def _added(tensors):
    each = zip(*(t.arrays for t in tensors), strict=True)
    low, high, error, rounding = (_folded(np.add, arrays) for arrays in each)
    return Bounds(low, high, error, rounding)


def _folded(function, arrays):
    """Folds arrays whose shapes broadcast."""
    result = arrays[0]
    for other in arrays[1:]:
        result = function(result, other)
    return result


def class_of(function: Callable[[Any, Any], Any]) -> type:
    """Returns the class that Keras records for `function(x, y)` in a functional model."""
    x, y = (keras.Input((1,), name=name) for name in "xy")
    return type(keras.Model([x, y], function(x, y)).operations[-1])


@functools.cache
def merges() -> dict[type, _Rule]:
    """Returns rules `rule(layer, tensors, dtype)` by the exact class of a layer or operation."""
    ops, layers = keras.ops, keras.layers
    return {
        layers.Add: _sum,
        layers.Average: _average,
        layers.Subtract: _difference,
        layers.Multiply: _product,
        layers.Maximum: _maximum,
        layers.Minimum: _minimum,
        layers.Concatenate: _concatenation,
        class_of(ops.add): _sum,
        class_of(ops.subtract): _difference,
        class_of(ops.multiply): _product,
        class_of(ops.maximum): _maximum,
        class_of(ops.minimum): _minimum,
        class_of(lambda x, y: ops.concatenate([x, y], axis=1)): _concatenation,
    }
