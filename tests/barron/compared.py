"""Two models side by side."""

import keras
import numpy as np

__all__ = ["QUICK", "largest_difference", "outputs"]

# Without timing the two models.
QUICK = {"latency_rows": None}


def outputs(model, rows):
    single = isinstance(model, keras.Sequential)
    given = rows[0] if single else keras.tree.pack_sequence_as(model.input, rows)
    found = keras.tree.flatten(model(given, training=False))
    return [np.asarray(keras.ops.cast(y, "float64")) for y in found]


def largest_difference(model, converted, rows):
    pairs = zip(outputs(model, rows), outputs(converted, rows), strict=True)
    return [np.abs(a - b).max(axis=0) for a, b in pairs]
