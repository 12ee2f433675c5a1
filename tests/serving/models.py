"""Small models to export, and data for them."""

import keras
import numpy as np


def dense(dtype=None):
    """A Sequential whose input is called `x`."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, "tanh", dtype=dtype), keras.layers.Dense(2, dtype=dtype)]
    return keras.Sequential([keras.Input((3,), name="x", dtype=keras_input(dtype)), *layers])


def keras_input(dtype):
    return "float64" if dtype == "float64" else "float32"


def two_inputs(as_dict=False):
    """A functional model of two inputs, in the order that is not the alphabet's."""
    keras.utils.set_random_seed(0)
    b, a = keras.Input((3,), name="speed"), keras.Input((4,), name="mass")
    y = keras.layers.Dense(2)(keras.layers.Concatenate()([b, a]))
    return keras.Model({"speed": b, "mass": a} if as_dict else [b, a], y)


def two_outputs():
    keras.utils.set_random_seed(0)
    x = keras.Input((3,), name="x")
    return keras.Model(x, {"second": keras.layers.Dense(2)(x), "first": keras.layers.Dense(1)(x)})


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def data(rows=5, features=3):
    return np.random.default_rng(rows).normal(size=(rows, features)).astype("float32")
