"""The models that the command compares, by name: one architecture, with one thing exchanged."""

import difflib
import re
from collections.abc import Sequence
from typing import Any

import keras

from keras_addmul import activations, layers
from keras_addmul.conversion import replace_activation, replace_dense
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.noisy_activation import NoisyActivation
from keras_addmul.layers.parametric import ParametricActivation

__all__ = ["known_names", "table_model"]

# What these are in the network they are named after.
UNITS, ACTIVATIONS = (ArithmeticUnit,), (ParametricActivation, NoisyActivation, layers.RReLU)


def known_names() -> list[str]:
    """Returns the names of layers that `table_model` knows; every activation is known too."""
    return ["dense", *(_snake(name) for name in (*_of(UNITS), *_of(ACTIVATIONS)))]


def table_model(
    name: str, inputs: int, units: Sequence[int], outputs: int, classes: bool
) -> keras.Model:
    """Returns a network for the rows of a table.

    Args:
        name: `"dense"`, a stack of `Dense` with ReLU; a layer of this package that has units,
            such as `"addmul_dense"`, in place of each hidden `Dense`, or with an activation
            after it, as `"addmul_dense:relu"`; or an activation in place of ReLU, such as
            `"noisy_tanh"`, `"pelu"`, `"gelu"`.
        inputs: Number of columns.
        units: Number of units of each hidden layer.
        outputs: Number of outputs.
        classes: Whether the outputs are probabilities of classes.

    Raises:
        ValueError: If there is no such layer or activation.
    """
    last = keras.layers.Dense(outputs, "softmax" if classes else None, name="last")
    hidden = [
        keras.layers.Dense(count, "relu", name=f"hidden_{i}") for i, count in enumerate(units)
    ]
    model = keras.Sequential([keras.Input((inputs,)), *hidden, last])
    layer, _, activation = name.partition(":")
    key = layer.lower().replace("_", "")
    if key == "dense":
        return replace_activation(model, _activation(activation)) if activation else model
    of_units = {known.lower(): made for known, made in _of(UNITS).items()}
    if key in of_units:
        given = activations.get(activation) if activation else None
        return replace_dense(model, of_units[key], activation=given)
    if activation:
        raise ValueError(
            "Argument `models` must name a layer with units before the colon. "
            f"Received: {name!r}; there are dense, {', '.join(map(_snake, _of(UNITS)))}"
        )
    return replace_activation(model, _activation(name))


def _activation(name: str) -> Any:
    of_layers = {known.lower(): made for known, made in _of(ACTIVATIONS).items()}
    key = name.lower().replace("_", "")
    if key in of_layers:
        return of_layers[key]
    try:
        return activations.get(name)
    except ValueError as error:
        close = difflib.get_close_matches(name, known_names(), 3)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(
            "Argument `models` must hold names of layers or activations of Keras or this package: "
            f"{', '.join(known_names())}, relu, tanh, gelu, ...{hint} Received: {name!r}"
        ) from error


def _of(kinds: tuple[type, ...]) -> dict[str, Any]:
    found = {name: getattr(layers, name) for name in layers.__all__}
    abstract = ("NoisyActivation",)
    return {
        name: made
        for name, made in found.items()
        if isinstance(made, type) and issubclass(made, kinds) and name not in abstract
    }


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.replace("AddMul", "Addmul")).lower()
