"""Branches that depend on data, where they save work."""

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_addmul.annotations import Tensor

__all__ = ["branching_pays", "if_any"]


def if_any(condition: Tensor, function: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """Returns `function()` if the condition holds anywhere, else `otherwise()`.

    The two must agree where the condition holds nowhere. On accelerators it is always
    `function()`: a branch that depends on data would stop the stream of work.
    """
    return ops.cond(ops.any(condition), function, otherwise) if branching_pays() else function()


@functools.cache
def branching_pays() -> bool:
    """Whether there are only processors, on which a branch costs next to nothing."""
    if keras.backend.backend() not in ("tensorflow", "jax"):
        return False
    return all(device.lower().startswith("cpu") for device in keras.distribution.list_devices())
