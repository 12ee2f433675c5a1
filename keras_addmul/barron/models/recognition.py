"""Recognises the elementwise function that a layer applies: by identity, never by name."""

from typing import Any, TypeAlias

import keras

from keras_addmul.activations.distributions import get_noise
from keras_addmul.activations.rectified_power import repu
from keras_addmul.activations.registry import record_of
from keras_addmul.barron.functions.bank import bank_of
from keras_addmul.barron.functions.bank_derivatives import smooth_bank
from keras_addmul.barron.functions.noisy_hard import noisy_expectation
from keras_addmul.barron.functions.per_feature import PerFeature
from keras_addmul.barron.functions.smooth import SMOOTH, Smooth, rectified_power
from keras_addmul.barron.models.linear_rules import LINEAR
from keras_addmul.layers import NoisyActivation, NoisySigmoid, NoisyTanh, RePU, RePUBank
from keras_addmul.layers.inside import layers_inside

__all__ = ["KNOWN", "RELU", "Function", "applied_by", "known_activations", "recognise", "why_not"]

# An elementwise function: one for all features, or one for each.
Function: TypeAlias = Smooth | PerFeature
KNOWN: tuple[type[Smooth], type[PerFeature]] = (Smooth, PerFeature)

RELU: Smooth = rectified_power(1)

_NOISY = (NoisyActivation, NoisyTanh, NoisySigmoid)
_ACTIVATIONS = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
    keras.layers.Softmax,
    RePU,
    RePUBank,
    *_NOISY,
)


def known_activations() -> list[str]:
    """Returns the names of the activations that `convert_activation` can replace.

    Returns:
        Sorted list of names.

    Example:

    >>> from keras_addmul.barron import known_activations
    >>> {"tanh", "gelu"} <= set(known_activations()), "softmax" in known_activations()
    (True, False)
    """
    return sorted([*SMOOTH, "relu", "repu"])


def applied_by(layer: Any) -> Any:
    """Returns the function or activation layer that a layer of a known class applies, or None."""
    if type(layer) in LINEAR:
        return layer.activation
    return layer if type(layer) in _ACTIVATIONS else None


def recognise(layer: Any) -> Function | str | None:
    """Returns the function that a layer applies, the reason why it is unknown, or None.

    None means that the layer applies no function, such as a linear `Dense`.
    """
    own = _own_function(layer)
    if own is None:
        for inner in layers_inside(layer):
            if inner is not layer and _own_function(inner) is not None:
                return f"the activation of {inner.name!r} is inside a {type(layer).__name__}"
    return own


def _own_function(layer):
    """`recognise` without the layers inside."""
    applied = applied_by(layer)
    if applied is not None:
        return _function(applied)
    if hasattr(layer, "recurrent_activation") or isinstance(layer, keras.layers.RNN):
        return "its activation is inside a recurrence"
    if getattr(layer, "activation", None) is not None:
        return f"layers of the class {type(layer).__name__} are not known"
    return None


def _function(function):
    kind = type(function)
    if kind is keras.layers.Activation:
        return _function(function.activation)
    if kind is RePUBank:
        bank = bank_of(function)
        return bank.each(smooth_bank) if isinstance(bank, PerFeature) else smooth_bank(bank)
    if kind is RePU:
        if function.learned or not isinstance(function.s, int):
            given = "is learned" if function.learned else function.s
            return f"its degree {given}: not an integer"
        return rectified_power(function.s)
    if kind in _NOISY:
        if not any(function.noise is get_noise(name) for name in ("normal", "half_normal")):
            return "its noise is neither normal nor half-normal"
        return noisy_expectation(function)
    if function is repu:
        return rectified_power(2)
    record = record_of(function)
    if record is not None:
        return _of_record(record)
    if kind is keras.layers.ELU:
        return "an ELU with alpha other than 1 has a kink at 0"
    if kind in (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.PReLU):
        return "a rectifier with slopes, a threshold or a maximum has kinks"
    if kind is keras.layers.Softmax:
        return "softmax joins all features: it is not a function of one number"
    name = getattr(function, "__name__", kind.__name__)
    namesake = " whatever it is called:" if name in known_activations() else ""
    return (
        f"{name} is none of the known functions,{namesake} those of Keras and of this package by "
        f"the names {', '.join(known_activations())}"
    )


def _of_record(record):
    """Returns the function that a record describes, or why it cannot be converted."""
    if record.function is keras.activations.linear:
        return None
    if record.function is keras.activations.relu:
        return RELU
    if record.name in SMOOTH:
        return SMOOTH[record.name]
    if not record.elementwise:
        return f"{record.name} joins all features: it is not a function of one number"
    if record.smoothness < 1:
        return f"{record.name} has a kink: it is not continuously differentiable"
    return f"no bounds are known of the derivatives of {record.name}"


def why_not(function: Function | str | None, degree: int) -> str | None:
    """Returns why an activation does not embed into RePU of a degree, or None if it does."""
    if function is None or isinstance(function, str):
        return function
    if function.max_degree is None or degree <= function.max_degree:
        return None
    return (
        f"{function.name} does not embed into RePU of degree {degree}: {function.why}. The "
        f"largest degree for it is {function.max_degree}"
    )
