"""Where restarts start."""

import random

import keras
import numpy as np

__all__ = ["draw_starts"]


def draw_starts(model, restarts, seed, build=None, starts=None):
    """Draws the weights of many restarts of one model.

    A weight `kernel` of a layer that has a `kernel_initializer` is drawn anew from it for
    each restart; others are as they are in the model. A layer that has a method
    `structured_starts(count, seed)` covers the kinds of start it knows with it.

    Args:
        model: Built Keras model.
        restarts: How many.
        seed: Integer.
        build: Function that returns a fresh model, each one a start; or None.
        starts: Function `(model, restarts, seed)` that returns a dictionary from paths
            of weights to arrays `(restarts, *shape)`, which override; or None.

    Returns:
        List of arrays `(restarts, *shape)`, one for each variable of the model.
    """
    rng = np.random.default_rng(seed)
    if build is not None:
        return _built(model, restarts, rng, build)
    drawn = {}
    for layer in leaves(model):
        structured = {}
        if hasattr(layer, "structured_starts"):
            structured = layer.structured_starts(restarts, int(rng.integers(2**31)))
        for weight in layer.weights:
            initializer = getattr(layer, f"{weight.name}_initializer", None)
            if weight.name in structured:
                drawn[weight.path] = structured[weight.name]
            elif initializer is not None:
                drawn[weight.path] = _drawn(initializer, weight, restarts, rng)
    if starts is not None:
        drawn.update(starts(model, restarts, seed))
    return [
        np.asarray(drawn.get(v.path, np.repeat(v.numpy()[None], restarts, axis=0)), v.dtype)
        for v in model.variables
    ]


def _built(model, restarts, rng, build):
    """The weights of models that a function builds, which draws from Python's generator."""
    before = random.getstate()
    values = [[v.numpy() for v in model.variables]]
    try:
        for _ in range(restarts - 1):
            random.seed(int(rng.integers(2**31)))
            values.append([v.numpy() for v in build().variables])
    finally:
        random.setstate(before)
    return [np.stack(each) for each in zip(*values, strict=True)]


def leaves(model):
    """The layers of a model that hold no other layer's weights, in order, each once."""
    found = {}

    def visit(layer):
        inner = list(getattr(layer, "layers", None) or [])
        for wrapped in ("layer", "cell", "forward_layer", "backward_layer"):
            held = getattr(layer, wrapped, None)
            if isinstance(held, keras.layers.Layer):
                inner.append(held)
        for child in inner:
            visit(child)
        if not inner:
            found[id(layer)] = layer

    visit(model)
    return list(found.values())


def _drawn(initializer, weight, restarts, rng):
    """Values of an initializer, which draws from a seed if its config holds one."""
    config = initializer.get_config() if hasattr(initializer, "get_config") else {}
    values = []
    for _ in range(restarts):
        if "seed" in config:
            config = {**config, "seed": int(rng.integers(2**31))}
            initializer = type(initializer).from_config(config)
        drawn = initializer(tuple(weight.shape), dtype=weight.dtype)
        values.append(keras.ops.convert_to_numpy(drawn))
        if "seed" not in config:
            return np.repeat(values[0][None], restarts, axis=0)
    return np.stack(values)
