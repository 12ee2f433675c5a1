"""Models and data of the tests of comparisons; worker processes import the functions."""

import os
import time
from pathlib import Path

import keras
import numpy as np

X = np.random.default_rng(0).uniform(0.5, 2.0, (96, 2)).astype("float32")
Y = X[:, :1] * X[:, 1:]


def stack(activation):
    layers = [keras.layers.Dense(3, activation), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((2,)), *layers])


def dense():
    """The baseline."""
    return stack("relu")


def tanh():
    """The baseline with another activation."""
    return stack("tanh")


def wide():
    """A model of three columns."""
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


def classifier():
    """A model of two classes."""
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "softmax")])


def diverging():
    """A model whose loss is nan after a few steps."""
    model = dense()
    model.compile(keras.optimizers.SGD(1e9))
    return model


def standing_still():
    """A model whose loss does not fall."""
    model = dense()
    model.compile(keras.optimizers.SGD(0.0))
    return model


def scaled(x, y):
    """A model of rows whose size it has seen."""
    scale = keras.layers.Rescaling(float(1.0 / x.std()))
    return keras.Sequential([keras.Input((2,)), scale, *dense().layers])


def stub(made, seed, settings, rows):
    """In place of a training: its score depends on the arm and the seed alone."""
    score = float(np.exp(np.random.default_rng([seed, len(made)]).normal()))
    curves = {"loss": [score] * settings["epochs"], "score": [score] * settings["epochs"]}
    return {"outcome": "finished", "score": score, "curves": curves, "parameters": 1, "steps": 1,
            "seconds": 1.0}  # fmt: skip


def stub_of_times(made, *rest):
    """In place of measured step times: each arm takes twice the time of the one before it."""
    times = {arm.name: [2.0**i] * 2 for i, arm in enumerate(made)}
    return {"outcome": "finished", "seconds_of_a_step": times}


class Mean:
    """No Keras model: it answers with the mean."""

    def fit(self, x, y):
        self.mean = y.mean()

    def predict(self, x):
        return np.full(len(x), self.mean)


def mortal():
    """A model whose making waits to be killed, in processes other than the main one.

    The file that `MORTAL` names says "wait" where it shall, once the step times are measured and
    a run is done; it then holds the process.
    """
    ask = Path(os.environ.get("MORTAL", "/nowhere"))
    asked = ask.exists() and ask.read_text() == "wait"
    done = len(list(ask.parent.glob("runs/*.json")))
    if str(os.getpid()) != os.environ.get("MAIN") and asked and done > 1:
        ask.write_text(str(os.getpid()))
        time.sleep(600)
    return tanh()
