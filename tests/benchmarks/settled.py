"""What a settled layer costs beside a Dense of the same size."""

import functools

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.layers import AddMulDense, settled
from tests.benchmarks import timing

NAME = "settled"
TITLE = "inference of a settled layer beside Dense; batch 1024"

GOAL = 1.5
WIDTHS = (512, 1024)


def run(seconds=3.0):
    """One row for each width, mode, sign of the inputs and layer."""
    rng = np.random.default_rng(0)
    rows = []
    for width in WIDTHS:
        positive = rng.uniform(0.5, 2.0, (1024, width)).astype("float32")
        signed = positive * rng.choice([-1.0, 1.0], positive.shape).astype("float32")
        models = {"Dense": keras.Sequential([keras.Input((width,)), keras.layers.Dense(width)])}
        for name, orders in (("sums", [0.0]), ("products", [1.0]), ("half of each", [0.0, 1.0])):
            model = _model(width, orders, rng)
            models[f"{name}, signs by matmul"] = settled(model)
            models[f"{name}, signs by bits"] = settled(model, signs="bits")
        del models["sums, signs by bits"]
        for jit in (True, False):
            spec = [tf.TensorSpec((None, width), tf.float32)]
            steps = {
                name: tf.function(one, jit_compile=jit, input_signature=spec)
                for name, one in models.items()
            }
            for sign, x in (("positive", positive), ("of either sign", signed)):
                x = tf.constant(x)
                calls = {name: functools.partial(_finish, f, x) for name, f in steps.items()}
                for row in timing.compare(calls, seconds):
                    mode = "XLA" if jit else "graph"
                    about = {"units": width, "mode": mode, "inputs": sign}
                    rows.append({**about, **row, "goal": GOAL})
    return rows


def _model(width, orders, rng):
    layer = AddMulDense(width)
    model = keras.Sequential([keras.Input((width,)), layer])
    layer.order.assign(np.resize(orders, width))
    layer.kernel.assign(rng.normal(size=(width, width)) / width)
    layer.parity.assign(rng.random((width, width)) < 0.5)
    return model


def _finish(function, x):
    return function(x).numpy()
