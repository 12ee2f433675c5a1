"""Which weights of a layer are orders, and what its inputs were on some rows."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from keras_addmul.layers.addmul import AddMul
from keras_addmul.layers.addmul_dense import AddMulDense
from keras_addmul.layers.addmul_select import AddMulSelect
from keras_addmul.layers.exp_iterate import ExpIterate
from keras_addmul.layers.graph import Graph, require_graph
from keras_addmul.layers.inside import layers_inside
from keras_addmul.special.parity import parity_of

__all__ = [
    "ORDERED",
    "at_ends",
    "goals_of",
    "inputs_met",
    "layers_with_orders",
    "lowest_inputs",
    "nearest_ends",
    "orders_of",
    "parities_of",
    "whole_parity",
]

# The layers that learn orders.
ORDERED = (AddMul, AddMulDense, AddMulSelect, ExpIterate)


def layers_with_orders(model: keras.layers.Layer) -> list[Any]:
    """Returns the built layers inside a model that learn orders, each once."""
    return [layer for layer in layers_inside(model, ORDERED) if layer.built]


def orders_of(layer: keras.layers.Layer) -> list[tuple[Any, tuple[float, ...]]]:
    """Returns the orders of a layer, each weight with the ends of its range.

    Args:
        layer: A built layer that learns orders.

    Returns:
        List of pairs of a variable and its ends: 0 and 1, and -1 where the layer has logarithms.
    """
    if isinstance(layer, AddMulDense) and layer.coupling == "free":
        return [(layer.order, (-1.0, 0.0, 1.0)), (layer.order_in, (-1.0, 0.0, 1.0))]
    return [(layer.order, (-1.0, 0.0, 1.0) if isinstance(layer, ExpIterate) else (0.0, 1.0))]


def goals_of(layer: keras.layers.Layer) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    """Yields each order of a layer with its values and the ends nearest to them.

    Args:
        layer: A built layer that learns orders.

    Yields:
        A variable, and two arrays of its shape in float64.
    """
    for order, ends in orders_of(layer):
        now = np.asarray(order, np.float64)
        yield order, now, nearest_ends(now, ends)


def at_ends(
    layer: keras.layers.Layer,
    chosen: Callable[[Any, np.ndarray], np.ndarray],
    lowest: np.ndarray | None = None,
) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    """Yields the orders that go to their ends, and the parities of what multiplies there.

    Args:
        layer: A built layer that learns orders.
        chosen: From an order's variable and its distances from the nearest ends to which of
            them go there, an array of booleans of the same shape.
        lowest: The lowest value of each input of the layer, or None where they are not known.

    Yields:
        A variable, which of its numbers change, and an array that holds their new values.
    """
    parity = getattr(layer, "parity", None)
    for order, now, goal in goals_of(layer):
        where = chosen(order, np.abs(now - goal))
        yield order, where, goal
        if parity is not None and order is layer.order:
            multiplies = np.repeat(where & (goal == 1.0), parity.shape[1] // len(goal))
            every = np.broadcast_to(multiplies, parity.shape)
            yield parity, every, whole_parity(layer, lowest)


def nearest_ends(orders: Any, ends: tuple[float, ...]) -> np.ndarray:
    """Returns the end that is nearest to each order; of two, the one nearer to 0.

    Args:
        orders: Array.
        ends: The ends, in ascending order.

    Example:

    >>> from keras_addmul.layers.orders import nearest_ends
    >>> nearest_ends([-0.7, -0.5, 0.4, 0.5, 2.0], (-1.0, 0.0, 1.0)) + 0.0
    array([-1.,  0.,  0.,  0.,  1.])
    """
    choices = np.asarray(sorted(ends, key=abs))
    distance = np.abs(np.asarray(orders, np.float64)[..., None] - choices)
    return choices[np.argmin(distance, axis=-1)]


def whole_parity(layer: keras.layers.Layer, lowest: np.ndarray | None) -> np.ndarray:
    """Returns the parities of a layer as zeros and ones.

    A parity goes to the nearer of the two. Where no input was negative, the data never told:
    there it is that of the exponent, rounded to a whole number.

    Args:
        layer: A built layer with parities.
        lowest: The lowest value of each of its inputs, or None where they are not known.
    """
    rounded = (parities_of(layer) > 0.5).astype(float)
    if lowest is None:
        return rounded
    return np.where(lowest[:, None] < 0.0, rounded, _parity_of_exponents(layer))


def parities_of(layer: keras.layers.Layer) -> np.ndarray:
    """Returns the parity of each exponent; of the rounded exponent in a layer without parities.

    Args:
        layer: A built layer with a kernel.

    Returns:
        Array `(inputs, units)` in float64.
    """
    if getattr(layer, "parity", None) is not None:
        return np.asarray(layer.parity, np.float64)
    return _parity_of_exponents(layer)


def _parity_of_exponents(layer):
    return np.asarray(keras.ops.convert_to_numpy(parity_of(layer.kernel)), np.float64)


def inputs_met(model: keras.Model, rows: Any) -> Iterator[tuple[Any, np.ndarray]]:
    """Yields what meets each layer with a kernel and orders, batch by batch.

    Args:
        model: A sequential or functional model.
        rows: Iterable of inputs of the model: arrays, lists or dictionaries of arrays.

    Yields:
        A layer, and its inputs on one batch as an array `(rows, inputs)`.

    Raises:
        TypeError: If the model is neither sequential nor functional.
        ValueError: If it is not built.
    """
    require_graph(model)
    graph = Graph(model)
    met: list[tuple[Any, np.ndarray]] = []

    def rule(layer, *args, **kwargs):
        if isinstance(layer, (AddMulDense, AddMulSelect)):
            x = keras.ops.convert_to_numpy(args[0])
            met.append((layer, x.reshape(-1, x.shape[-1])))
        return layer(*args, **kwargs)

    for given in rows:
        graph.run(list(_in_order(model, given)), rule)
        yield from met
        met.clear()


def lowest_inputs(model: keras.Model, rows: Any) -> dict[int, np.ndarray]:
    """Returns the lowest value of each feature that met the layers with kernels and orders.

    Args:
        model: A sequential or functional model.
        rows: Iterable of inputs of the model: arrays, lists or dictionaries of arrays.

    Returns:
        Dictionary from the id of a layer to an array `(inputs,)`.

    Raises:
        TypeError: If the model is neither sequential nor functional.
        ValueError: If it is not built.
    """
    lowest: dict[int, np.ndarray] = {}
    for layer, x in inputs_met(model, rows):
        low = x.min(axis=0, initial=np.inf)
        lowest[id(layer)] = np.minimum(low, lowest.get(id(layer), np.inf))
    return lowest


def _in_order(model: keras.Model, given: Any) -> Iterator[Any]:
    """The inputs of a model one by one, as tensors of its dtypes."""
    if isinstance(given, dict):
        given = [given[t.name] for t in model.inputs]
    elif not isinstance(given, (list, tuple)):
        given = [given]
    for tensor, x in zip(model.inputs, given, strict=True):
        yield keras.ops.convert_to_tensor(x, dtype=tensor.dtype)
