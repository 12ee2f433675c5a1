"""The models of the experiments: one hidden layer before a `Dense`, of about equal size."""

import dataclasses
import functools
from collections.abc import Callable

import keras

from keras_addmul import layers
from keras_addmul.layers.regularizers import OrdersToEnds

BASELINE = "Dense, tanh"


@dataclasses.dataclass(frozen=True)
class Arm:
    """A hidden layer.

    Attributes:
        name: Its name in the tables.
        make: From the number of units to the layer.
        slow: Whether it takes far longer than the others, and is left out unless asked for.
    """

    name: str
    make: Callable
    slow: bool = False

    def build(self, units, columns, outputs):
        """A fresh model with so many hidden units, inputs and outputs."""
        return keras.Sequential(
            [keras.Input((columns,)), self.make(units), keras.layers.Dense(outputs)]
        )

    def units(self, weights, columns, outputs):
        """The number of hidden units with which the model is nearest to so many weights."""
        one, two = (_weights(self.build(units, columns, outputs)) for units in (1, 2))
        return max(1, round((weights - one) / (two - one)) + 1)


def _weights(model):
    return sum(int(v.value.numpy().size) for v in model.trainable_variables)


def _ours(name, make, slow=False, **how):
    def layer(units):
        return make(units, order_regularizer=OrdersToEnds(0.03), **how)

    return Arm(name, layer, slow)


_ADDMUL = functools.partial(_ours, make=layers.AddMulDense)

ARMS = [
    Arm(BASELINE, lambda units: keras.layers.Dense(units, "tanh")),
    Arm("Dense, ReLU", lambda units: keras.layers.Dense(units, "relu")),
    _ADDMUL("AddMulDense"),
    _ADDMUL("AddMulDense, order 0", order_initializer="zeros"),
    _ADDMUL("AddMulDense, linear", path="linear"),
    _ADDMUL("AddMulDense, mixture", path="mixture"),
    _ADDMUL("AddMulDense, free", coupling="free"),
    _ours("ComplexAddMulDense, shared", layers.ComplexAddMulDense, shared=True, slow=True),
    Arm("ProductUnit (log-exp)", layers.ProductUnit),
    Arm("NALU", layers.NALU),
    Arm("RealNPU", layers.RealNPU),
    Arm("Bilinear", layers.Bilinear),
]
