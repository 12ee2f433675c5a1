"""A model as a list of calls: to carry values of another kind through it, and to rebuild it."""

import keras

__all__ = ["Graph", "layers_of", "rebuild", "require_graph"]


def require_graph(model):
    """Refuses what is not a built sequential or functional model.

    Raises:
        TypeError: If it is not a Keras model, or a subclassed one.
        ValueError: If it is not built.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"Argument `model` must be a Keras model. Received: {model!r}")
    if not isinstance(model, keras.Sequential) and not _is_functional(model):
        raise TypeError(
            "Argument `model` must be a sequential or a functional model: the calls inside a "
            f"subclassed one are not known. Received: {type(model).__name__} {model.name!r}"
        )
    if not model.built:
        raise ValueError(f"Argument `model` must be built. Received: {model.name!r}, not built")


def layers_of(model):
    """Yields every layer of a model and of the models in it, each once."""
    seen = set()
    for layer in model.layers:
        inner = layers_of(layer) if _is_graph(layer) else [layer]
        for one in inner:
            if id(one) not in seen:
                seen.add(id(one))
                yield one


class Graph:
    """The calls of a model, in an order in which they can be made."""

    def __init__(self, model):
        self.model = model
        self._inner = {}
        if isinstance(model, keras.Sequential):
            self._calls = None
            layers = model.layers
        else:
            self._record()
            layers = [layer for layer, *_ in self._calls]
        for layer in layers:
            if _is_graph(layer) and id(layer) not in self._inner:
                self._inner[id(layer)] = Graph(layer)

    def _record(self):
        originals, self._calls = {}, []

        def clone(layer):
            copy = layer.__class__.from_config(layer.get_config())
            originals[id(copy)] = layer
            return copy

        def call(copy, *args, **kwargs):
            outputs = copy(*args, **kwargs)
            self._calls.append((originals[id(copy)], args, kwargs, outputs))
            return outputs

        # The copy is kept: its tensors are the keys by which values are found.
        self._copy = _clone(self.model, clone, call)

    def run(self, inputs, rule):
        """Carries values through the calls.

        Args:
            inputs: List of values, one for each input of the model.
            rule: `rule(layer, *args, **kwargs)` returns the value of a call from values
                in place of the tensors.

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
            results = result if isinstance(result, (list, tuple)) else [result]
            for tensor, value in zip(keras.tree.flatten(outputs), results, strict=True):
                values[id(tensor)] = value
        return [values[id(t)] for t in self._copy.outputs]

    def _call(self, layer, rule, args, kwargs):
        inner = self._inner.get(id(layer))
        if inner is None:
            return rule(layer, *args, **kwargs)
        given = args[0] if isinstance(args[0], (list, tuple)) else [args[0]]
        outputs = inner.run(list(given), rule)
        return outputs if len(outputs) > 1 else outputs[0]


def rebuild(model, replace):
    """Returns a new model with the weights of the old one, and some layers replaced.

    Args:
        model: A model that `require_graph` accepts; it is left as it is.
        replace: `replace(layer)` returns None to copy a layer, or a list of new layers
            to call one after the other in its place; the first may take its weights.
    """
    chains = {}

    def chain(layer):
        if id(layer) not in chains:
            if _is_graph(layer):
                chains[id(layer)] = [rebuild(layer, replace)]
            else:
                copy = replace(layer)
                chains[id(layer)] = copy or [layer.__class__.from_config(layer.get_config())]
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
    _copy_weights(model, chains)
    return new


def _clone(model, clone, call):
    # Not of the model itself: with it Keras would clone losses and metrics, if it can.
    bare = keras.Model(model.input, model.output, name=model.name)
    return keras.models.clone_model(bare, clone_function=clone, call_function=call)


def _copy_weights(model, chains):
    for layer in model.layers:
        head = chains.get(id(layer), [None])[0]
        if head is None or _is_graph(layer) or not layer.weights:
            continue
        # An activation that is a layer has weights too: they come last.
        kept = layer.get_weights()[: len(head.weights)]
        if [tuple(w.shape) for w in head.weights] == [w.shape for w in kept]:
            head.set_weights(kept)
        head.trainable = layer.trainable


def _is_graph(layer):
    return isinstance(layer, keras.Model) and (
        isinstance(layer, keras.Sequential) or _is_functional(layer)
    )


def _is_functional(model):
    # Keras gives a functional model its own class; there is no public name for it.
    return type(keras.Model([one := keras.Input((1,))], one)) in type(model).__mro__


def _map(function, structure):
    """Applies a function to the leaves of lists, tuples and dictionaries."""
    if isinstance(structure, dict):
        return {k: _map(function, v) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(_map(function, v) for v in structure)
    return function(structure)
