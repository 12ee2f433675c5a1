"""Regularizers that make a learned operation readable."""

from typing import Any

import keras
from keras import ops

from keras_addmul.annotations import Config, Tensor
from keras_addmul.keras_types import Regularizer
from keras_addmul.layers.checks import check_number

__all__ = ["AwayFromZero", "OrdersToEnds", "Penalty", "WeightsToSigns"]


class Penalty(Regularizer):
    """Base of the regularizers: a penalty with the weight `strength * scale`.

    The scale is a variable, so that a compiled training step sees it change. It is 1 unless
    `keras_addmul.callbacks.RegularizerSchedule` sets it.

    Args:
        strength: Nonnegative number, the weight of the penalty.

    Raises:
        ValueError: If `strength` is not a nonnegative number.

    Example:

    >>> from keras_addmul.layers.regularizers import Penalty
    >>> class Largest(Penalty):
    ...     def __call__(self, weights):
    ...         return self.scaled(keras.ops.max(weights))
    >>> largest = Largest(0.5)
    >>> largest.scale.assign(0.25).numpy()
    np.float32(0.25)
    >>> float(largest(keras.ops.array([1.0, 4.0])))
    0.5
    """

    def __init__(self, strength: float = 0.01) -> None:
        self.strength: float = check_number("strength", strength, 0.0, strict=False)
        self.scale: Any = keras.Variable("ones", shape=(), dtype="float32", trainable=False)

    def scaled(self, penalty: Tensor) -> Tensor:
        """Returns `penalty * strength * scale`, in the dtype of the penalty."""
        return self.strength * penalty * ops.cast(self.scale, penalty.dtype)

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {"strength": self.strength}


@keras.saving.register_keras_serializable(package="keras_addmul")
class OrdersToEnds(Penalty):
    """Pulls orders to 0 or 1, and negative ones to 0 or -1: `strength * mean(n (1 - n))`.

    An order below 0 counts as its magnitude: the ends of an `ExpIterate` and of
    `AddMulDense(coupling="free")` are -1, 0 and 1. Beyond them the penalty grows again. Its
    slope is `strength` at the ends and falls to 0 half way between them, where the data decide.
    For targets of size 1, strengths from 0.01 to 0.03 settle the orders of most networks.

    Args:
        strength: Nonnegative number, the weight of the penalty. A layer whose orders all are
            1/2 is charged `strength / 4`, however many orders it has.

    Raises:
        ValueError: If `strength` is not a nonnegative number.

    Example:

    >>> from keras_addmul.layers.regularizers import OrdersToEnds
    >>> float(OrdersToEnds(1.0)(keras.ops.array([0.0, 0.5, 1.0, -0.5])))
    0.125
    """

    def __call__(self, orders: Tensor) -> Tensor:
        # `where`, not `abs`: at an end the slope is that of the inside, so that an order
        # which its constraint holds there stays.
        size = ops.where(orders < 0.0, -orders, orders)
        rest = ops.where(size > 1.0, size - 1.0, 1.0 - size)
        return self.scaled(ops.mean(size * rest))


@keras.saving.register_keras_serializable(package="keras_addmul")
class WeightsToSigns(Penalty):
    """Pulls weights to the nearest of -1, 0 and 1: `strength * mean(distance)`.

    Args:
        strength: Nonnegative number, the weight of the penalty.

    Raises:
        ValueError: If `strength` is not a nonnegative number.

    Example:

    >>> from keras_addmul.layers.regularizers import WeightsToSigns
    >>> float(WeightsToSigns(1.0)(keras.ops.array([-1.0, 0.25, 1.25, 0.0])))
    0.125

    References:
        - The sparsity penalty of [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016).
    """

    def __call__(self, weights: Tensor) -> Tensor:
        return self.scaled(ops.mean(_distance(weights, (-1.0, 0.0, 1.0))))


@keras.saving.register_keras_serializable(package="keras_addmul")
class AwayFromZero(Penalty):
    """Pushes weights away from zero: `strength * mean(max(size - |w|, 0))`.

    Use it for weights that pass through `tanh` or `sigmoid`, to saturate these functions.

    Args:
        strength: Nonnegative number, the weight of the penalty.
        size: Positive number, the magnitude at which the penalty ends.

    Raises:
        ValueError: If `strength` is negative, `size` is not positive, or one is no number.

    Example:

    >>> from keras_addmul.layers.regularizers import AwayFromZero
    >>> float(AwayFromZero(1.0)(keras.ops.array([-25.0, 5.0, 0.0, 20.0])))
    8.75

    References:
        - The penalty of [Schloer, Ring & Hotho, 2020](https://arxiv.org/abs/2003.07629).
    """

    def __init__(self, strength: float = 0.05, size: float = 20.0) -> None:
        super().__init__(strength)
        self.size: float = check_number("size", size, 0.0)

    def __call__(self, weights: Tensor) -> Tensor:
        return self.scaled(ops.mean(ops.relu(self.size - ops.abs(weights))))

    def get_config(self) -> Config:
        return {**super().get_config(), "size": self.size}


def _distance(weights: Tensor, values: tuple[float, ...]) -> Tensor:
    nearest = ops.abs(weights - values[0])
    for value in values[1:]:
        nearest = ops.minimum(nearest, ops.abs(weights - value))
    return nearest
