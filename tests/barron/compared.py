"""Two models side by side."""

import keras
import numpy as np

__all__ = ["QUICK", "largest_difference", "outputs"]

# Without timing the two models.
QUICK = {"latency_rows": None}


def outputs(model, rows):
    rows = rows if len(rows) > 1 else rows[0]
    return [np.asarray(y, float) for y in keras.tree.flatten(model(rows, training=False))]


def largest_difference(model, converted, rows):
    pairs = zip(outputs(model, rows), outputs(converted, rows), strict=True)
    return [np.abs(a - b).max(axis=0) for a, b in pairs]
