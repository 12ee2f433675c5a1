"""Constraints on orders."""

import keras
from keras import ops

__all__ = ["Interval", "get_order_constraint"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class Interval(keras.constraints.Constraint):
    """Keeps weights between two bounds: orders in [0, 1] run from sum to product.

    Args:
        low: Lower bound.
        high: Upper bound.

    >>> from keras_addmul.layers.constraints import Interval
    >>> Interval(0.0, 1.0)(keras.ops.array([-0.5, 0.25, 1.5])).numpy()
    array([0.  , 0.25, 1.  ], dtype=float32)
    """

    def __init__(self, low=0.0, high=1.0):
        if not low < high:
            raise ValueError(f"Argument `low` must be below `high`. Received: {low!r}, {high!r}")
        self.low, self.high = float(low), float(high)

    def __call__(self, weights):
        return ops.clip(weights, self.low, self.high)

    def get_config(self):
        return {"low": self.low, "high": self.high}


def get_order_constraint(identifier, low):
    """Returns a constraint; `"default"` keeps orders in [low, 1]."""
    if identifier == "default":
        return Interval(low, 1.0)
    return keras.constraints.get(identifier)
