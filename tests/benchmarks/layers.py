"""What a training step of AddMulDense costs beside one of Dense."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_addmul.layers import AddMulDense
from tests.benchmarks import timing

NAME = "layers"
TITLE = "training step (Adam, mean squared error, XLA, unknown batch) beside Dense; batch 1024"


class Powers(keras.layers.Layer):
    """AddMulDense with `exp(n log |x|)` for the iterates: the least that its shape costs.

    Args:
        units: Number of outputs.
        groups: Number of orders of the units, or None for `coupling="free"`.
    """

    def __init__(self, units, groups=None):
        super().__init__()
        self.units, self.groups = units, groups

    def build(self, input_shape):
        inputs = input_shape[-1]
        self.kernel = self.add_weight((inputs, self.units))
        self.bias = self.add_weight((self.units,), "zeros")
        self.order = self.add_weight((self.groups or self.units,), "zeros")
        self.order_in = None if self.groups else self.add_weight((inputs,), "zeros")

    def call(self, x):
        if self.groups is None:
            total = ops.matmul(_power(x, self.order_in), self.kernel) + self.bias
            return _power(total, self.order)
        blocks = ops.reshape(self.kernel, (-1, self.groups, self.units // self.groups))
        terms = _power(x, ops.reshape(self.order, (-1, 1, 1)))
        total = ops.transpose(ops.matmul(terms, ops.transpose(blocks, (1, 0, 2))), (1, 0, 2))
        order = ops.repeat(self.order, self.units // self.groups)
        return _power(ops.reshape(total, (-1, self.units)), order) + self.bias


def _power(x, n):
    return ops.exp(n * ops.log(ops.abs(x) + 1e-7))


FREE = "AddMulDense(1024, coupling='free')"
BLOCKS = "AddMulDense(1024, groups=8)"
MIXED = "AddMulDense(512, path='mixture')"
CASES = (
    (1024, "Dense(1024)", lambda: keras.layers.Dense(1024)),
    (1024, FREE, lambda: AddMulDense(1024, coupling="free")),
    (1024, "the same of exp(n log x)", lambda: Powers(1024)),
    (1024, BLOCKS, lambda: AddMulDense(1024, groups=8)),
    (1024, "the same of exp(n log x), 8", lambda: Powers(1024, groups=8)),
    (512, "Dense(512)", lambda: keras.layers.Dense(512)),
    (512, "AddMulDense(512)", lambda: AddMulDense(512)),
    (512, MIXED, lambda: AddMulDense(512, path="mixture")),
)

# How many steps of Dense a step may take, for positive inputs and for inputs of either sign.
GOALS = {
    FREE: (1.5, 2.0),
    BLOCKS: (3.5, 4.5),
    "AddMulDense(512)": (9.0, 9.0),
    MIXED: (3.5, 3.5),
}

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
            steps = {name: _step(make(), width, place) for w, name, make in CASES if w == width}
            for which, x in enumerate((positive, signed)):
                sign = ("positive", "of either sign")[which]
                x, y = tf.constant(x), tf.constant(signed[::-1].copy())
                calls = {k: functools.partial(_finish, f, x, y) for k, f in steps.items()}
                for row in timing.compare(calls, seconds):
                    goal = GOALS.get(row["name"], (None, None))[which]
                    rows.append({"place": place, "inputs": sign, **row, "goal": goal})
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
