"""Constraints on orders, weights and parameters."""

import math

import keras
from keras import ops

from keras_addmul.annotations import Config, Tensor
from keras_addmul.layers.checks import check_interval, check_number

__all__ = ["AtLeast", "Interval"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class Interval(keras.constraints.Constraint):
    """Clips weights to [low, high]; the default, [0, 1], is the range from sum to product.

    Args:
        low: Lower bound.
        high: Upper bound.

    Raises:
        ValueError: If the bounds are not two finite numbers with `low < high`.

    Example:

    >>> import keras
    >>> from keras_addmul.layers.constraints import Interval
    >>> Interval(0.0, 1.0)(keras.ops.array([-0.5, 0.25, 1.5])).numpy()
    array([0.  , 0.25, 1.  ], dtype=float32)
    """

    def __init__(self, low: float = 0.0, high: float = 1.0) -> None:
        self.low, self.high = check_interval(low, high)

    def __call__(self, weights: Tensor) -> Tensor:
        return ops.clip(weights, self.low, self.high)

    def get_config(self) -> Config:
        return {"low": self.low, "high": self.high}


@keras.saving.register_keras_serializable(package="keras_addmul")
class AtLeast(keras.constraints.Constraint):
    """Keeps weights at or above a lower bound.

    Args:
        low: The lower bound.

    Raises:
        ValueError: If the bound is not a finite number.

    Example:

    >>> import keras
    >>> from keras_addmul.layers.constraints import AtLeast
    >>> AtLeast(0.1)(keras.ops.array([-0.5, 0.25])).numpy()
    array([0.1 , 0.25], dtype=float32)
    """

    def __init__(self, low: float = 0.0) -> None:
        self.low = check_number("low", low, -math.inf)

    def __call__(self, weights: Tensor) -> Tensor:
        return ops.maximum(weights, ops.cast(self.low, weights.dtype))

    def get_config(self) -> Config:
        return {"low": self.low}
