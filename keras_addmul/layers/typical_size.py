"""The typical size of columns of numbers: the geometric mean of their magnitudes."""

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul.annotations import ArrayLike

__all__ = ["batches_of", "sums_of_logs"]


def batches_of(data: Any) -> Iterator[np.ndarray]:
    """Yields what `adapt` is given as arrays of doubles.

    Args:
        data: An array or tensor, which is one batch; or a `tf.data.Dataset`,
            `keras.utils.PyDataset` or another iterable of batches. Of a batch that is a
            tuple, as of inputs and targets, the first element counts.

    Raises:
        TypeError: If it is none of these, or a batch does not hold numbers.
    """
    if isinstance(data, keras.utils.PyDataset):
        batches: Iterable[Any] = (data[i] for i in range(len(data)))
    elif hasattr(data, "__array__"):
        batches = [data]
    elif isinstance(data, Iterable) and not isinstance(data, (str, bytes, dict)):
        batches = data
    else:
        raise TypeError(
            "Argument `data` must be an array, a tensor, a dataset or an iterable of batches. "
            f"Received: {type(data).__name__}"
        )
    for batch in batches:
        yield _as_doubles(batch[0] if isinstance(batch, tuple) else batch)


def sums_of_logs(x: ArrayLike, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sum of `log(abs(x))` over some axes, and how many numbers it sums.

    Only finite numbers other than 0 count: the others say nothing about the size of a column.

    Args:
        x: Array of doubles.
        axes: The axes to sum over.
    """
    size = np.abs(x)
    counts = np.isfinite(size) & (size > 0.0)
    logs = np.log(np.where(counts, size, 1.0))
    return logs.sum(axis=axes), counts.sum(axis=axes)


def _as_doubles(batch: Any) -> np.ndarray:
    try:
        return np.asarray(ops.convert_to_numpy(batch)).astype("float64")
    except (TypeError, ValueError) as error:
        raise TypeError(
            "Argument `data` must hold batches of numbers. Received a batch of type "
            f"{type(batch).__name__}"
        ) from error
