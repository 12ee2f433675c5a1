"""What a training step of NoisyActivation costs beside GaussianNoise and hard_tanh."""

import functools

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.layers import NoisyTanh
from tests.benchmarks import timing

NAME = "noisy_speed"
TITLE = "forward and backward through a million float32 numbers, beside GaussianNoise + hard_tanh"

SHAPE = (1024, 1024)
ZERO = tf.UnconnectedGradients.ZERO


class Gaussian(keras.layers.Layer):
    """What one would write with Keras alone; p stands idle, so that both return as much."""

    def build(self, input_shape):
        self.noise = keras.layers.GaussianNoise(0.5)
        self.p = self.add_weight(shape=input_shape[-1:], name="p")

    def call(self, x, training=False):
        return keras.activations.hard_tanh(self.noise(x, training=training))


LAYERS = {
    "GaussianNoise + hard_tanh": Gaussian,
    "NoisyTanh NAN": lambda: NoisyTanh(kind="NAN"),
    "NoisyTanh NAH": lambda: NoisyTanh(kind="NAH"),
    "NoisyTanh NANI": lambda: NoisyTanh(kind="NANI"),
    "NoisyTanh NANIL": lambda: NoisyTanh(kind="NANIL"),
    "soft NoisyTanh NAH": lambda: NoisyTanh(kind="NAH", soft=True),
}


def run(seconds=20.0):
    """One row for each layer, in a graph and under XLA."""
    x = tf.constant(2.0 * np.random.default_rng(0).normal(size=SHAPE), tf.float32)
    rows = []
    for mode, jit in (("graph", False), ("XLA", True)):
        calls = {name: functools.partial(_step(make(), jit), x) for name, make in LAYERS.items()}
        for row in timing.compare({k: _finished(f) for k, f in calls.items()}, seconds):
            bound = 1.5 if mode == "graph" else 0.2
            bound = bound if row["name"].startswith("NoisyTanh") else None
            rows.append({"mode": mode, **row, "bound": bound})
    return rows


def _finished(call):
    return lambda: call().numpy()


def _step(layer, jit):
    layer.build(SHAPE)

    @tf.function(jit_compile=jit, input_signature=[tf.TensorSpec(SHAPE, tf.float32)])
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        weights = [weight.value for weight in layer.trainable_variables]
        gradients = tape.gradient(y, [x, *weights], unconnected_gradients=ZERO)
        # What flows on must not be optimised away.
        return tf.reduce_sum(y) + sum(tf.reduce_max(g) for g in gradients)

    return step
