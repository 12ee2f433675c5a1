"""Regularizers that make a learned operation readable."""

import keras
from keras import ops

__all__ = ["OrdersToEnds", "WeightsToSigns"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class OrdersToEnds(keras.regularizers.Regularizer):
    """Pulls orders to 0 or 1, whichever is nearer: `strength * mean(min(|n|, |1 - n|))`.

    Args:
        strength: Non-negative number.

    >>> from keras_addmul.layers.regularizers import OrdersToEnds
    >>> float(OrdersToEnds(1.0)(keras.ops.array([0.0, 0.25, 1.0, 0.75])))
    0.125
    """

    def __init__(self, strength=0.01):
        self.strength = _checked(strength)

    def __call__(self, orders):
        return self.strength * ops.mean(_distance(orders, (0.0, 1.0)))

    def get_config(self):
        return {"strength": self.strength}


@keras.saving.register_keras_serializable(package="keras_addmul")
class WeightsToSigns(keras.regularizers.Regularizer):
    """Pulls weights to the nearest of -1, 0 and 1, as `strength * mean(distance)`.

    Args:
        strength: Non-negative number.

    >>> from keras_addmul.layers.regularizers import WeightsToSigns
    >>> float(WeightsToSigns(1.0)(keras.ops.array([-1.0, 0.25, 1.25, 0.0])))
    0.125

    References:
        - The sparsity penalty of [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016).
    """

    def __init__(self, strength=0.01):
        self.strength = _checked(strength)

    def __call__(self, weights):
        return self.strength * ops.mean(_distance(weights, (-1.0, 0.0, 1.0)))

    def get_config(self):
        return {"strength": self.strength}


def _distance(weights, values):
    nearest = ops.abs(weights - values[0])
    for value in values[1:]:
        nearest = ops.minimum(nearest, ops.abs(weights - value))
    return nearest


def _checked(strength):
    if isinstance(strength, bool) or not isinstance(strength, (int, float)) or not strength >= 0:
        raise ValueError(f"Argument `strength` must be a number >= 0. Received: {strength!r}")
    return float(strength)
