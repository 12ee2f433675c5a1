"""Noise put into a model, taken out of it, and kept at inference."""

import keras

from keras_addmul.conversion.rewriting import rewritten
from keras_addmul.layers.inside import layers_inside
from keras_addmul.layers.noisy_activation import NoisyActivation
from keras_addmul.layers.noisy_sigmoid import NoisySigmoid
from keras_addmul.layers.noisy_tanh import NoisyTanh

__all__ = ["make_noisy", "monte_carlo", "remove_noise"]

NOISY = {"tanh": NoisyTanh, "sigmoid": NoisySigmoid}
ARGUMENTS = ("activation", "recurrent_activation")
RECURRENT = {f"keras_addmul>Noisy{name}": name for name in ("LSTM", "GRU")}


def make_noisy(model, outputs=False, tanh=None, sigmoid=None):
    """Returns a copy of a model in which every tanh and sigmoid is noisy.

    Activations given to layers by name and `Activation` layers are replaced, in cells
    and wrapped layers too; all weights are kept. The copy is compiled as the model is, with a
    fresh optimizer.

    Args:
        model: Functional or Sequential model.
        outputs: Whether to replace the activations of the output layers too. A
            sigmoid there is mostly a probability, and its loss expects one.
        tanh: Dictionary of arguments for each `NoisyTanh`.
        sigmoid: The same for each `NoisySigmoid`.

    Example:

    >>> import keras
    >>> from keras_addmul.conversion import make_noisy
    >>> layers = [keras.Input((5, 3)), keras.layers.GRU(4), keras.layers.Dense(1, "sigmoid")]
    >>> noisy = make_noisy(keras.Sequential(layers), tanh={"kind": "NAN"})
    >>> noisy.layers[0].activation.kind, noisy.layers[1].activation.__name__
    ('NAN', 'sigmoid')

    Raises:
        ValueError: If there is no tanh or sigmoid to replace.
    """
    options = {"tanh": tanh or {}, "sigmoid": sigmoid or {}}
    keep = set() if outputs else _output_names(model)
    added = set()

    def noisy(activation, **more):
        layer = NOISY[activation](**{**more, **options[activation]})
        added.add(layer.name)
        return keras.saving.serialize_keras_object(layer)

    def change(node):
        config = node["config"]
        if config.get("name") in keep:
            return node
        found = [key for key in ARGUMENTS if config.get(key) in tuple(NOISY)]
        if node["class_name"] == "Activation" and found:
            own = {key: config[key] for key in ("name", "dtype", "trainable") if key in config}
            added.add(own["name"])
            return {**node, **noisy(config["activation"], **own)}
        last = config.get("data_format") != "channels_first"
        units = config.get("units", config.get("filters")) if last else None
        new = {key: noisy(config[key], units=units, dtype=config.get("dtype")) for key in found}
        return {**node, "config": {**config, **new}}

    changed = rewritten(model, change)
    if not added:
        raise ValueError(
            f"make_noisy found no tanh and no sigmoid in the model. Received: {model.name!r}"
        )
    _keep_weights(model, changed, skip_new=added)
    return changed


def remove_noise(model):
    """Returns a copy of a model with the tanh and the sigmoid of Keras for noisy ones.

    The way back from `make_noisy`: all other weights are kept.

    Example:

    >>> import keras
    >>> from keras_addmul.conversion import remove_noise
    >>> from keras_addmul.layers import NoisyLSTM
    >>> model = remove_noise(keras.Sequential([keras.Input((5, 3)), NoisyLSTM(4)]))
    >>> type(model.layers[0]) is keras.layers.LSTM
    True
    """

    def plain(node):
        sigmoid = "Sigmoid" in node["class_name"] or "sigmoid" in node["config"].get("base", "")
        return "sigmoid" if sigmoid else "tanh"

    def change(node):
        config = dict(node["config"])
        for key in ARGUMENTS:
            if _is_noisy(config.get(key)):
                config[key] = plain(config[key])
        if _is_noisy(node):
            own = {key: config[key] for key in ("name", "dtype", "trainable") if key in config}
            layer = keras.layers.Activation(plain(node), name=own["name"])
            made = keras.saving.serialize_keras_object(layer)
            return {**node, **made, "config": {**made["config"], **own}}
        name = RECURRENT.get(node.get("registered_name"))
        if name:
            home = {"module": "keras.layers", "class_name": name, "registered_name": None}
            return {**node, **home, "config": config}
        return {**node, "config": config}

    changed = rewritten(model, change)
    _keep_weights(model, changed, skip_old={n.name for n in layers_inside(model, NoisyActivation)})
    return changed


def monte_carlo(model, on=True):
    """Returns a copy of a model whose noisy activations are noisy at inference too.

    Repeated calls of `predict` then give samples, and their spread says how sure the
    model is. All weights are kept.

    Args:
        model: Functional or Sequential model with noisy activations.
        on: Whether there shall be noise at inference, or the mean again.

    Example:

    >>> import keras
    >>> from keras_addmul.conversion import monte_carlo
    >>> from keras_addmul.layers import NoisyTanh
    >>> model = monte_carlo(keras.Sequential([keras.Input((1,)), NoisyTanh(kind="NANI")]))
    >>> samples = [model(keras.ops.array([[0.9]])) for _ in range(100)]
    >>> 0.01 < float(keras.ops.std(samples)) < 0.1
    True
    """

    def change(node):
        config = dict(node["config"])
        if _is_noisy(node):
            config["monte_carlo"] = bool(on)
        for key in ARGUMENTS:
            if _is_noisy(config.get(key)):
                config[key] = change(config[key])
        return {**node, "config": config}

    changed = rewritten(model, change)
    _keep_weights(model, changed)
    return changed


def _is_noisy(node):
    names = {"keras_addmul>" + kind for kind in ("NoisyActivation", "NoisyTanh", "NoisySigmoid")}
    return isinstance(node, dict) and node.get("registered_name") in names


def _output_names(model):
    if isinstance(model, keras.Sequential):
        return {model.layers[-1].name}
    return set(keras.tree.flatten(model.get_config().get("output_layers", []))) - {0}


def _keep_weights(old, new, skip_old=(), skip_new=()):
    """Copies weights in order, but for those of noisy activations with these names."""
    weights = [_without(model, skip) for model, skip in ((old, skip_old), (new, skip_new))]
    for source, target in zip(*weights, strict=True):
        target.assign(source)


def _without(model, skip):
    noisy = [n for n in layers_inside(model, NoisyActivation) if n.name in skip]
    left_out = {id(weight) for layer in noisy for weight in layer.weights}
    return [weight for weight in model.weights if id(weight) not in left_out]
