"""Regularizers that make a learned operation readable."""

import keras
from keras import ops

__all__ = ["AwayFromZero", "OrdersToEnds", "Penalty", "WeightsToSigns"]


class Penalty(keras.regularizers.Regularizer):
    """A penalty of `strength * scale`.

    The scale is a variable, 1 unless `keras_addmul.callbacks.RegularizerSchedule` sets
    it, so that a compiled training step sees it change.
    """

    def __init__(self, strength=0.01):
        self.strength = _checked(strength)
        self.scale = keras.Variable("ones", shape=(), dtype="float32", trainable=False)

    def scaled(self, penalty):
        """Returns the penalty times strength and scale, in its own dtype."""
        return self.strength * penalty * ops.cast(self.scale, penalty.dtype)

    def get_config(self):
        return {"strength": self.strength}


@keras.saving.register_keras_serializable(package="keras_addmul")
class OrdersToEnds(Penalty):
    """Pulls orders to 0 or 1, whichever is nearer: `strength * mean(min(|n|, |1 - n|))`.

    Args:
        strength: Non-negative number.

    >>> from keras_addmul.layers.regularizers import OrdersToEnds
    >>> float(OrdersToEnds(1.0)(keras.ops.array([0.0, 0.25, 1.0, 0.75])))
    0.125
    """

    def __call__(self, orders):
        return self.scaled(ops.mean(_distance(orders, (0.0, 1.0))))


@keras.saving.register_keras_serializable(package="keras_addmul")
class WeightsToSigns(Penalty):
    """Pulls weights to the nearest of -1, 0 and 1, as `strength * mean(distance)`.

    Args:
        strength: Non-negative number.

    >>> from keras_addmul.layers.regularizers import WeightsToSigns
    >>> float(WeightsToSigns(1.0)(keras.ops.array([-1.0, 0.25, 1.25, 0.0])))
    0.125

    References:
        - The sparsity penalty of [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016).
    """

    def __call__(self, weights):
        return self.scaled(ops.mean(_distance(weights, (-1.0, 0.0, 1.0))))


@keras.saving.register_keras_serializable(package="keras_addmul")
class AwayFromZero(Penalty):
    """Pushes weights outwards, as `strength * mean(max(size - |w|, 0))`.

    For weights that pass through `tanh` or `sigmoid`: there they saturate.

    Args:
        strength: Non-negative number.
        size: Positive number, at which a weight is let go.

    >>> from keras_addmul.layers.regularizers import AwayFromZero
    >>> float(AwayFromZero(1.0)(keras.ops.array([-25.0, 5.0, 0.0, 20.0])))
    8.75

    References:
        - The penalty of [Schloer, Ring & Hotho, 2020](https://arxiv.org/abs/2003.07629).
    """

    def __init__(self, strength=0.05, size=20.0):
        super().__init__(strength)
        self.size = _checked(size)

    def __call__(self, weights):
        return self.scaled(ops.mean(ops.relu(self.size - ops.abs(weights))))

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def _distance(weights, values):
    nearest = ops.abs(weights - values[0])
    for value in values[1:]:
        nearest = ops.minimum(nearest, ops.abs(weights - value))
    return nearest


def _checked(strength):
    if isinstance(strength, bool) or not isinstance(strength, (int, float)) or not strength >= 0:
        raise ValueError(f"Argument `strength` must be a number >= 0. Received: {strength!r}")
    return float(strength)
