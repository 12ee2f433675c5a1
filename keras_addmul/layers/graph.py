"""A model as a list of calls, to run it on other kinds of values or to rebuild it."""

import functools
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import keras

from keras_addmul.layers.checks import check_model

__all__ = ["Graph", "layers_of", "rebuild", "require_graph", "unusual"]


def require_graph(model: Any) -> None:
    """Raises unless a model is sequential or functional, and built.

    Raises:
        TypeError: If it is not a Keras model, or a subclassed one.
        ValueError: If it is not built.
    """
    check_model(model)
    if not _is_graph(model):
        raise TypeError(
            "Argument `model` must be a sequential or a functional model: what a subclassed one "
            f"does in its `call` is not known. Received: {type(model).__name__} {model.name!r}"
        )
    if not model.built:
        raise ValueError(f"Argument `model` must be built. Received: {model.name!r}, not built")


def layers_of(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yields every layer of a model and of the models in it, each once."""
    seen = set()
    for layer in model.layers:
        inner = layers_of(layer) if _is_graph(layer) else [layer]
        for one in inner:
            if id(one) not in seen:
                seen.add(id(one))
                yield one


class Graph:
    """The calls of a model, in an order in which they can run.

    Args:
        model: A model that `require_graph` accepts.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model: keras.Model = model
        self._inner: dict[int, Graph] = {}
        self._calls: list[tuple[Any, Any, Any, Any]] | None = None
        layers = model.layers
        if not isinstance(model, keras.Sequential):
            self._calls = self._record()
            layers = [layer for layer, *_ in self._calls]
        for layer in layers:
            if _is_graph(layer) and id(layer) not in self._inner:
                self._inner[id(layer)] = Graph(layer)

    def _record(self):
        originals, calls = {}, []

        def clone(layer):
            copy = _copy_of(layer)
            originals[id(copy)] = layer
            return copy

        def call(copy, *args, **kwargs):
            outputs = copy(*args, **kwargs)
            calls.append((originals[id(copy)], args, kwargs, outputs))
            return outputs

        # Keep the copy: its tensors are the keys to the values.
        self._copy = _clone(self.model, clone, call)
        return calls

    def run(self, inputs: list[Any], rule: Callable[..., Any]) -> list[Any]:
        """Runs the calls on values of any kind.

        Args:
            inputs: List of values, one for each input of the model.
            rule: `rule(layer, *args, **kwargs)` returns the result of a call, with values in
                place of the tensors.

        Returns:
            List of values, one for each output.
        """
        if self._calls is None:
            (value,) = inputs
            for layer in self.model.layers:
                value = self._call(layer, rule, (value,), {})
            return [value]
        values = {id(t): v for t, v in zip(self._copy.inputs, inputs, strict=True)}

        def filled(structure):
            return _map(lambda t: values.get(id(t), t), structure)

        for layer, args, kwargs, outputs in self._calls:
            result = self._call(layer, rule, filled(args), filled(kwargs))
            tensors = keras.tree.flatten(outputs)
            if len(tensors) == 1 or not isinstance(result, (list, tuple, dict)):
                results = [result] * len(tensors)  # one for all, such as why there is none
            else:
                results = keras.tree.flatten(result)
            for tensor, value in zip(tensors, results, strict=True):
                values[id(tensor)] = value
        return [values[id(t)] for t in self._copy.outputs]

    def _call(self, layer, rule, args, kwargs):
        inner = self._inner.get(id(layer))
        if inner is None or len(args) != 1 or unusual(kwargs):
            return rule(layer, *args, **kwargs)
        outputs = inner.run(keras.tree.flatten(args[0]), rule)
        return outputs if len(outputs) > 1 else outputs[0]


def unusual(kwargs: dict[str, Any]) -> str:
    """Returns the keyword that makes a call differ from plain inference without a mask, or ""."""
    for name, value in kwargs.items():
        given = any(leaf is not None for leaf in keras.tree.flatten(value))
        if given and not (name == "training" and value is False):
            return name
    return ""


def rebuild(
    model: keras.Model, replace: Callable[[Any], list[keras.layers.Layer] | None]
) -> keras.Model:
    """Returns a new model with the weights of the old one, and some layers replaced.

    Args:
        model: A model that `require_graph` accepts; it is left as it is.
        replace: `replace(layer)` returns None to copy a layer, or a list of new layers
            to call one after the other in its place; the first may take its weights.
    """
    chains, copies = {}, set()

    def chain(layer):
        if id(layer) not in chains:
            if _is_graph(layer):
                chains[id(layer)] = [rebuild(layer, replace)]
            else:
                new = replace(layer)
                if new is None:
                    copies.add(id(layer))
                    new = [_copy_of(layer)]
                chains[id(layer)] = new
        return chains[id(layer)]

    if isinstance(model, keras.Sequential):
        inputs = [
            keras.Input(batch_shape=t.shape, dtype=t.dtype, name=t.name) for t in model.inputs
        ]
        layers = [one for layer in model.layers for one in chain(layer)]
        new = keras.Sequential([*inputs, *layers], name=model.name)
    else:
        heads = {}

        def clone(layer):
            head = chain(layer)[0]
            heads[id(head)] = layer
            return head

        def call(head, *args, **kwargs):
            outputs = head(*args, **kwargs)
            for layer in chain(heads[id(head)])[1:]:
                outputs = layer(outputs)
            return outputs

        new = _clone(model, clone, call)
    _copy_weights(model, chains, copies)
    return new


def _copy_of(layer):
    """Returns a new layer or operation of the same configuration."""
    config = layer.get_config()
    if type(layer) is keras.layers.Lambda:
        return type(layer).from_config(config, safe_mode=False)  # it is here already
    # Keras saves a function by name, and on loading finds its own function of that name, or none.
    functions = {}
    for name in ("activation", "recurrent_activation"):
        function = getattr(layer, name, None)
        layered = isinstance(function, keras.layers.Layer)
        if name in config and callable(function) and not layered:
            functions[name] = function
    return type(layer).from_config({**config, **functions})


def _clone(model, clone, call):
    # Without the compile configuration: Keras would try to clone losses and metrics.
    bare = keras.Model(model.input, model.output, name=model.name)
    return keras.models.clone_model(bare, clone_function=clone, call_function=call)


def _copy_weights(model, chains, copies):
    for layer in model.layers:
        head = chains.get(id(layer), [None])[0]
        if head is None or _is_graph(layer):
            continue
        if id(layer) in copies and hasattr(layer, "load_assets"):
            with tempfile.TemporaryDirectory() as folder:  # a vocabulary is no weight
                layer.save_assets(folder)
                head.load_assets(folder)
        # The weights of an activation layer come last.
        kept = layer.get_weights()[: len(head.weights)]
        if [tuple(w.shape) for w in head.weights] == [w.shape for w in kept]:
            head.set_weights(kept)
            if isinstance(head, keras.layers.Normalization):
                head.finalize_state()  # it computes with what it made of its weights
        elif id(layer) in copies:
            raise ValueError(
                f"Layer {layer.name!r} cannot be copied: a new {type(layer).__name__} of its "
                "configuration has other weights."
            )
        head.trainable = layer.trainable


def _is_graph(layer):
    """Tells whether a model is sequential or functional, and calls its layers as these do."""
    if not isinstance(layer, keras.Model) or "call" in vars(layer):
        return False
    call = type(layer).call
    return call is keras.Sequential.call or call is _functional().call


@functools.cache
def _functional():
    # The class of functional models in Keras has no public name.
    return type(keras.Model([one := keras.Input((1,), name="x")], one))


def _map(function, structure):
    """Applies a function to the leaves of lists, tuples and dictionaries."""
    if isinstance(structure, dict):
        return {k: _map(function, v) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(_map(function, v) for v in structure)
    return function(structure)
