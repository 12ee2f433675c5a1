"""A search for layers inside layers."""

from typing import Any

import keras

__all__ = ["layers_inside"]


def layers_inside(
    layer: keras.layers.Layer, kind: type | tuple[type, ...] = keras.layers.Layer
) -> list[Any]:
    """Returns the layers of a kind inside a layer or model, itself included, each once.

    Unlike `model.layers`, which lists the outermost layers only, it also finds cells, wrapped
    layers and activations that are layers.

    Args:
        layer: Layer or model.
        kind: Class of the layers to find, or a tuple of classes.

    Returns:
        List of layers.

    Example:

    >>> import keras
    >>> from keras_addmul.layers import NoisyLSTM, NoisyTanh
    >>> from keras_addmul.layers.inside import layers_inside
    >>> model = keras.Sequential([keras.layers.Bidirectional(NoisyLSTM(2))])
    >>> len(layers_inside(model, NoisyTanh))
    2
    """
    found: list[Any] = []
    seen: set[int] = set()

    def visit(value: Any) -> None:
        if id(value) in seen:
            return
        if isinstance(value, keras.layers.Layer):
            seen.add(id(value))
            if isinstance(value, kind):
                found.append(value)
            for inner in vars(value).values():
                visit(inner)
        elif isinstance(value, (list, tuple)):
            seen.add(id(value))
            for inner in value:
                visit(inner)
        elif isinstance(value, dict):
            seen.add(id(value))
            for inner in value.values():
                visit(inner)

    visit(layer)
    return found
