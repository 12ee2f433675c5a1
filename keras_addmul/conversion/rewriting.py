"""A model rebuilt from its configuration, with changes."""

import keras

from keras_addmul.layers.checks import check_model

__all__ = ["rewritten"]


def rewritten(model, change):
    """Returns a model made from the configuration of another, each object in it changed.

    Args:
        model: Functional or Sequential model.
        change: Function from the dictionary that describes an object, with
            `class_name` and `config`, to another. It is called on inner objects
            first, and for activations in their own right only where they are layers
            of the model.
    """
    check_model(model)
    if not model.layers or not model.built:
        raise ValueError(
            f"Argument `model` must be a built Functional or Sequential model. Received: {model!r}"
        )
    config = keras.saving.serialize_keras_object(model)
    if "layers" not in config["config"]:
        raise ValueError(
            "Argument `model` must be a Functional or Sequential model: others cannot be rebuilt "
            f"from their configuration. Received: {type(model).__name__}"
        )
    return keras.saving.deserialize_keras_object(_changed(config, change))


def _changed(node, change, as_argument=False):
    if isinstance(node, (list, tuple)):
        return type(node)(_changed(item, change) for item in node)
    if not isinstance(node, dict):
        return node
    node = {
        key: _changed(value, change, as_argument=key.endswith("activation"))
        for key, value in node.items()
    }
    described = "class_name" in node and isinstance(node.get("config"), dict)
    return change(node) if described and not as_argument else node
