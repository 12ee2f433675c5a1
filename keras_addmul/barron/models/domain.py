"""The domain: the inputs for which the bounds of a conversion are proved."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import keras
import numpy as np

__all__ = ["Box", "as_arrays", "boxes", "inside", "random_points", "representable"]

# Lowest and highest input, arrays of shape `(1, ...)`.
Box: TypeAlias = tuple[np.ndarray, np.ndarray]


def as_arrays(model: keras.Model, data: Any) -> list[np.ndarray] | None:
    """Returns data as a list of arrays, one for each input of a model, or None.

    Raises:
        ValueError: If it is not one array for each input, all with the same number of rows.
    """
    if data is None:
        return None
    if isinstance(data, Mapping):
        data = _by_name("data", data, model, "an array")
    elif len(model.inputs) == 1 and not _is_list_of_one(data, len(model.inputs[0].shape)):
        data = [data]
    try:
        arrays = [np.asarray(a) for a in data]
    except (TypeError, ValueError):
        arrays = []
    wanted = [tuple(t.shape[1:]) for t in model.inputs]
    fits = len(arrays) == len(wanted) and all(
        a.ndim == len(s) + 1 and all(n in (None, m) for n, m in zip(s, a.shape[1:], strict=True))
        for a, s in zip(arrays, wanted, strict=True)
    )
    if not fits or len({len(a) for a in arrays}) > 1 or not len(arrays[0]):
        raise ValueError(
            f"Argument `data` must hold rows of shapes {wanted}, as many for each input. "
            f"Received: {_shapes(data)}"
        )
    if not all(np.issubdtype(a.dtype, np.number) and np.all(np.isfinite(a)) for a in arrays):
        raise ValueError(
            "Argument `data` must hold finite numbers. Received: arrays of "
            f"{', '.join(str(a.dtype) for a in arrays)} that hold something else"
        )
    return arrays


def boxes(model: keras.Model, domain: Any, data: list[np.ndarray] | None) -> tuple[list[Box], str]:
    """Returns a pair of arrays of shape `(1, ...)` for each input, and the source of the domain.

    Raises:
        ValueError: If the domain is invalid, or an input has no fixed shape.
    """
    shapes = []
    for tensor in model.inputs:
        shape = tuple(tensor.shape[1:])
        if None in shape:
            raise ValueError(
                "Argument `model` must have inputs of known shape, batch apart. "
                f"Received an input of shape {tuple(tensor.shape)}"
            )
        shapes.append((1, *shape))
    if domain is not None:
        pairs = _pairs(model, domain)
        source = "argument"
    elif data is not None:
        pairs = [(a.min(axis=0, keepdims=True), a.max(axis=0, keepdims=True)) for a in data]
        source = "data"
    else:
        pairs = [(-1.0, 1.0)] * len(shapes)
        source = "default"
    found = [
        _box(pair, shape, t.dtype, domain)
        for pair, shape, t in zip(pairs, shapes, model.inputs, strict=True)
    ]
    return found, source


def representable(box: Box, dtype: str) -> Box:
    """Returns the smallest box that contains every number of another one after a cast.

    Numbers of an integer dtype are unchanged by the cast, so their box is not widened.
    """
    if "float" not in dtype:
        return box
    low, high = (np.asarray(keras.ops.cast(end, dtype)).astype(float) for end in box)
    return np.minimum(low, box[0]), np.maximum(high, box[1])


def inside(box: Box, rows: np.ndarray, dtype: str) -> np.ndarray:
    """Tells which rows lie in a box once they are cast to a dtype."""
    low, high = representable(box, dtype)
    rows = np.asarray(rows, float)
    return np.all((low <= rows) & (rows <= high), axis=tuple(range(1, rows.ndim)))


def random_points(model: keras.Model, pairs: list[Box], rows: int = 256) -> list[np.ndarray]:
    """Returns random points of the boxes, half of them corners, the same at each call."""
    rng = np.random.default_rng(0)
    points = []
    for tensor, (low, high) in zip(model.inputs, pairs, strict=True):
        share = rng.uniform(size=(rows, *low.shape[1:]))
        share[rows // 2 :] = np.round(share[rows // 2 :])
        if "float" in tensor.dtype:
            at = np.clip(low + (high - low) * share, low, high)
            points.append(at.astype("float64" if tensor.dtype == "float64" else "float32"))
        else:
            first, last = np.ceil(low), np.floor(high)
            points.append(np.round(first + (last - first) * share).astype(tensor.dtype))
    return points


def _is_list_of_one(data, rank):
    return isinstance(data, (list, tuple)) and len(data) == 1 and np.ndim(data[0]) == rank


def _shapes(data):
    """Describes an argument briefly, without its numbers, for a message."""
    if not isinstance(data, (list, tuple)):
        return type(data).__name__
    shapes = [np.shape(a) if hasattr(a, "shape") else type(a).__name__ for a in data[:4]]
    return f"{shapes}{' and more' if len(data) > 4 else ''}"


def _by_name(argument, given, model, what):
    names = [t.name for t in model.inputs]
    if set(given) != set(names):
        raise ValueError(
            f"Argument `{argument}` must have {what} for each of {names}. Received: {list(given)}"
        )
    return [given[name] for name in names]


def _pairs(model, domain):
    if isinstance(domain, Mapping):
        return _by_name("domain", domain, model, "a pair")
    count = len(model.inputs)
    many = isinstance(domain, (list, tuple)) and len(domain) == count
    if many and all(np.ndim(d) > 0 or isinstance(d, (list, tuple)) for d in domain):
        return list(domain)
    return [domain] * count


def _box(pair, shape, dtype, given):
    try:
        low, high = (np.broadcast_to(np.asarray(end, float), shape).copy() for end in pair)
    except (TypeError, ValueError):
        low = high = np.array([np.nan])
    if not np.all(np.isfinite(low)) or not np.all(np.isfinite(high)) or not np.all(low <= high):
        raise ValueError(
            "Argument `domain` must be a pair (low, high) of finite numbers, or of arrays of the "
            f"input's shape {shape[1:]}, with low <= high. Received: {_brief(given)}"
        )
    if "float" not in dtype and np.any(np.ceil(low) > np.floor(high)):
        raise ValueError(
            f"Argument `domain` must hold an integer for an input of dtype {dtype}. "
            f"Received: {_brief(given)}"
        )
    return low, high


def _brief(given):
    text = repr(given)
    return text if len(text) <= 120 else f"{text[:100]}..."
