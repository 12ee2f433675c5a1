"""The rows that all arms share: kept in a file, split by seed, and dealt in batches."""

import functools
import hashlib
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from keras_addmul.annotations import Config
from keras_addmul.layers.geometric_scale import GeometricScale

__all__ = ["SCALES", "Split", "batches", "checked", "digest", "load", "of_seed", "save", "split"]

# How inputs are scaled, each feature by the training rows alone.
SCALES = ("standard", "geometric")

Rows = tuple[np.ndarray, np.ndarray]


class Split(NamedTuple):
    """Indices of rows."""

    train: np.ndarray
    held_out: np.ndarray


def checked(data: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns the inputs and targets as arrays of float32, or integers as they are.

    Raises:
        ValueError: If `data` is not a pair of arrays of numbers with as many finite rows each.
    """
    try:
        x, y = data
    except (TypeError, ValueError):
        raise ValueError(
            f"Argument `data` must be a pair of arrays `(x, y)`. Received: {type(data).__name__}"
        ) from None
    pair = []
    for name, given in (("x", x), ("y", y)):
        try:
            array = np.asarray(given)
        except ValueError as error:
            raise ValueError(
                f"Argument `data` must hold arrays of numbers. Received: {name}, with {error}"
            ) from error
        if array.dtype.kind not in "biuf":
            raise ValueError(
                f"Argument `data` must hold arrays of numbers. Received: {array.dtype} as {name}"
            )
        if not np.all(np.isfinite(array)):
            raise ValueError(
                f"Argument `data` must hold finite numbers. Received: nan or inf in {name}"
            )
        if array.dtype.kind in "bf":
            with np.errstate(over="ignore"):
                array = array.astype("float32")
            if not np.all(np.isfinite(array)):
                raise ValueError(
                    "Argument `data` must hold numbers that float32 holds, below 3.4e38. "
                    f"Received: larger ones in {name}"
                )
        pair.append(array)
    x, y = pair
    if x.ndim < 2 or y.ndim < 1 or len(x) != len(y) or len(x) < 8:
        raise ValueError(
            "Argument `data` must be arrays of at least 8 rows: x of shape (rows, ...) and y "
            f"with as many rows. Received: shapes {x.shape} and {y.shape}"
        )
    return x, y


def digest(x: np.ndarray, y: np.ndarray) -> str:
    """Returns a hash of what the rows hold."""
    found = hashlib.sha256()
    for array in (x, y):
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:32]


def save(folder: Path, x: np.ndarray, y: np.ndarray) -> Path:
    """Writes the rows to a file that is named by their hash, unless it is there."""
    path = folder / f"rows-{digest(x, y)}.npz"
    if not _is_whole(path):
        folder.mkdir(parents=True, exist_ok=True)
        handle, staging = tempfile.mkstemp(prefix=".rows.", dir=folder)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, x=x, y=y)
        os.chmod(staging, 0o644)
        os.replace(staging, path)
    return path


def _is_whole(path: Path) -> bool:
    """Whether the file is there, and no disk that ran full cut it short."""
    return path.exists() and zipfile.is_zipfile(path)


@functools.lru_cache(maxsize=2)
def load(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads the rows back."""
    with np.load(path) as held:
        return held["x"], held["y"]


def of_seed(x: np.ndarray, y: np.ndarray, seed: int, settings: Config) -> tuple[Rows, Rows]:
    """Returns the training rows and the held-out rows of a seed, with scaled inputs.

    Args:
        x: All inputs.
        y: All targets.
        seed: The seed.
        settings: How models are trained.
    """
    parts = split(len(x), seed, settings["held_out"], settings["folds"])
    known, held_out = x[parts.train], x[parts.held_out]
    if settings["scale"] is not None:
        offset, size = _scale(known, settings["scale"])
        known, held_out = (known - offset) / size, (held_out - offset) / size
    return (known, y[parts.train]), (held_out, y[parts.held_out])


def _scale(x: np.ndarray, how: str) -> tuple[Any, Any]:
    """What is subtracted from each feature, and what it is then divided by."""
    if how == "standard":
        size = x.std(axis=0)
        return x.mean(axis=0), np.where(size > 0.0, size, 1.0).astype("float32")
    layer = GeometricScale(axis=tuple(range(1, x.ndim)))
    layer.adapt(x)
    return np.float32(0.0), np.asarray(layer.scale, "float32")


def split(rows: int, seed: int, held_out: float, folds: int | None) -> Split:
    """Returns the indices of training and held-out rows that belong to a seed.

    Without folds, every seed shuffles anew. With k folds, k seeds in a row share a shuffle,
    and each holds out another k-th of it.
    """
    if folds is None:
        shuffled = np.random.default_rng([seed, 0]).permutation(rows)
        out = min(max(1, round(held_out * rows)), rows - 1)
        return Split(shuffled[out:], shuffled[:out])
    shuffled = np.random.default_rng([seed // folds, 1]).permutation(rows)
    parts = np.array_split(shuffled, folds)
    rest = [part for i, part in enumerate(parts) if i != seed % folds]
    return Split(np.concatenate(rest), parts[seed % folds])


def batches(x: np.ndarray, y: np.ndarray, batch_size: int, seed: int) -> Any:
    """Returns an endless `tf.data.Dataset` of batches, each a function of the seed and its place.

    Every epoch shuffles anew; the rows that fill no batch are left out until the next one.
    """
    import tensorflow as tf

    known, targets, rows = tf.constant(x), tf.constant(y), len(x)

    def epoch(number: Any) -> Any:
        experimental: Any = tf.random.experimental  # type: ignore
        order = experimental.stateless_shuffle(
            tf.range(rows), seed=tf.stack([tf.constant(seed % 2**31, tf.int64), number])
        )
        return tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder=True)

    def gathered(index: Any) -> Any:
        return tf.gather(known, index), tf.gather(targets, index)

    return tf.data.Dataset.counter().flat_map(epoch).map(gathered).prefetch(8)
