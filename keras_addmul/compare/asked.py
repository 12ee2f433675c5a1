"""Checks the arguments of a comparison, before anything is trained."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from keras_addmul.annotations import Config
from keras_addmul.compare import rows_of_data
from keras_addmul.layers.checks import check_name, check_positive_integer, check_share

__all__ = ["flag", "places", "seeds_of", "settings_of"]

# NumPy and TensorFlow take no larger seeds.
SEEDS = 2**32


def settings_of(
    loss: Any,
    optimizer: Any,
    epochs: Any,
    batch_size: Any,
    held_out: Any,
    folds: Any,
    scale: Any,
    jit: Any,
    rows: int,
) -> Config:
    """Returns how models are trained, as JSON can hold it, without the metric.

    Raises:
        ValueError: If an argument is out of range, or not known to Keras.
    """
    folds = check_positive_integer("folds", folds, optional=True)
    if folds is not None and not 2 <= folds <= rows:
        raise ValueError(
            f"Argument `folds` must be at least 2 or None, and at most the number of rows, {rows}. "
            f"Received: {folds}"
        )
    return {
        "loss": _loss(loss),
        "optimizer": _optimizer(optimizer),
        "epochs": check_positive_integer("epochs", epochs),
        "batch_size": check_positive_integer("batch_size", batch_size),
        "held_out": check_share("held_out", held_out),
        "folds": folds,
        "scale": None if scale is None else check_name("scale", scale, rows_of_data.SCALES),
        "jit": flag("jit", jit),
    }


def seeds_of(seeds: Any) -> list[int]:
    """Returns the seeds, of which a number may be asked for.

    Raises:
        ValueError: If they are neither a positive number nor different integers.
    """
    if not isinstance(seeds, Iterable) or isinstance(seeds, str):
        return list(range(check_positive_integer("seeds", seeds)))
    given = list(seeds)
    whole = all(isinstance(s, (int, np.integer)) and not isinstance(s, bool) for s in given)
    if not given or not whole or len(set(given)) < len(given) or min(given) < 0:
        raise ValueError(
            "Argument `seeds` must be a number of seeds, or different integers from 0 on. "
            f"Received: {given}"
        )
    if max(given) >= SEEDS:
        raise ValueError(f"Argument `seeds` must hold integers below 2**32. Received: {given}")
    return [int(seed) for seed in given]


def places(workers: Any, executor: Any) -> int | None:
    """Returns the number of processes that was asked for, or None.

    Raises:
        TypeError: If `executor` is no executor.
        ValueError: If `workers` is not a number of processes.
    """
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise TypeError(
            "Argument `executor` must be an executor of `concurrent.futures` or None. "
            f"Received: {executor!r}"
        )
    known = isinstance(workers, (int, np.integer)) and not isinstance(workers, bool)
    if workers is not None and not (known and workers >= 0):
        raise ValueError(
            "Argument `workers` must be a number of processes, 0 for this one, or None. "
            f"Received: {workers!r}"
        )
    return None if workers is None else int(workers)


def flag(name: str, value: Any, optional: bool = False) -> Any:
    """Returns True or False, or None if `optional`.

    Raises:
        ValueError: If the value is something else.
    """
    if (optional and value is None) or isinstance(value, (bool, np.bool_)):
        return None if value is None else bool(value)
    expected = "True, False or None" if optional else "True or False"
    raise ValueError(f"Argument `{name}` must be {expected}. Received: {value!r}")


def _loss(loss: Any) -> Any:
    try:
        keras.losses.get(loss)
        return loss if isinstance(loss, str) else keras.losses.serialize(loss)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"Argument `loss` must be a loss of Keras, or its name. Received: {loss!r}"
        ) from error


def _optimizer(optimizer: Any) -> Config:
    try:
        config = keras.optimizers.serialize(keras.optimizers.get(optimizer))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            "Argument `optimizer` must be an optimizer of Keras, or its name. "
            f"Received: {optimizer!r}"
        ) from error
    # The name counts how many were made before.
    return {**config, "config": {k: v for k, v in config["config"].items() if k != "name"}}
