"""The models that learn the tasks: one layer, or one hidden layer before a `Dense`."""

import dataclasses
from collections.abc import Callable

import keras

from keras_addmul import layers
from keras_addmul.layers.regularizers import OrdersToEnds

# The strength of the pull of orders to their ends, of single units and of hidden ones.
SINGLE, HIDDEN = 0.03, 0.03
ORDERS = (0.0, 0.25, 0.5, 0.95)


@dataclasses.dataclass(frozen=True)
class Arm:
    """A layer, as a single unit and as a hidden layer.

    Attributes:
        name: Its name in the table.
        make: From the number of units and, where the layer has orders, their start and the
            strength of their regularizer, to the layer.
        ordered: Whether it has orders.
        activation: Of the hidden layer alone; a single unit has none.
    """

    name: str
    make: Callable
    ordered: bool = False
    activation: str | None = None

    def model(self, task, order=0.25):
        """A fresh model for a task."""
        outputs = task.data()[1].shape[1]
        units = task.hidden or outputs
        if self.ordered:
            start = keras.initializers.Constant(order)
            layer = self.make(units, start, OrdersToEnds(HIDDEN if task.hidden else SINGLE))
        else:
            layer = self.make(units)
        stack = [keras.Input((task.columns,)), layer]
        if task.hidden and self.activation:
            stack.append(keras.layers.Activation(self.activation))
        return keras.Sequential(stack + ([keras.layers.Dense(outputs)] if task.hidden else []))


def _ours(path):
    def make(units, start, regularizer):
        return layers.AddMulDense(
            units, path=path, order_initializer=start, order_regularizer=regularizer
        )

    return Arm(f"AddMulDense, {path}", make, ordered=True)


ARMS = [
    *map(_ours, ("kneser", "linear", "mixture")),
    Arm("NALU", layers.NALU),
    Arm("RealNPU", layers.RealNPU),
    Arm("Bilinear", layers.Bilinear),
    Arm("Dense, tanh", keras.layers.Dense, activation="tanh"),
    Arm("Dense, relu", keras.layers.Dense, activation="relu"),
]
