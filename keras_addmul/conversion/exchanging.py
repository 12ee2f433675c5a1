"""Conversions that exchange the dense layers or the activations of a model for others."""

import inspect
from collections.abc import Callable, Collection
from typing import Any

import keras
import numpy as np

from keras_addmul import activations
from keras_addmul.annotations import Config, Identifier
from keras_addmul.conversion.rewriting import (
    keep_weights,
    output_names,
    own_arguments,
    rewritable,
    rewritten,
)
from keras_addmul.layers.inside import layers_inside
from keras_addmul.layers.noisy_activation import NoisyActivation
from keras_addmul.layers.parametric import ParametricActivation

__all__ = ["replace_activation", "replace_dense"]

# Activations that are no nonlinearity, or that make the outputs probabilities.
KEPT = ("linear", "softmax", "log_softmax", "sparsemax")

# Layers of Keras that are activations.
OF_KERAS = ("ELU", "LeakyReLU", "PReLU", "ReLU")

# Largest difference between layers that compute the same, relative to their outputs: rounding.
AGREE = {"float16": 1e-2, "bfloat16": 1e-1, "float32": 1e-4, "float64": 1e-4}


def replace_dense(
    model: keras.Model,
    layer: Callable[..., keras.layers.Layer],
    outputs: bool = False,
    names: Collection[str] | None = None,
    **options: Any,
) -> keras.Model:
    """Returns a copy of a model with another layer in place of each `Dense`.

    The new layers have the same names, units, activations and biases. Where a new layer can
    compute what the `Dense` computed with the same weights, it does: an `AddMulDense` starts with
    order 0, the kernel and the bias. A layer that cannot starts with the weights of its own
    initializers. All other layers keep their weights. The copy is compiled like the model, with
    a new optimizer.

    Args:
        model: Functional or Sequential model.
        layer: Class of the new layers, such as `AddMulDense`, or a function. It is called with
            the keyword arguments `units`, `activation`, `use_bias`, `name`, `dtype` and
            `trainable`, but for those that it does not take: units without an activation are
            their own nonlinearity.
        outputs: Whether to replace the output layers too.
        names: Names of the layers to replace; by default, all that are `Dense`.
        **options: Further arguments of `layer`.

    Returns:
        A model with the same layer names and the same input and output shapes.

    Raises:
        TypeError: If `model` is not a Keras 3 model, or `layer` cannot be called.
        ValueError: If the model cannot be rebuilt from its config, or has no such layer.

    Example:

    >>> import keras, numpy as np
    >>> from keras_addmul.conversion import replace_dense
    >>> from keras_addmul.layers import AddMulDense
    >>> layers = [keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)]
    >>> model = keras.Sequential(layers)
    >>> ours = replace_dense(model, AddMulDense)
    >>> x = np.random.default_rng(0).normal(size=(5, 3))
    >>> type(ours.layers[0]).__name__, np.allclose(ours(x), model(x), atol=1e-6)
    ('AddMulDense', True)
    """
    rewritable(model)
    if not callable(layer):
        raise TypeError(
            "Argument `layer` must be a class of layers, or a function that returns one. "
            f"Received: {layer!r}"
        )
    keep = set() if outputs else output_names(model)
    replaced: set[str] = set()

    def change(node: Config) -> Config:
        config = node["config"]
        name = config.get("name")
        home = node.get("module"), node["class_name"]
        if home != ("keras.layers", "Dense") or name in keep:
            return node
        if names is not None and name not in names:
            return node
        given = {
            "units": config["units"],
            "activation": keras.activations.get(config["activation"]),
            "use_bias": config["use_bias"],
            **own_arguments(config),
            **options,
        }
        made = keras.saving.serialize_keras_object(layer(**_taken(layer, given)))
        replaced.add(name)
        return {**node, **made, "config": {**made["config"], **own_arguments(config)}}

    changed = rewritten(model, change)
    missing = sorted(set(names or ()) - replaced)
    if missing or not replaced:
        raise ValueError(
            "Argument `model` must have a hidden layer `keras.layers.Dense` to replace, and one of "
            f"each of `names`. Received: {model.name!r}, without {missing or 'any'}"
        )
    keep_weights(model, changed, replaced, replaced)
    for old, new in _pairs(model, changed, replaced):
        _start_where_they_agree(old, new)
    return changed


