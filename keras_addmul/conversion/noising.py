"""Conversions that add noise to a model, remove it, or keep it at inference."""

from collections.abc import Mapping
from typing import Any

import keras

from keras_addmul.activations.saturating import get_base
from keras_addmul.annotations import Config
from keras_addmul.conversion.rewriting import (
    ARGUMENTS,
    keep_weights,
    output_names,
    own_arguments,
    rewritable,
    rewritten,
)
from keras_addmul.layers.inside import layers_inside
from keras_addmul.layers.noisy_activation import NoisyActivation
from keras_addmul.layers.noisy_gru import NoisyGRU
from keras_addmul.layers.noisy_lstm import NoisyLSTM
from keras_addmul.layers.noisy_sigmoid import NoisySigmoid
from keras_addmul.layers.noisy_tanh import NoisyTanh

__all__ = ["make_noisy", "monte_carlo", "remove_noise"]

NOISY: dict[str, type[NoisyActivation]] = {"tanh": NoisyTanh, "sigmoid": NoisySigmoid}
RECURRENT: dict[type, str] = {NoisyLSTM: "LSTM", NoisyGRU: "GRU"}


def make_noisy(
    model: keras.Model,
    outputs: bool = False,
    tanh: Mapping[str, Any] | None = None,
    sigmoid: Mapping[str, Any] | None = None,
) -> keras.Model:
    """Returns a copy of a model with noisy activations in place of tanh and sigmoid.

    It replaces `keras.activations.tanh` and `sigmoid` as activations of layers and in
    `Activation` layers, including cells and wrapped layers. The copy keeps all weights. It is
    compiled like the model, with a new optimizer.

    Args:
        model: Functional or Sequential model.
        outputs: Whether to replace the activations of the output layers too. A sigmoid there
            is usually a probability, which the loss expects.
        tanh: Keyword arguments for each `NoisyTanh`, or None.
        sigmoid: Keyword arguments for each `NoisySigmoid`, or None.

    Returns:
        A model with the same layer names and the same input and output shapes.

    Raises:
        TypeError: If `model` is not a Keras 3 model. For a file, load the model first.
        ValueError: If the model cannot be rebuilt from its config, or has no tanh and no
            sigmoid to replace.

    Example:

    >>> import keras
    >>> from keras_addmul.conversion import make_noisy
    >>> layers = [keras.Input((5, 3)), keras.layers.GRU(4), keras.layers.Dense(1, "sigmoid")]
    >>> noisy = make_noisy(keras.Sequential(layers), tanh={"kind": "NAN"})
    >>> noisy.layers[0].activation.kind, noisy.layers[1].activation.__name__
    ('NAN', 'sigmoid')
    """
    rewritable(model)
    options = {"tanh": tanh or {}, "sigmoid": sigmoid or {}}
    keep = set() if outputs else output_names(model)
    added: set[str] = set()

    def noisy(activation: str, **more: Any) -> Config:
        layer = NOISY[activation](**{**more, **options[activation]})
        added.add(layer.name)
        return keras.saving.serialize_keras_object(layer)

    def change(node: Config) -> Config:
        config = node["config"]
        if config.get("name") in keep:
            return node
        found = [key for key in ARGUMENTS if config.get(key) in tuple(NOISY)]
        if node["class_name"] == "Activation" and found:
            own = own_arguments(config)
            added.add(own["name"])
            return {**node, **noisy(config["activation"], **own)}
        last = config.get("data_format") != "channels_first"
        units = config.get("units", config.get("filters")) if last else None
        new = {key: noisy(config[key], units=units, dtype=config.get("dtype")) for key in found}
        return {**node, "config": {**config, **new}}

    changed = rewritten(model, change)
    if not added:
        raise ValueError(
            "Argument `model` must have a tanh or sigmoid of Keras to replace. "
            f"Received: {model.name!r}, which has none"
        )
    keep_weights(model, changed, skip_new=added)
    return changed


