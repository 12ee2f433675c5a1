"""Each layer in the forms that matter, for the laws that every layer obeys."""

import keras

from keras_addmul import layers

HALF = keras.initializers.Constant(0.5)

CASES = {
    "AddMul": [{}, {"shared": True, "solution": "linear", "order_initializer": HALF}],
    "AddMulDense": [
        {"units": 4, "activation": "softplus"},
        {"units": 4, "groups": 2, "use_bias": False},
        {"units": 3, "coupling": "free", "order_initializer": keras.initializers.Constant(0.3)},
        {"units": 18, "nodes": 16, "order_initializer": keras.initializers.RandomUniform(0, 1)},
        {"units": 2, "solution": "linear", "order_initializer": HALF},
    ],
    "ExpIterate": [{"order_initializer": HALF}, {"shared": True, "solution": "linear"}],
}

MERGES = {"AddMul"}

EVERY = [(name, index) for name in layers.__all__ for index in range(len(CASES.get(name, [None])))]


def make(name, **kwargs):
    """A fresh layer."""
    return getattr(layers, name)(**kwargs)


def build(name, index, **kwargs):
    """A fresh layer of one case."""
    return make(name, **CASES[name][index], **kwargs)


def inputs_for(name, x):
    """What the layer is called on: `x`, or a list for a layer that merges."""
    return [x, x + 0.5] if name in MERGES else x
