"""What a training step of AddMulDense costs beside one of Dense."""

import functools

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.layers import AddMulDense
from tests.benchmarks import timing

NAME = "layers"
TITLE = "training step (Adam, mean squared error, XLA, unknown batch) beside Dense; batch 1024"

CASES = (
    (1024, "Dense(1024)", lambda: keras.layers.Dense(1024), None),
    (1024, "AddMulDense(1024, coupling='free')", lambda: AddMulDense(1024, coupling="free"), 1.5),
    (1024, "AddMulDense(1024, groups=8)", lambda: AddMulDense(1024, groups=8), 2.0),
    (512, "Dense(512)", lambda: keras.layers.Dense(512), None),
    (512, "AddMulDense(512)", lambda: AddMulDense(512), 20.0),
)

# Where the layer stands: at the input, as the first one, or behind others, whose
# training needs the gradient of its inputs too.
PLACES = ("first", "hidden")


def run(seconds=6.0):
    """One row for each size, place, sign of the inputs and layer."""
    rng = np.random.default_rng(0)
    rows = []
    for width in (1024, 512):
        positive = rng.uniform(0.1, 2.0, (1024, width)).astype("float32")
        signed = rng.normal(size=(1024, width)).astype("float32")
        for place in PLACES:
            steps = {
                name: (_step(make(), width, place), bound)
                for w, name, make, bound in CASES
                if w == width
            }
            for sign, x in (("positive", positive), ("of either sign", signed)):
                x, y = tf.constant(x), tf.constant(signed[::-1].copy())
                calls = {k: functools.partial(_finish, f, x, y) for k, (f, _) in steps.items()}
                for row in timing.compare(calls, seconds):
                    bound = steps[row["name"]][1]
                    rows.append({"place": place, "inputs": sign, **row, "bound": bound})
    return rows


def _finish(step, x, y):
    return step(x, y).numpy()


def _step(layer, width, place):
    keras.utils.set_random_seed(0)
    layer.build((None, width))
    optimizer = keras.optimizers.Adam(1e-4)
    optimizer.build(layer.trainable_variables)
    batch = tf.TensorSpec((None, width), tf.float32)

    @tf.function(jit_compile=True, input_signature=[batch, batch])
    def step(x, y):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_mean(tf.square(layer(x) - y))
        wanted = layer.trainable_variables + ([x] if place == "hidden" else [])
        gradients = tape.gradient(loss, wanted)
        optimizer.apply(gradients[: len(layer.trainable_variables)], layer.trainable_variables)
        # What flows on must not be optimised away.
        return loss + tf.reduce_max(gradients[-1]) if place == "hidden" else loss

    return step
