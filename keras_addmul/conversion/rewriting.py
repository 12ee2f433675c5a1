"""Rebuilding a model from its config, with changes."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import keras

from keras_addmul.annotations import Config
from keras_addmul.layers.checks import check_model
from keras_addmul.layers.inside import layers_inside

__all__ = [
    "ARGUMENTS",
    "keep_weights",
    "output_names",
    "own_arguments",
    "rewritable",
    "rewritten",
]

# Layer arguments that take an activation.
ARGUMENTS = ("activation", "recurrent_activation")


def rewritable(model: Any) -> keras.Model:
    """Returns the model if its config describes it completely.

    Raises:
        TypeError: If it is not a Keras 3 model.
        ValueError: If it is neither Functional nor Sequential, is not built, or has an
            activation that its config would turn into another function.
    """
    check_model(model)
    try:
        known = "layers" in model.get_config()
    except NotImplementedError:  # a subclass without a config
        known = False
    if not known:
        raise ValueError(
            "Argument `model` must be a Functional or Sequential model: others cannot be rebuilt "
            f"from their configuration. Received: {type(model).__name__}"
        )
    if not model.built:
        raise ValueError(
            "Argument `model` must be built: give it a `keras.Input`, or call it once. "
            f"Received: {model.name!r}, which is not"
        )
    for layer in layers_inside(model):
        for argument in ARGUMENTS:
            function = getattr(layer, argument, None)
            if not _comes_back(function):
                raise ValueError(
                    f"Argument `model` must have activations that its configuration brings back: "
                    "Keras's own, registered functions, or layers. Received: a function "
                    f"{getattr(function, '__name__', function)!r} as `{argument}` of layer "
                    f"{layer.name!r}"
                )
    return model


def rewritten(model: keras.Model, change: Callable[[Config], Config]) -> keras.Model:
    """Returns a model rebuilt from the config of another, with changes to its objects.

    Args:
        model: Functional or Sequential model, as returned by `rewritable`.
        change: Function from the dictionary of an object, with `class_name` and `config`, to
            another such dictionary. It is called on inner objects first, and on an activation
            only if it is a layer of the model itself.
    """
    return keras.saving.deserialize_keras_object(
        _changed(keras.saving.serialize_keras_object(model), change)
    )


def output_names(model: keras.Model) -> set[str]:
    """Returns the names of the layers whose outputs are those of the model."""
    if isinstance(model, keras.Sequential):
        return {model.layers[-1].name}
    return set(keras.tree.flatten(model.get_config().get("output_layers", []))) - {0}


def own_arguments(config: Config) -> Config:
    """Returns what every layer's config has: a layer in its place takes it over."""
    return {key: config[key] for key in ("name", "dtype", "trainable") if key in config}


def keep_weights(
    old: keras.Model,
    new: keras.Model,
    skip_old: Collection[str] = (),
    skip_new: Collection[str] = (),
) -> None:
    """Copies the weights of a model to its rewritten copy, in order.

    Args:
        old: The model.
        new: The copy.
        skip_old: Names of layers of the model that were replaced.
        skip_new: Names of the layers in their place.
    """
    sources, targets = _without(old, skip_old), _without(new, skip_new)
    for source, target in zip(sources, targets, strict=True):
        target.assign(source)


def _without(model: keras.Model, skip: Collection[str]) -> Iterator[Any]:
    skipped = [layer for layer in layers_inside(model) if layer.name in skip]
    left_out = {id(weight) for layer in skipped for weight in layer.weights}
    return (weight for weight in model.weights if id(weight) not in left_out)


def _changed(node: Any, change: Callable[[Config], Config], as_argument: bool = False) -> Any:
    if isinstance(node, (list, tuple)):
        return type(node)(_changed(item, change) for item in node)
    if not isinstance(node, dict):
        return node
    node = {
        key: _changed(value, change, as_argument=key in ARGUMENTS) for key, value in node.items()
    }
    described = "class_name" in node and isinstance(node.get("config"), dict)
    return change(node) if described and not as_argument else node


def _comes_back(activation: Any) -> bool:
    """Whether an activation's config describes the same activation."""
    if activation is None or isinstance(activation, keras.layers.Layer):
        return True
    try:
        described = keras.activations.serialize(activation)
        return keras.activations.get(described) is activation
    except Exception:  # any error means that it does not come back
        return False
