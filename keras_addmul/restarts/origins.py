"""Finds the layer that holds each weight of a model, and the initializer that made it."""

from collections.abc import Callable, Iterator
from typing import Any

import keras

__all__ = ["holders", "initializers_of"]

# What `add_weight` takes: `initializer(shape, dtype=dtype)` returns the first values.
Initializer = Callable[..., Any]


def holders(model: keras.Layer) -> list[tuple[keras.Layer, list[keras.Variable]]]:
    """Lists the layers that hold trainable weights of their own, with these weights.

    Inner layers come before the layer that contains them: layers of nested models, wrapped
    layers, cells of recurrent layers, layers in attributes. Shared layers and shared weights
    are listed once.
    """
    found: list[tuple[keras.Layer, list[keras.Variable]]] = []
    visited, taken = set(), set()

    def visit(layer: keras.Layer) -> None:
        visited.add(id(layer))
        for inner in _layers_in(list(vars(layer).values())):
            if id(inner) not in visited:
                visit(inner)
        own = [weight for weight in layer.trainable_weights if id(weight) not in taken]
        taken.update(id(weight) for weight in own)
        if own:
            found.append((layer, own))

    visit(model)
    return found


def initializers_of(layer: keras.Layer, weights: list[keras.Variable]) -> list[Initializer]:
    """Finds the initializer of each weight that a layer added.

    The layer is rebuilt from its configuration, for the same shapes, and the copy's calls of
    `add_weight` are recorded. This holds only if the copy has the same configuration as the
    layer: a function is saved by name, and another function may have that name.

    Args:
        layer: Built layer.
        weights: Trainable weights that the layer added, in the order of
            `layer.trainable_weights`.

    Returns:
        List of initializers, one for each weight.

    Raises:
        ValueError: If the layer cannot be rebuilt, or its copy does not add these weights
            with `add_weight`.
    """
    asked: dict[int, Initializer] = {}

    class Copy(type(layer)):
        def add_weight(self, shape=None, initializer=None, *args, **kwargs):
            weight = super().add_weight(shape, initializer, *args, **kwargs)
            if initializer is None:
                # The default of Keras, which depends on the dtype.
                floats = keras.backend.is_float_dtype(weight.dtype)
                initializer = "glorot_uniform" if floats else "zeros"
            asked[id(weight)] = keras.initializers.get(initializer)
            return weight

    Copy.__name__ = type(layer).__name__
    try:
        copy = Copy.from_config(layer.get_config())
        if not copy.built:
            copy.build_from_config(layer.get_build_config())
    except Exception as error:
        why = str(error).strip().splitlines() or [type(error).__name__]
        raise _unknown(layer, weights, f"it cannot be made again: {why[0][:200]}") from error
    if repr(copy.get_config()) != repr(layer.get_config()):
        raise _unknown(layer, weights, "made again from its configuration, it has another one")
    added = [weight for weight in copy.weights if id(weight) in asked]
    names = {weight.name for weight in weights}
    again = [weight for weight in added if weight.name in names]  # equal names in their order
    same = [(w.name, w.shape, w.dtype) for w in weights]
    if [(w.name, w.shape, w.dtype) for w in again] != same:
        raise _unknown(layer, weights, "made again, it does not add them by `add_weight`")
    return [asked[id(weight)] for weight in again]


def _layers_in(value: Any) -> Iterator[keras.Layer]:
    """Yields the layers in nested lists, tuples, sets and dictionaries."""
    if isinstance(value, keras.Layer):
        yield value
    elif isinstance(value, dict):
        yield from _layers_in(list(value.values()))
    elif isinstance(value, (list, tuple, set)):
        for one in value:
            yield from _layers_in(one)


def _unknown(layer: keras.Layer, weights: list[keras.Variable], why: str) -> ValueError:
    names = ", ".join(weight.name for weight in weights)
    return ValueError(
        f"The initializers of the weights of layer {layer.name!r} are not known ({names}): {why}. "
        "Pass as `model` a function of no argument that builds the model"
    )
