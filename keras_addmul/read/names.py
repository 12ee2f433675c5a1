"""What the inputs of each layer are called."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_addmul.layers.addmul import AddMul
from keras_addmul.layers.graph import Graph, layers_of, require_graph
from keras_addmul.layers.inside import layers_inside
from keras_addmul.layers.orders import ORDERED

__all__ = ["columns_of", "named_inputs"]

# Layers whose outputs are their inputs, as far as names go.
_PASSING = (
    keras.layers.ActivityRegularization,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.Identity,
    keras.layers.InputLayer,
)


def named_inputs(
    model: keras.Model, ordered: list[Any], names: Sequence[str] | None
) -> tuple[dict[int, Any], tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Returns names of the inputs of layers, of the columns, and what the other layers are.

    Args:
        model: A built model.
        ordered: Its layers that learn orders.
        names: Names of the columns, or None.

    Returns:
        Dictionary from the id of a layer to its names; the names of the columns; names and
        classes of all layers that do not learn orders.

    Raises:
        ValueError: If `names` does not name every column.
    """
    found: dict[int, Any] = {}
    try:
        require_graph(model)
        columns = columns_of(model, names)
        others = [layer for layer in layers_of(model) if not isinstance(layer, ORDERED)]
    except TypeError:  # a subclass of Model
        columns = tuple(names or ())
        inside = [one for one in layers_inside(model) if not isinstance(one, keras.Model)]
        others = [layer for layer in inside if not isinstance(layer, ORDERED)]
    else:
        _run(model, columns, found)
    for layer in ordered:
        if id(layer) not in found:  # inside of another layer, or of a model of one's own class
            found[id(layer)] = _numbered(layer)
    others = [one for one in others if not isinstance(one, keras.layers.InputLayer)]
    return found, columns, tuple((one.name, type(one).__name__) for one in others)


def columns_of(model: keras.Model, names: Sequence[str] | None) -> tuple[str, ...]:
    """Returns the names of the columns of all inputs.

    Raises:
        ValueError: If `names` does not name every column once.
    """
    count = sum(tensor.shape[-1] or 0 for tensor in model.inputs)
    if names is None:
        return tuple(f"x{i + 1}" for i in range(count))
    strings = not isinstance(names, str) and all(isinstance(name, str) for name in names)
    if not strings or len(names) != count or len(set(names)) != count:
        raise ValueError(
            f"Argument `names` must name each of the {count} columns of the inputs once. "
            f"Received: {names!r}"
        )
    return tuple(names)


def _run(model, columns, found):
    """Runs names through the model."""

    def rule(layer, *args, **kwargs):
        given: Any = args[0] if args else None
        if isinstance(layer, ORDERED) and _known(given):
            merged = isinstance(layer, AddMul)
            found.setdefault(id(layer), [list(g) for g in given] if merged else list(given))
        if isinstance(layer, _PASSING):
            return given
        if isinstance(layer, keras.layers.Concatenate) and _known(given):
            return np.concatenate(given)
        width = getattr(layer, "units", None)
        if width is None:
            try:
                width = layer.output.shape[-1]
            except (AttributeError, IndexError, TypeError, ValueError):
                return None
        if width is None:
            return None
        return np.array([f"{layer.name}_{i + 1}" for i in range(width)], object)

    left, values = list(columns), []
    for tensor in model.inputs:
        width = tensor.shape[-1] or 0
        values.append(np.array(left[:width], object))
        left = left[width:]
    Graph(model).run(values, rule)


def _known(given):
    parts = given if isinstance(given, list) else [given]
    return all(isinstance(part, np.ndarray) for part in parts)


def _numbered(layer):
    if isinstance(layer, AddMul):
        width = max(1, int(np.prod(layer.order.shape)))
        return [[f"{letter}{i + 1}" for i in range(width)] for letter in "ab"]
    kernel = getattr(layer, "kernel", layer.order)
    count = kernel.shape[0] if kernel.shape else 1
    return [f"x{i + 1}" for i in range(count)]
