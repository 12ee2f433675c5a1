"""How long models take, side by side."""

import time

import keras
import numpy as np

__all__ = ["latency"]


def latency(models, rows, count, rounds=15):
    """Median milliseconds of a prediction of each model on `count` rows, called in turns."""
    inputs = [np.resize(a, (count, *a.shape[1:])) for a in rows]
    given = inputs if len(inputs) > 1 else inputs[0]
    times = [[] for _ in models]
    for turn in range(rounds + 2):
        for model, taken in zip(models, times, strict=True):
            start = time.perf_counter()
            keras.tree.map_structure(np.asarray, model.predict_on_batch(given))
            if turn >= 2:  # the first calls compile
                taken.append(1000 * (time.perf_counter() - start))
    return tuple(float(np.median(taken)) for taken in times)
