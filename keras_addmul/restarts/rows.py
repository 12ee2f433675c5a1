"""The rows that restarts are trained and validated on."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = ["Data", "Rows", "Sampler"]

# Inputs and targets: arrays, or nests of arrays, with equal numbers of rows.
Data = tuple[Any, Any]

# Draws fresh rows: maps `(number, rows)`, the number of the round and of rows, to `(x, y)`.
Sampler = Callable[[int, int], Data]


class Rows:
    """Training rows, in batches or fresh, and validation rows.

    Args:
        x, y, validation_data, validation_split, batch_size, seed: As for
            `fit_restarts`.
        every: Number of steps in a round.

    Attributes:
        validation: The validation rows, `(x, y)`.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        validation_data: Data | None,
        validation_split: float,
        batch_size: int | None,
        every: int,
        seed: int,
    ) -> None:
        self._every, self._rng = every, np.random.default_rng([seed, 1])
        sampler: Any = x if callable(x) else None
        self._sampler: Sampler | None = sampler
        self.validation: Data
        if self._sampler:
            self._batch = batch_size or 128
            rows = every * self._batch
            self._index = np.arange(rows, dtype="int32").reshape(every, self._batch)
            self.validation = _floats(validation_data or self._sampler(0, 10_000))
            return
        data = _floats((x, y))
        count = _rows(data)
        if validation_data is None:
            if count < 2:
                raise ValueError(
                    "Arguments `x` and `y` must have at least 2 rows, one of them to validate "
                    f"with. Received: {count}"
                )
            shuffled = self._rng.permutation(count)
            cut = min(max(1, round(count * validation_split)), count - 1)
            self.validation, data = (_taken(data, s) for s in (shuffled[:cut], shuffled[cut:]))
        else:
            self.validation = _floats(validation_data)
            _rows(self.validation)
        self._data, self._count = data, _rows(data)
        self._batch = min(batch_size or self._count, self._count)

    def batches(self, number: int) -> tuple[Data, np.ndarray]:
        """Returns the rows of one round, and the batch of each step.

        Args:
            number: Number of the round, passed on to a function that draws rows.

        Returns:
            Pair: data `(x, y)`, and row indices of shape `(steps, batch)`.
        """
        if self._sampler:
            return _floats(self._sampler(number, self._every * self._batch)), self._index
        if self._batch == self._count:
            every_row = np.arange(self._count, dtype="int32")
            return self._data, np.broadcast_to(every_row, (self._every, self._count))
        wanted = self._every * self._batch
        epochs = -(-wanted // self._count)
        shuffled = np.concatenate([self._rng.permutation(self._count) for _ in range(epochs)])
        return self._data, shuffled[:wanted].reshape(self._every, self._batch).astype("int32")

    def baseline(self, loss: keras.losses.Loss | Callable[..., Any]) -> float:
        """Returns the validation loss of predicting the mean target; 1 if that is 0.

        It is also 1 if the targets are not floats: the mean of class labels predicts nothing.
        """
        y = self.validation[1]
        if not _all_floats(y):
            return 1.0
        mean = tf.nest.map_structure(lambda a: np.broadcast_to(a.mean(0), a.shape), y)
        value = float(keras.ops.mean(loss(y, mean)))
        return value if np.isfinite(value) and value > 0.0 else 1.0

    @property
    def count(self) -> int:
        """The number of validation rows."""
        return _rows(self.validation)

    def rounding(self, loss: keras.losses.Loss | Callable[..., Any], units: int = 8) -> float:
        """Returns the loss of predictions that are accurate to some units in the last place."""
        y = self.validation[1]
        if not _all_floats(y):
            return 0.0
        off = tf.nest.map_structure(lambda a: a * (1.0 + units * np.finfo(a.dtype).eps), y)
        value = float(keras.ops.mean(loss(y, off)))
        return value if np.isfinite(value) else 0.0


def _floats(data: Data) -> Data:
    """Converts data to arrays: floats to `floatx`, and target vectors to columns."""
    x, y = tf.nest.map_structure(_array, tuple(data))
    return x, tf.nest.map_structure(lambda a: a[:, None] if a.ndim == 1 else a, y)


def _array(values: Any) -> np.ndarray:
    values = np.asarray(values)
    return values.astype(keras.config.floatx()) if values.dtype.kind == "f" else values


def _all_floats(targets: Any) -> bool:
    return all(a.dtype.kind == "f" for a in tf.nest.flatten(targets))


def _taken(data: Data, rows: np.ndarray) -> Data:
    return tf.nest.map_structure(lambda a: a[rows], data)


def _rows(data: Data) -> int:
    counts = {len(a) for a in tf.nest.flatten(data)}
    if len(counts) != 1:
        raise ValueError(
            f"Arguments `x` and `y` must have as many rows. Received: {sorted(counts)}"
        )
    return counts.pop()
