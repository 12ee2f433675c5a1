"""Which smooth function a layer applies."""

import keras
import numpy as np

from keras_addmul.barron.functions.bank import bank_of
from keras_addmul.barron.functions.bank_derivatives import smooth_bank
from keras_addmul.barron.functions.noisy_hard import noisy_expectation
from keras_addmul.barron.functions.per_feature import PerFeature
from keras_addmul.barron.functions.smooth import SMOOTH, Smooth, rectified_power
from keras_addmul.barron.models.rules import LINEAR
from keras_addmul.layers import NoisyActivation, RePU, RePUBank

__all__ = ["KNOWN", "known_activations", "name_of", "recognise", "why_not"]

# What a layer is known by that applies a function of one number, or one to each feature.
KNOWN = (Smooth, PerFeature)

_ALIASES = {
    "swish": "silu",
    "logistic": "sigmoid",
    "exp": "exponential",
    "sine": "sin",
    "gauss": "gaussian",
}
# Where a function must agree with the one whose name it bears.
_PROBES = np.concatenate([np.linspace(-6.0, 6.0, 97), [-20.0, 20.0, 1e-3]])


def known_activations():
    """Names of the activations that can be converted."""
    return sorted([*SMOOTH, "relu", "repu"])


def recognise(layer):
    """Returns what a layer applies: a `Smooth`, or one `PerFeature`, or why not, or None.

    None stands for a layer that applies nothing, such as a linear `Dense`.
    """
    kind = type(layer)
    if kind is RePUBank:
        bank = bank_of(layer)
        return smooth_bank(bank) if layer.shared else bank.each(smooth_bank)
    if kind is RePU:
        if layer.learned or not isinstance(layer.s, int):
            return f"its order {layer.s if not layer.learned else 'is learned'}: not an integer"
        return rectified_power(layer.s)
    if isinstance(layer, NoisyActivation):
        return noisy_expectation(layer)
    if kind is keras.layers.ELU:
        return SMOOTH["elu"] if layer.alpha == 1 else "ELU with alpha other than 1 has a kink at 0"
    if kind is keras.layers.ReLU:
        plain = layer.max_value is None and not layer.negative_slope and not layer.threshold
        return rectified_power(1) if plain else "a ReLU with a slope, a threshold or a maximum"
    if kind is keras.layers.Softmax:
        return _REASONS["softmax"]
    if hasattr(layer, "recurrent_activation"):
        return "its activation is inside a recurrence"
    if kind is keras.layers.Activation or kind in LINEAR:
        return _function(layer.activation)
    return None


def name_of(function):
    """The name of an activation as Keras or its author gave it."""
    name = getattr(function, "__name__", type(function).__name__)
    return _ALIASES.get(name, name)


_REASONS = {
    "softmax": "softmax joins all features: it is not a function of one number",
    "log_softmax": "log_softmax joins all features: it is not a function of one number",
    "selu": "selu has a kink at 0: it is not continuously differentiable",
    "leaky_relu": "leaky_relu has a kink at 0: it is not continuously differentiable",
}


def _function(function):
    name = name_of(function)
    if name == "linear":
        return None
    if isinstance(function, (RePU, NoisyActivation)):
        return recognise(function)
    if name in _REASONS:
        return _REASONS[name]
    smooth = {"relu": rectified_power(1), "repu": rectified_power(2)}.get(name, SMOOTH.get(name))
    if smooth is None:
        return f"{name} is none of the known functions: {', '.join(known_activations())}"
    given = np.asarray(function(keras.ops.convert_to_tensor(_PROBES.astype("float32"))), float)
    wanted = smooth(_PROBES.astype("float32"))
    if not np.allclose(given, wanted, rtol=1e-4, atol=1e-5):
        at = int(np.argmax(np.abs(given - wanted)))
        return (
            f"{name} is not the function of that name: at {_PROBES[at]:g} it is {given[at]:g}, "
            f"not {wanted[at]:g}"
        )
    return smooth


def why_not(what, order):
    """Why an activation does not embed into RePU of an order, or None if it does."""
    if isinstance(what, KNOWN):
        if what.max_order is None or order <= what.max_order:
            return None
        return (
            f"{what.name} does not embed into RePU of order {order}: {what.why}. The largest "
            f"order for it is {what.max_order}"
        )
    return what
