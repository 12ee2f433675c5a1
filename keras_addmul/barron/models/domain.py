"""The inputs for which a conversion is proved."""

import numpy as np

__all__ = ["as_arrays", "boxes", "random_points"]


def as_arrays(model, data):
    """Returns data as a list of arrays, one for each input of a model, or None."""
    if data is None:
        return None
    if isinstance(data, dict):
        data = [data[t.name] for t in model.inputs]
    arrays = list(data) if isinstance(data, (list, tuple)) else [data]
    arrays = [np.asarray(a) for a in arrays]
    wanted = [tuple(t.shape[1:]) for t in model.inputs]
    fits = len(arrays) == len(wanted) and all(
        a.ndim == len(s) + 1 and all(n in (None, m) for n, m in zip(s, a.shape[1:], strict=True))
        for a, s in zip(arrays, wanted, strict=True)
    )
    if not fits or not all(len(a) for a in arrays):
        raise ValueError(
            f"Argument `data` must hold rows of shapes {wanted}. "
            f"Received: {[a.shape for a in arrays]}"
        )
    return arrays


def boxes(model, domain, data):
    """Returns a pair of arrays of shape `(1, ...)` for each input, and where they come from."""
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
    return [_box(pair, shape, domain) for pair, shape in zip(pairs, shapes, strict=True)], source


def _pairs(model, domain):
    if isinstance(domain, dict):
        names = [t.name for t in model.inputs]
        if set(domain) != set(names):
            raise ValueError(
                f"Argument `domain` must have a pair for each of {names}. Received: {list(domain)}"
            )
        return [domain[name] for name in names]
    if len(model.inputs) == 1:
        return [domain]
    many = isinstance(domain, (list, tuple)) and len(domain) == len(model.inputs)
    if many and all(np.ndim(d) > 0 or isinstance(d, (list, tuple)) for d in domain):
        return list(domain)
    return [domain] * len(model.inputs)


def _box(pair, shape, given):
    try:
        low, high = (np.broadcast_to(np.asarray(end, float), shape).copy() for end in pair)
    except (TypeError, ValueError):
        low = high = np.array([np.nan])
    if not np.all(np.isfinite(low)) or not np.all(np.isfinite(high)) or not np.all(low <= high):
        raise ValueError(
            "Argument `domain` must be a pair (low, high) of finite numbers, or of arrays of the "
            f"input's shape {shape[1:]}, with low <= high. Received: {given!r}"
        )
    return low, high


def random_points(model, pairs, rows=256):
    """Points of the boxes, half of them in corners, the same at each call."""
    rng = np.random.default_rng(0)
    points = []
    for tensor, (low, high) in zip(model.inputs, pairs, strict=True):
        share = rng.uniform(size=(rows, *low.shape[1:]))
        share[rows // 2 :] = np.round(share[rows // 2 :])
        points.append(_cast(low + (high - low) * share, tensor.dtype))
    return points


def _cast(values, dtype):
    return np.round(values).astype(dtype) if "int" in dtype else values.astype("float32")
