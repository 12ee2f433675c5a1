"""Training of copies of a layer side by side, for the tests that look at what they became."""

import keras
import numpy as np
from keras import ops

BATCH = 128


def train(layer, x, y, steps, seeds=(0,), rate=2e-2):
    """Trains a copy of a layer from the start that each seed draws, by Adam.

    The copies stand side by side in one model: as the units of one layer, where each weight
    belongs to a unit. Their losses are added and Adam moves each weight by its own gradients,
    so that each copy learns as if it were alone. The rate falls along a cosine.

    Returns a dictionary from names of weights to what they became, for each copy.
    """
    several = isinstance(x, list)
    given = [keras.Input(a.shape[1:]) for a in (x if several else [x])]
    call = given if several else given[0]
    copies = [copy_of(layer, seed, call) for seed in seeds]
    joined = as_units(copies, call) if len(copies) > 1 else None
    shown = [joined] if joined else copies
    outputs = [each(call) for each in shown]
    model = keras.Model(given, ops.concatenate(outputs, axis=-1) if len(outputs) > 1 else outputs)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))
    fit(model, optimizer, x, np.tile(y, len(copies)), steps)
    if joined:
        parts = [np.split(w.numpy(), len(copies), axis=-1) for w in joined.weights]
        names = [w.name for w in joined.weights]
        return [dict(zip(names, part, strict=True)) for part in zip(*parts, strict=True)]
    return [{w.name: w.numpy() for w in copy.weights} for copy in copies]


def fit(model, optimizer, x, y, steps):
    """Takes so many steps of batches in their order, compiled, and looks at every loss."""
    model.compile(optimizer, summed, jit_compile=True, steps_per_execution=len(y) // BATCH)
    epochs = -(-steps * BATCH // len(y))
    history = model.fit(x, y, BATCH, epochs, shuffle=False, verbose=0)
    assert np.all(np.isfinite(history.history["loss"]))


def summed(y, predicted):
    """Squares summed over units, which keeps each unit's gradient as if it were alone."""
    return ops.sum(ops.square(predicted - y), axis=-1)


def copy_of(layer, seed, given):
    """A fresh layer of the same arguments, which has drawn its weights under a seed."""
    keras.utils.set_random_seed(seed)
    copy = type(layer).from_config({**layer.get_config(), "name": f"copy_{seed}"})
    copy(given)
    return copy


def as_units(copies, given):
    """One layer that has the units of all copies, or None if units share a weight."""
    config = copies[0].get_config()
    if any(w.shape[-1:] != (config["units"],) for w in copies[0].weights):
        return None
    config |= {"units": config["units"] * len(copies), "name": "together"}
    if "nodes" in config:  # so many units would be approximated
        config["nodes"] = None
    joined = type(copies[0]).from_config(config)
    joined(given)
    weights = zip(*(copy.get_weights() for copy in copies), strict=True)
    joined.set_weights([np.concatenate(each, axis=-1) for each in weights])
    return joined
