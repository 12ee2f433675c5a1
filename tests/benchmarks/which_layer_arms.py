"""The models that `which_layer` compares: two hidden layers, of which each arm exchanges one thing.

The plain network has two `Dense` layers with ReLU. Layers that combine their inputs stand in the
place of the first one, activations in that of both ReLUs. Each family goes with the card of its
layers.
"""

import dataclasses
import functools
from collections.abc import Callable

import keras

from keras_addmul import layers

UNITS = 32


@dataclasses.dataclass(frozen=True)
class Arm:
    """One of the models.

    Attributes:
        name: Its name in the results.
        family: The card it belongs to, or "landmarks".
        hidden: From the input to what the last layer takes.
        steps: Steps divided by those of the others.
        other_scale: Whether inputs have the scale that is not the table's.
        largest: Largest number of columns of a table that it is trained on.
    """

    name: str
    family: str
    hidden: Callable
    steps: int = 1
    other_scale: bool = False
    largest: int = 64

    def build(self, columns, classes):
        """Returns a fresh model for a table with so many columns and classes."""
        x = keras.Input((columns,))
        last = keras.layers.Dense(classes or 1, "softmax" if classes else None, name="last")
        return keras.Model(x, last(self.hidden(x)))


def dense(units=UNITS, activation="relu"):
    return keras.layers.Dense(units, activation)


def first(make):
    """A layer in place of the first `Dense`."""
    return lambda x: dense()(make()(x))


def activation(make):
    """An activation in place of both ReLUs."""
    return lambda x: make()(dense(activation=None)(make()(dense(activation=None)(x))))


def plain(units=UNITS, name="relu"):
    return lambda x: dense(units, name)(dense(units, name)(x))


def gated(x):
    """A gated linear unit, then `Dense`."""
    both = keras.layers.Dense(UNITS)(x), keras.layers.Dense(UNITS, "sigmoid")(x)
    return dense()(keras.layers.Multiply()(both))


def merged(x):
    """Two branches that `AddMul` merges."""
    return dense()(layers.AddMul()([keras.layers.Dense(UNITS)(x), keras.layers.Dense(UNITS)(x)]))


def beside(x):
    """A few units of ours beside the units of a `Dense`."""
    both = [dense(UNITS - 8)(x), layers.AddMulDense(8)(x)]
    return dense()(keras.layers.Concatenate()(both))


def twice(make):
    return lambda x: make()(make()(x))


def _ours(name, make, **how):
    return Arm(name, name.partition("(")[0].partition(",")[0], first(make), **how)


_ADDMUL = functools.partial(layers.AddMulDense, UNITS)
_FREE = functools.partial(layers.AddMulDense, UNITS, coupling="free")

FIRST = [
    Arm("Dense, ReLU", "landmarks", plain()),
    Arm("Dense, tanh", "landmarks", plain(name="tanh")),
    Arm("Dense, half again as many units", "landmarks", plain(UNITS * 3 // 2)),
    Arm("GLU", "landmarks", gated),
    _ours("Bilinear", functools.partial(layers.Bilinear, UNITS)),
    _ours("AddMulDense", _ADDMUL),
    _ours("AddMulDense, free", _FREE),
    Arm("AddMulDense, beside Dense", "AddMulDense", beside),
    Arm("AddMulDense, alone", "AddMulDense", lambda x: _ADDMUL()(x)),
    _ours("ProductUnit", functools.partial(layers.ProductUnit, UNITS)),
    _ours("NALU", functools.partial(layers.NALU, UNITS)),
]

SECOND = [
    Arm("Dense, four times the steps", "landmarks", plain(), steps=4),
    Arm("Dense, other scale", "GeometricScale", plain(), other_scale=True),
    _ours("AddMulDense, other scale", _ADDMUL, other_scale=True),
    _ours("AddMulDense, order 0", functools.partial(_ADDMUL, order_initializer="zeros")),
    Arm("AddMul", "AddMul", merged),
    _ours("ExpIterate", layers.ExpIterate),
    Arm("PELU", "Activations", activation(layers.PELU)),
    Arm("Maxout", "Activations", twice(functools.partial(layers.Maxout, UNITS))),
    Arm("NoisyTanh", "Noisy", activation(layers.NoisyTanh)),
    Arm(
        "NoisyTanh, alpha 0.9",
        "Noisy",
        activation(functools.partial(layers.NoisyTanh, alpha=0.9)),
    ),
    *(
        Arm(
            f"NoisyActivation, NAN, alpha {alpha}",
            "Noisy",
            activation(functools.partial(layers.NoisyActivation, kind="NAN", alpha=alpha)),
        )
        for alpha in (1.15, 0.9)
    ),
]

THEN = [
    _ours("AddMulSelect", functools.partial(layers.AddMulSelect, 8), largest=10),
    _ours("NAU", functools.partial(layers.NAU, UNITS)),
    _ours("NMU", functools.partial(layers.NMU, UNITS)),
    _ours("NMRU", functools.partial(layers.NMRU, UNITS)),
    _ours("RealNPU", functools.partial(layers.RealNPU, UNITS)),
    _ours("INALU", functools.partial(layers.INALU, UNITS)),
    *(
        Arm(made.__name__, "Activations", activation(made))
        for made in (
            *(layers.SReLU, layers.Swish, layers.Snake, layers.ISRU, layers.ISRLU),
            *(layers.APL, layers.Rational, layers.RReLU, layers.CReLU),
        )
    ),
    Arm("SoftExponential", "Peers", activation(layers.SoftExponential)),
    Arm("RePU", "Barron", activation(layers.RePU)),
    Arm("NoisySigmoid", "Noisy", activation(layers.NoisySigmoid)),
]

PASSES = {"first": FIRST, "second": SECOND, "then": THEN}
ARMS = {arm.name: arm for arms in PASSES.values() for arm in arms}
