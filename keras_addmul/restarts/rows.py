"""The rows that restarts are trained on and judged by."""

import keras
import numpy as np
import tensorflow as tf

__all__ = ["Rows"]


class Rows:
    """Training rows, in batches or fresh, and validation rows.

    Args:
        x, y, validation_data, validation_split, batch_size, seed: As for
            `fit_restarts`.
        every: Number of steps of a round.
    """

    def __init__(self, x, y, validation_data, validation_split, batch_size, every, seed):
        self._every, self._rng = every, np.random.default_rng([seed, 1])
        self._sampler = x if callable(x) else None
        if self._sampler:
            self._batch = batch_size or 128
            rows = every * self._batch
            self._index = np.arange(rows, dtype="int32").reshape(every, self._batch)
            self.validation = _floats(validation_data or self._sampler(0, 10_000))
            return
        data = _floats((x, y))
        count = _rows(data)
        if validation_data is None:
            order = self._rng.permutation(count)
            cut = min(max(1, round(count * validation_split)), count - 1)
            self.validation, data = (_taken(data, o) for o in (order[:cut], order[cut:]))
        else:
            self.validation = _floats(validation_data)
            _rows(self.validation)
        self.data, self._count = data, _rows(data)
        self._batch = min(batch_size or self._count, self._count)

    def batches(self, number):
        """Rows for one round, and which of them each step takes: (data, index)."""
        if self._sampler:
            return _floats(self._sampler(number, self._every * self._batch)), self._index
        if self._batch == self._count:
            return self.data, np.broadcast_to(
                np.arange(self._count, dtype="int32"), (self._every, self._count)
            )
        wanted = self._every * self._batch
        rounds = -(-wanted // self._count)
        order = np.concatenate([self._rng.permutation(self._count) for _ in range(rounds)])
        return self.data, order[:wanted].reshape(self._every, self._batch).astype("int32")

    def baseline(self, loss):
        """What the loss is on the validation rows for the mean of the targets; 1 if it is 0."""
        y = self.validation[1]
        mean = tf.nest.map_structure(lambda a: np.broadcast_to(a.mean(0), a.shape), y)
        value = float(keras.ops.mean(loss(y, mean)))
        return value if np.isfinite(value) and value > 0.0 else 1.0

    @property
    def count(self):
        """Number of validation rows."""
        return _rows(self.validation)

    def rounding(self, loss, units=8):
        """The loss of predictions that are right up to some units in the last place."""
        y = self.validation[1]
        off = tf.nest.map_structure(lambda a: a * (1.0 + units * np.finfo(a.dtype).eps), y)
        value = float(keras.ops.mean(loss(y, off)))
        return value if np.isfinite(value) else 0.0


def _floats(data):
    """Arrays of a nest, float64 as float32, vectors of targets as columns."""
    x, y = tf.nest.map_structure(_array, tuple(data))
    return x, tf.nest.map_structure(lambda a: a[:, None] if a.ndim == 1 else a, y)


def _array(values):
    values = np.asarray(values)
    return values.astype(keras.config.floatx()) if values.dtype.kind == "f" else values


def _taken(data, order):
    return tf.nest.map_structure(lambda a: a[order], data)


def _rows(data):
    counts = {len(a) for a in tf.nest.flatten(data)}
    if len(counts) != 1:
        raise ValueError(f"Arguments `x` and `y` must have as many rows. Received: {counts}")
    return counts.pop()
