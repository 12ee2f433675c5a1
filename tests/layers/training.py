"""Training of a layer from several starts, for the tests that look at what it became."""

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.restarts.program import Program

BATCH = 128


def train(layer, x, y, steps, starts=None, rate=2e-2):
    """Trains a layer by Adam, whose rate falls along a cosine, from each start.

    Returns a dictionary of the weights it ended at for each start; by default the one
    start is that of the layer as it is.
    """
    given = tf.nest.map_structure(lambda a: keras.Input(a.shape[1:]), x)
    model = keras.Model(given, layer(given))
    starts = [values(layer)] if starts is None else starts
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))
    names = [w.name for w in layer.variables]
    return [
        dict(zip(names, weights, strict=True))
        for weights in descend(model, optimizer, x, y, steps, starts)
    ]


def descend(model, optimizer, x, y, steps, starts):
    """Takes steps of batches in their order; returns the weights at the end from each start."""
    program = Program(model, optimizer, _loss, len(starts))
    rows = np.arange(steps * BATCH).reshape(steps, BATCH) % len(y)
    stacks = [np.stack(weights) for weights in zip(*starts, strict=True)]
    alive = range(len(starts))
    alive = range(len(starts))
    stacks, _, losses = program.advance(stacks, program.fresh_state(), alive, (x, y), rows)
    assert np.all(np.isfinite(losses))  # each the mean over all steps
    return zip(*map(np.asarray, stacks), strict=True)


def _loss(y, predicted):
    """A sum over units, which keeps each unit's gradient as if it were alone."""
    return tf.reduce_sum(tf.reduce_mean(tf.square(predicted - y), axis=0))


def starts_of(layer, inputs, seeds):
    """The weights that the layer's initializers draw under each seed."""
    starts = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        again = type(layer).from_config(layer.get_config())
        again.build((None, inputs))
        starts.append(values(again))
    return starts


def values(layer):
    """The values of all variables, states of random numbers included."""
    return [v.numpy() for v in layer.variables]