def remove_noise(model: keras.Model) -> keras.Model:
    """Returns a copy of a model with Keras's tanh and sigmoid in place of noisy ones.

    It is the inverse of `make_noisy`, and keeps all other weights.

    Args:
        model: Functional or Sequential model with noisy activations.

    Returns:
        A model with the same layer names and the same input and output shapes.

    Raises:
        TypeError: If `model` is not a Keras 3 model. For a file, load the model first.
        ValueError: If the model cannot be rebuilt from its config, or has no noisy
            activation.

    Example:

    >>> import keras
    >>> from keras_addmul.conversion import remove_noise
    >>> from keras_addmul.layers import NoisyLSTM
    >>> model = remove_noise(keras.Sequential([keras.Input((5, 3)), NoisyLSTM(4)]))
    >>> type(model.layers[0]) is keras.layers.LSTM
    True
    """
    noisy = _noisy_layers(model)

    def plain(node: Config) -> str:
        base = get_base(keras.saving.deserialize_keras_object(node).base)
        return "tanh" if base.low < 0.0 else "sigmoid"

    def change(node: Config) -> Config:
        config = dict(node["config"])
        for key in ARGUMENTS:
            if _is(config.get(key), NoisyActivation):
                config[key] = plain(config[key])
        if _is(node, NoisyActivation):
            own = own_arguments(config)
            layer = keras.layers.Activation(plain(node), name=own["name"])
            made = keras.saving.serialize_keras_object(layer)
            return {**node, **made, "config": {**made["config"], **own}}
        for kind, name in RECURRENT.items():
            if _is(node, kind):
                home = {"module": "keras.layers", "class_name": name, "registered_name": None}
                return {**node, **home, "config": config}
        return {**node, "config": config}

    changed = rewritten(model, change)
    keep_weights(model, changed, skip_old={layer.name for layer in noisy})
    return changed


def monte_carlo(model: keras.Model, on: bool = True) -> keras.Model:
    """Returns a copy of a model whose noisy activations are noisy at inference too.

    Repeated calls of `predict` then return samples, and their spread measures the uncertainty
    of the model. The copy keeps all weights.

    Args:
        model: Functional or Sequential model with noisy activations.
        on: True for noise at inference, False for the mean.

    Returns:
        A model with the same layers and weights.

    Raises:
        TypeError: If `model` is not a Keras 3 model. For a file, load the model first.
        ValueError: If the model cannot be rebuilt from its config, or has no noisy
            activation.

    Example:

    >>> import keras
    >>> from keras_addmul.conversion import monte_carlo
    >>> from keras_addmul.layers import NoisyTanh
    >>> model = monte_carlo(keras.Sequential([keras.Input((1,)), NoisyTanh(kind="NANI")]))
    >>> samples = [model(keras.ops.array([[0.9]])) for _ in range(100)]
    >>> 0.01 < float(keras.ops.std(samples)) < 0.1
    True
    """
    _noisy_layers(model)

    def change(node: Config) -> Config:
        config = dict(node["config"])
        if _is(node, NoisyActivation):
            config["monte_carlo"] = bool(on)
        for key in ARGUMENTS:
            if _is(config.get(key), NoisyActivation):
                config[key] = change(config[key])
        return {**node, "config": config}

    changed = rewritten(model, change)
    keep_weights(model, changed)
    return changed


def _noisy_layers(model: keras.Model) -> list[NoisyActivation]:
    """The noisy activations of a model; raises if there are none or it cannot be rebuilt."""
    found = layers_inside(rewritable(model), NoisyActivation)
    if not found:
        raise ValueError(
            "Argument `model` must have noisy activations: `make_noisy` returns such a model. "
            f"Received: {model.name!r}, which has none"
        )
    return found


def _is(node: Any, kind: type) -> bool:
    """Whether a config node describes an object of a class."""
    name = node.get("registered_name") if isinstance(node, dict) else None
    made = keras.saving.get_registered_object(name) if name else None
    return isinstance(made, type) and issubclass(made, kind)
