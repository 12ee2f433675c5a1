"""Layers inside layers, wherever they are kept."""

import keras

__all__ = ["layers_inside"]


def layers_inside(layer, kind=keras.layers.Layer):
    """Returns a layer or model and every layer inside it that are of a kind, each once.

    Cells, wrapped layers and activations that are layers are found too, where
    `model.layers` ends at the first floor.

    >>> import keras
    >>> from keras_addmul.layers import NoisyLSTM, NoisyTanh
    >>> from keras_addmul.layers.inside import layers_inside
    >>> model = keras.Sequential([keras.layers.Bidirectional(NoisyLSTM(2))])
    >>> len(layers_inside(model, NoisyTanh))
    2
    """
    found, seen = [], set()

    def visit(value):
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
