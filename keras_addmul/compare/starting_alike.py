"""Gives equal layers of two models the same initial weights."""

from collections import defaultdict
from typing import Any

import keras

from keras_addmul.layers.inside import layers_inside

__all__ = ["start_alike"]

# Differences of a config between layers that may start alike.
MAY_DIFFER = ("name", "dtype", "activation", "recurrent_activation", "build_config")


def start_alike(model: keras.Model, like: keras.Model) -> int:
    """Copies the initial weights of each layer of `like` to its equal in `model`.

    Layers are equal if their class, their config (but for name, dtype and activation) and the
    shapes of their own weights are. The first of several equal layers goes with the first.

    Returns:
        How many layers start alike.
    """
    sources = defaultdict(list)
    for layer in layers_inside(like):
        sources[_kind(layer)].append(layer)
    copied = 0
    for layer in layers_inside(model):
        same = sources[_kind(layer)]
        if _own(layer) and same:
            for target, source in zip(_own(layer), _own(same.pop(0)), strict=True):
                target.assign(source)
            copied += 1
    return copied


def _own(layer: keras.layers.Layer) -> list[Any]:
    """The weights of a layer that no layer inside it holds."""
    inner = {id(w) for part in layers_inside(layer) if part is not layer for w in part.weights}
    return [w for w in layer.weights if id(w) not in inner]


def _kind(layer: keras.layers.Layer) -> str:
    shapes = [(w.name, tuple(w.shape)) for w in _own(layer)]
    if not shapes:
        return ""
    config = {k: v for k, v in layer.get_config().items() if k not in MAY_DIFFER}
    return repr((type(layer), sorted(config.items(), key=lambda item: item[0]), shapes))
