"""Puts ordinary sums and products in place of units that have settled on one of them."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_addmul.annotations import Config
from keras_addmul.layers.addmul_dense import AddMulDense
from keras_addmul.layers.addmul_select import AddMulSelect
from keras_addmul.layers.checks import check_name
from keras_addmul.layers.graph import rebuild, require_graph
from keras_addmul.layers.inside import layers_inside
from keras_addmul.layers.orders import parities_of
from keras_addmul.layers.product_dense import ProductDense
from keras_addmul.layers.side_by_side import SideBySide
from keras_addmul.special.powers import SIGNS

__all__ = ["answering_settled", "kinds_of_units", "settled"]


def settled(model: keras.Model, signs: str = "matmul") -> keras.Model:
    """Returns a copy of a model in which settled units are what they have become.

    A unit is settled if its order is exactly 0, or is exactly 1 and each of its parities is 0
    or 1, as after `callbacks.SettleOrders`. In the copy

    - a layer of which all units add is a `keras.layers.Dense`;
    - a layer of which all units multiply is a `ProductDense`;
    - any other layer with settled units is a `SideBySide` of these two and of the units that
      are not settled, which stay what they were;
    - all other layers are copied.

    The copy answers the same to rounding, at about the speed of `Dense`, and can be trained and
    saved. It does not bound its sums.

    This concerns `AddMulDense` of any coupling, and the units of `AddMulSelect` that add. With
    `coupling="free"`, units add if all orders are 0, and multiply if all input orders are -1 and
    their own order is 1. A layer whose activation is itself a layer stays as it is.

    Args:
        model: Sequential or functional model; it is left unchanged.
        signs: How products count signs, as for `ProductDense`: `"bits"` is faster under XLA on
            a CPU.

    Returns:
        A `keras.Model`, not compiled, with the same names of layers.

    Raises:
        TypeError: If `model` is not a sequential or functional Keras model.
        ValueError: If it is not built, or `signs` is unknown.

    Example:

    >>> import keras
    >>> from keras_addmul.layers import AddMulDense, settled
    >>> layers = [AddMulDense(8, order_initializer="zeros", name="sums"), AddMulDense(1)]
    >>> model = keras.Sequential([keras.Input((4,)), *layers])
    >>> [type(layer).__name__ for layer in settled(model).layers]
    ['Dense', 'AddMulDense']
    """
    check_name("signs", signs, SIGNS)
    require_graph(model)
    made: list[tuple[Any, Any]] = []

    def replace(layer):
        new = _replacement(layer, signs)
        if new is None:
            return None
        made.append((layer, new))
        return [new.layer]

    copy = rebuild(model, replace)
    for layer, new in made:
        new.fill(layer)
    return copy


@contextlib.contextmanager
def answering_settled(model: keras.Model, signs: str = "matmul") -> Iterator[list[Any]]:
    """Lets the layers of a model answer as in `settled(model)`, for as long as it is open.

    It works for every model, whatever its class, and for layers inside of other layers. The
    weights stay where they are.

    Args:
        model: A built model.
        signs: As for `settled`.

    Yields:
        The layers that answer in the place of others.
    """
    answering: list[tuple[Any, Any]] = []
    try:
        for layer in layers_inside(model, (AddMulDense, AddMulSelect)):
            new = _replacement(layer, signs) if layer.built else None
            if new is not None:
                new.layer.build((None, layer.kernel.shape[0]))
                new.fill(layer)
                answering.append((layer, new.layer))
        for layer, new in answering:
            layer.call = new.call
        yield [new for _, new in answering]
    finally:
        for layer, _ in answering:
            vars(layer).pop("call", None)


def kinds_of_units(layer: keras.layers.Layer) -> np.ndarray:
    """Returns `"sum"`, `"product"` or `"between"` for each unit of a layer.

    Args:
        layer: A built `AddMulDense` or `AddMulSelect`.

    Returns:
        Array of strings `(units,)`.
    """
    order = np.asarray(layer.order, np.float64)
    kinds = np.full(layer.units, "between", dtype="<U7")
    size = layer.units // len(order)
    order = np.repeat(order, size)
    if type(layer) is AddMulSelect:
        kinds[order == 0.0] = "sum"
        return kinds
    parity = parities_of(layer)
    whole = np.all((parity == 0.0) | (parity == 1.0), axis=0)
    if not hasattr(layer, "parity"):  # the sign is that of the exponent, if it is whole
        whole &= np.all(np.asarray(layer.kernel) % 1.0 == 0.0, axis=0)
    adds, multiplies = order == 0.0, (order == 1.0) & whole
    if layer.coupling == "free":
        order_in = np.asarray(layer.order_in)
        adds, multiplies = adds & np.all(order_in == 0.0), multiplies & np.all(order_in == -1.0)
    kinds[adds], kinds[multiplies] = "sum", "product"
    # The units of a group stay together where they share an order.
    blocks = kinds.reshape(-1, size)
    blocks[np.any(blocks == "between", axis=1)] = "between"
    return kinds


class _Replacement:
    """A layer that answers in the place of another, and what its parts take from it."""

    def __init__(self, layer, parts):
        self.parts = parts  # pairs of a linear layer and the units it stands for
        own: Config = {key: getattr(layer, key) for key in ("name", "trainable")}
        own["dtype"] = layer.dtype_policy
        one = parts[0][0] if len(parts) == 1 else None
        if one is not None and not isinstance(one, (AddMulDense, AddMulSelect)):
            config = {**one.get_config(), **own, "activation": layer.activation}
            self.layer = type(one).from_config(config)
            self.parts = [(self.layer, parts[0][1])]
        else:
            places = np.argsort(np.concatenate([units for _, units in parts]), kind="stable")
            ordered = np.array_equal(places, np.arange(len(places)))
            self.layer = SideBySide(
                [part for part, _ in parts],
                None if ordered else places.tolist(),
                activation=layer.activation,
                **own,
            )

    def fill(self, layer):
        """Gives each part the weights of its units."""
        for part, units in self.parts:
            for weight in part.weights:
                if weight.name == "scale":
                    log = np.zeros(len(units)) if layer.bias is None else _of(layer.bias)[units]
                    most = 0.99 * np.log(np.finfo("float64").max)
                    value = np.exp(np.minimum(log, most))
                elif weight.name == "parity" and isinstance(part, ProductDense):
                    value = parities_of(layer)[:, units]
                else:
                    value = _of(getattr(layer, weight.name))
                    if weight.name == "order" and len(value) < layer.units:
                        value = np.repeat(value, layer.units // len(value))[units]
                        value = value[:: len(units) // weight.shape[0]]
                    elif weight.name != "order_in":
                        value = value[..., units]
                weight.assign(value)


def _of(weight):
    return np.asarray(weight, np.float64)


def _replacement(layer, signs):
    """What answers in the place of a layer; None for the layer itself."""
    ours = type(layer) in (AddMulDense, AddMulSelect)
    if not ours or isinstance(layer.activation, keras.layers.Layer):
        return None
    kinds = kinds_of_units(layer)
    if np.all(kinds == "between"):
        return None
    parts = []
    for kind, make in (("sum", _sums), ("product", _products), ("between", _others)):
        units = np.flatnonzero(kinds == kind)
        if len(units):
            parts.append((make(layer, units, signs), units))
    return _Replacement(layer, parts)


def _sums(layer, units, signs):
    how = {"use_bias": layer.use_bias, "dtype": layer.dtype_policy}
    return keras.layers.Dense(len(units), name=f"{layer.name}_sums", **how)


def _products(layer, units, signs):
    free = layer.coupling == "free"
    return ProductDense(
        len(units),
        use_bias=layer.use_bias and not free,
        use_scale=layer.use_bias and free,
        signs=signs if np.any(parities_of(layer)[:, units]) else None,
        epsilon=layer.epsilon,
        name=f"{layer.name}_products",
        dtype=layer.dtype_policy,
    )


def _others(layer, units, signs):
    config = {**layer.get_config(), "units": len(units), "activation": None}
    if getattr(layer, "groups", None) is not None:
        config["groups"] = len(units) * layer.groups // layer.units
    return type(layer).from_config({**config, "name": f"{layer.name}_between"})
