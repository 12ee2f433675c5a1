"""Weights that are held where they are, one by one, while the others go on learning."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul.annotations import Tensor

__all__ = ["Held", "held"]


class Held:
    """Another constraint, and values at which some of the weights are held.

    Which ones is a variable, so that a compiled training step sees it change. The
    optimizer applies the constraint after each step. The layer keeps its own constraint in its
    config, so that files know nothing of what is held.

    Args:
        inner: The constraint of the other weights, or None.
        variable: The weights.
    """

    def __init__(self, inner: Any, variable: Any) -> None:
        self.inner: Any = inner
        empty = np.zeros(variable.shape)
        self.mask: Any = keras.Variable(empty, dtype=variable.dtype, trainable=False)
        self.values: Any = keras.Variable(empty, dtype=variable.dtype, trainable=False)

    def __call__(self, weights: Tensor) -> Tensor:
        free = weights if self.inner is None else self.inner(weights)
        return ops.where(self.mask > 0.5, self.values, free)

    def hold(self, where: Any, values: Any) -> None:
        """Holds the weights at the places where `where` is true, at these values."""
        mask = np.asarray(self.mask) > 0.5
        self.values.assign(np.where(where, values, np.asarray(self.values)))
        self.mask.assign((mask | where).astype("float32"))

    def release(self, where: Any) -> None:
        """Lets the weights at these places learn again."""
        self.mask.assign(np.where(where, 0.0, np.asarray(self.mask)))


def held(variable: Any) -> Held:
    """Returns the `Held` of a variable, which becomes its constraint if it is not yet."""
    if not isinstance(variable.constraint, Held):
        variable.constraint = Held(variable.constraint, variable)
    return variable.constraint