def replace_activation(
    model: keras.Model,
    activation: Identifier | type[keras.layers.Layer],
    outputs: bool = False,
    names: Collection[str] | None = None,
    **options: Any,
) -> keras.Model:
    """Returns a copy of a model with another activation in place of each of its own.

    It replaces the argument `activation` of layers (the gates of recurrent layers stay as they
    are), `Activation` layers, and layers of Keras or of this package that are activations. The
    copy keeps all other weights. It is compiled like the model, with a new optimizer.

    Args:
        model: Functional or Sequential model.
        activation: A name, as `activations.get` knows it; a function; or a class of layers, such
            as `NoisyTanh` or `PELU`, of which each place gets a layer of its own.
        outputs: Whether to replace the activations of the output layers too.
        names: Names of the layers whose activation is replaced; by default, all that have one
            that is not linear or a softmax.
        **options: Arguments of the class of layers.

    Returns:
        A model with the same layer names and the same input and output shapes.

    Raises:
        TypeError: If `model` is not a Keras 3 model. For a file, load the model first.
        ValueError: If the model cannot be rebuilt from its config, has no such activation, or
            there is no activation of that name.

    Example:

    >>> import keras
    >>> from keras_addmul.conversion import replace_activation
    >>> from keras_addmul.layers import PELU
    >>> layers = [keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
    >>> learned = replace_activation(keras.Sequential(layers), PELU)
    >>> learned.layers[0].activation.name.startswith("pelu"), learned.layers[1].activation.__name__
    (True, 'linear')
    """
    rewritable(model)
    of_layers = isinstance(activation, type) and issubclass(activation, keras.layers.Layer)
    function = None if of_layers else activations.get(activation)
    keep = set() if outputs else output_names(model)
    places: set[str] = set()
    added: set[str] = set()
    gone = {
        layer.activation.name
        for layer in layers_inside(model)
        if isinstance(getattr(layer, "activation", None), keras.layers.Layer)
    }

    def made(**more: Any) -> Config | Any:
        if function is not None:
            return keras.activations.serialize(function)
        layer = activation(**{**more, **options})  # type: ignore
        added.add(layer.name)
        return keras.saving.serialize_keras_object(layer)

    def change(node: Config) -> Config:
        config = node["config"]
        name = config.get("name")
        if name in keep or (names is not None and name not in names):
            return node
        own = own_arguments(config)
        if node["class_name"] == "Activation" or _is_activation(node):
            if not _is_activation(node) and _is_kept(config["activation"]):
                return node
            places.add(name)
            added.add(name)
            gone.add(name)
            new = made(**own)
            if function is not None:
                layer = keras.layers.Activation(function, **own)
                new = keras.saving.serialize_keras_object(layer)
            return {**node, **new, "config": {**new["config"], **own}}
        if _is_kept(config.get("activation")):
            return node
        places.add(name)
        return {**node, "config": {**config, "activation": made(dtype=config.get("dtype"))}}

    changed = rewritten(model, change)
    missing = sorted(set(names or ()) - places)
    if missing or not places:
        raise ValueError(
            "Argument `model` must have a hidden activation to replace that is not linear, and one "
            f"in each layer of `names`. Received: {model.name!r}, without {missing or 'any'}"
        )
    kept = {layer.name for layer in layers_inside(changed)} - added
    keep_weights(model, changed, gone - kept, added)
    return changed


def _is_kept(activation: Any) -> bool:
    # Keras's own are written by name; a registered function of the same name is not.
    return activation is None or (isinstance(activation, str) and activation in KEPT)


def _is_activation(node: Config) -> bool:
    """Whether a config describes a layer that is an activation."""
    name = node.get("registered_name")
    kind = keras.saving.get_registered_object(name) if name else None
    if isinstance(kind, type):
        return issubclass(kind, (ParametricActivation, NoisyActivation))
    return node.get("module") == "keras.layers" and node["class_name"] in OF_KERAS


def _taken(function: Callable[..., Any], given: Config) -> Config:
    """The arguments that a function takes by name; a layer takes those of every layer."""
    parameters = inspect.signature(function).parameters
    rest = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    common = ("name", "dtype", "trainable") if rest else ()
    return {key: value for key, value in given.items() if key in parameters or key in common}


def _pairs(old: keras.Model, new: keras.Model, names: Collection[str]) -> list[tuple[Any, Any]]:
    first, second = ([m for m in layers_inside(model) if m.name in names] for model in (old, new))
    return list(zip(first, second, strict=True))


def _start_where_they_agree(old: keras.layers.Layer, new: keras.layers.Layer) -> None:
    """Gives a layer the weights of a `Dense`, at order 0, if it then computes the same."""
    before = [np.array(weight) for weight in new.weights]
    for weight in new.weights:
        same = [w for w in old.weights if w.name == weight.name and w.shape == weight.shape]
        if same:
            weight.assign(same[0])
        elif weight.name.startswith("order"):
            weight.assign(np.zeros(weight.shape))
    x = np.random.default_rng(0).normal(size=(16, old.kernel.shape[0])).astype("float32")
    wanted, found = (np.asarray(keras.ops.cast(layer(x), "float32")) for layer in (old, new))
    near = AGREE.get(old.compute_dtype, AGREE["float32"])
    if not np.abs(found - wanted).max() <= near * max(1.0, np.abs(wanted).max()):
        for weight, value in zip(new.weights, before, strict=True):
            weight.assign(value)
