"""What an iterate costs beside a power: a million float32 values, an order for each column."""

import functools

import numpy as np
import tensorflow as tf

from keras_addmul import special
from tests.benchmarks import timing

NAME = "iterate"
TITLE = "exp_iterate(x, n) beside exp(n log x), 1000 x 1000 float32"
GOALS = {"jit": 1.5, "no jit": 7.0}

CANDIDATES = {
    "exp(n * log(x))": lambda x, n: tf.exp(n * tf.math.log(x)),
    "exp_iterate, kneser": special.exp_iterate,
    "exp_iterate, linear": functools.partial(special.exp_iterate, solution="linear"),
}


def forward(function):
    return lambda x, n, upstream: function(x, n)


def forward_and_backward(function):
    def both(x, n, upstream):
        with tf.GradientTape() as tape:
            tape.watch([x, n])
            y = function(x, n)
        return y, *tape.gradient(y, [x, n], output_gradients=upstream)

    return both


def run(seconds=3.0):
    """One row for each pass, mode and candidate.

    x lies in [0.1, 20], orders in [-1, 1] vary by column, the batch size is
    unknown to the compiler, and the gradients are those of a random direction.
    """
    rng = np.random.default_rng(0)
    x = tf.constant(rng.uniform(0.1, 20.0, (1000, 1000)), tf.float32)
    n = tf.constant(rng.uniform(-1.0, 1.0, (1000,)), tf.float32)
    upstream = tf.constant(rng.normal(size=(1000, 1000)), tf.float32)
    batch = tf.TensorSpec([None, 1000], tf.float32)
    signature = [batch, tf.TensorSpec([1000], tf.float32), batch]
    rows = []
    for mode, jit in (("jit", True), ("no jit", False)):
        for name, wrap in (("forward", forward), ("forward + backward", forward_and_backward)):
            compiled = {
                key: tf.function(wrap(f), input_signature=signature, jit_compile=jit)
                for key, f in CANDIDATES.items()
            }
            calls = {
                key: functools.partial(_finish, f, x, n, upstream) for key, f in compiled.items()
            }
            rows += [
                {"pass": name, "mode": mode, **row, "goal": GOALS[mode]}
                for row in timing.compare(calls, seconds)
            ]
    return rows


def _finish(function, *arguments):
    """Calls, and waits for the last number."""
    for result in tf.nest.flatten(function(*arguments)):
        np.asarray(result[-1])
