"""What each unit of a layer became, in numbers and in words."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_addmul.layers.addmul import AddMul
from keras_addmul.layers.addmul_dense import AddMulDense
from keras_addmul.layers.addmul_select import AddMulSelect
from keras_addmul.layers.exp_iterate import ExpIterate
from keras_addmul.layers.orders import nearest_ends, orders_of, parities_of
from keras_addmul.read.wording import activated, power_text, sum_text

__all__ = ["Unit", "units_of"]


@dataclasses.dataclass(frozen=True)
class Unit:
    """What one unit of a layer became.

    Attributes:
        layer: Name of the layer.
        layer_type: Its class.
        index: Place of the unit in the layer, from 0.
        kind: `"sum"`, `"product"` or `"between"`; of an `ExpIterate`, `"log"`, `"identity"`,
            `"exp"` or `"between"`.
        order: The order, or of `AddMulDense(coupling="free")` that of the output.
        settled: Whether all of its orders, and the parities that count, are within the
            tolerance of their ends.
        text: The unit in words, such as `"2 a - b + 1"` or `"a^1.5 / b"`.
        inputs: Names of the inputs.
        weights: Their coefficients or exponents; empty for layers without a kernel.
        parities: Parity of each exponent; empty for layers without parities.
        bias: The bias.
        activation: Name of the activation.

    Example:

    >>> import keras
    >>> import keras_addmul
    >>> layer = keras_addmul.AddMulDense(1, kernel_initializer="ones", order_initializer="zeros")
    >>> (unit,) = keras_addmul.read(keras.Sequential([keras.Input((2,)), layer])).units
    >>> unit.kind, unit.settled, unit.text, unit.weights
    ('sum', True, 'x1 + x2', (1.0, 1.0))
    """

    layer: str
    layer_type: str
    index: int
    kind: str
    order: float
    settled: bool
    text: str
    inputs: tuple[str, ...]
    weights: tuple[float, ...] = ()
    parities: tuple[float, ...] = ()
    bias: float = 0.0
    activation: str = "linear"


def units_of(
    layer: keras.layers.Layer,
    names: Sequence[Any],
    tolerance: float,
    lowest: np.ndarray | None = None,
) -> list[Unit]:
    """Returns a record of each unit of a layer that learns orders.

    Args:
        layer: A built layer of a class in `layers.orders.ORDERED`.
        names: Names of its inputs; of an `AddMul`, a list of them for each input.
        tolerance: Largest distance of an order from its end, or of a parity from 0 or 1, that
            counts as settled.
        lowest: The lowest value of each input on some data, or None.
    """
    if isinstance(layer, AddMul):
        return _merged(layer, names, tolerance)
    if isinstance(layer, ExpIterate):
        return _iterated(layer, names, tolerance)
    return _dense(layer, names, tolerance, lowest)


def _dense(layer, names, tolerance, lowest):
    kernel = np.asarray(layer.kernel, np.float64)
    bias = np.zeros(layer.units) if layer.bias is None else np.asarray(layer.bias, np.float64)
    order = np.asarray(layer.order, np.float64)
    order = np.repeat(order, layer.units // len(order))
    signless = np.zeros(len(kernel), bool) if lowest is None else lowest >= 0.0
    parity = None if isinstance(layer, AddMulSelect) else parities_of(layer)
    free = isinstance(layer, AddMulDense) and layer.coupling == "free"
    found = []
    for i in range(layer.units):
        about = {
            "inputs": tuple(names),
            "weights": tuple(kernel[:, i].tolist()),
            "parities": () if parity is None else tuple(parity[:, i].tolist()),
            "bias": float(bias[i]),
            "activation": getattr(layer.activation, "__name__", str(layer.activation)),
        }
        if free:
            kind, text = _free_unit(layer, i, order[i], tolerance, signless, about)
        else:
            kind, text = _tied_unit(layer, order[i], tolerance, signless, about)
        settled = kind != "between"
        text = activated(text, about["activation"])
        found.append(_unit(layer, i, kind, float(order[i]), settled, text, **about))
    return found


def _tied_unit(layer, order, tolerance, signless, about):
    names, weights, bias = about["inputs"], about["weights"], about["bias"]
    if order <= tolerance:
        return "sum", sum_text(weights, names, bias)
    if isinstance(layer, AddMulSelect):
        product = _gates(weights, names)
        clear = True
    else:
        product = power_text(weights, names, about["parities"], signless)
        clear = _clear(about["parities"], signless, tolerance)
    product = _plus(product, bias)
    if order >= 1.0 - tolerance and clear:
        return "product", product
    if order >= 1.0 - tolerance:
        return "between", f"{product}, with signs that count in part"
    return "between", f"order {order:.3g} from {sum_text(weights, names, bias)} to {product}"


def _free_unit(layer, i, order, tolerance, signless, about):
    """A unit between iterates: what its inputs became, and what its output."""
    names, weights, bias = about["inputs"], about["weights"], about["bias"]
    order_in = np.asarray(layer.order_in, np.float64)
    ends = nearest_ends(order_in, (-1.0, 0.0, 1.0))
    end = float(nearest_ends(order, (-1.0, 0.0, 1.0)))
    near = np.all(np.abs(order_in - ends) <= tolerance) and abs(order - end) <= tolerance
    if near and np.all(ends == 0.0) and end == 0.0:
        return "sum", sum_text(weights, names, bias)
    if near and np.all(ends == -1.0) and end == 1.0:
        product = power_text(weights, names, about["parities"], signless)
        clear = _clear(about["parities"], signless, tolerance)
        scaled = f"{np.exp(bias):.4g} {product}" if abs(bias) > 5e-5 else product
        return ("product" if clear else "between"), scaled
    inner = [_iterate_text(name, n, tolerance) for name, n in zip(names, order_in, strict=True)]
    text = _iterate_text(f"({sum_text(weights, inner, bias)})", order, tolerance)
    return ("composed" if near else "between"), text


def _clear(parities, signless, tolerance):
    parities = np.asarray(parities)
    return bool(np.all(signless | (np.minimum(parities, 1.0 - parities) <= tolerance)))


def _gates(weights, names):
    """The product of the gates of an `AddMulSelect`."""
    factors = []
    for w, name in zip(weights, names, strict=True):
        if abs(w) >= 0.9995:
            factors.append(name if w > 0 else f"1/{name}")
        elif abs(w) > 5e-4:
            taken = name if w > 0 else f"/{name}"
            factors.append(f"({sum_text((abs(w),), (taken,), 1.0 - abs(w))})")
    return " * ".join(factors) or "1"


def _plus(text, bias):
    return text if abs(bias) < 5e-5 else f"{text} {'-' if bias < 0 else '+'} {abs(bias):.4g}"


def _iterate_text(name, order, tolerance):
    for end, text in ((0.0, name), (1.0, f"exp({name})"), (-1.0, f"log|{name}|")):
        if abs(order - end) <= tolerance:
            return text
    return f"exp^[{order:.3g}]({name})"


def _iterated(layer, names, tolerance):
    ((order, ends),) = orders_of(layer)
    order = np.broadcast_to(np.asarray(order, np.float64), (len(names),))
    kinds = {-1.0: "log", 0.0: "identity", 1.0: "exp"}
    found = []
    for i, (name, n) in enumerate(zip(names, order.tolist(), strict=True)):
        end = float(nearest_ends(n, ends))
        settled = abs(n - end) <= tolerance
        kind = kinds[end + 0.0] if settled else "between"
        text = _iterate_text(name, n, tolerance)
        found.append(_unit(layer, i, kind, n, settled, text, inputs=(name,)))
    return found


def _merged(layer, names, tolerance):
    width = max(len(one) for one in names)
    order = np.broadcast_to(np.asarray(layer.order, np.float64), (width,))
    found = []
    for i, n in enumerate(order.tolist()):
        own = tuple(one[i if len(one) > 1 else 0] for one in names)
        at_sum, at_product = " + ".join(own), " * ".join(own)
        if n <= tolerance:
            kind, text = "sum", at_sum
        elif n >= 1.0 - tolerance:
            kind, text = "product", at_product
        else:
            kind, text = "between", f"order {n:.3g} from {at_sum} to {at_product}"
        found.append(_unit(layer, i, kind, n, kind != "between", text, inputs=own))
    return found


def _unit(layer, index, kind, order, settled, text, **about):
    return Unit(layer.name, type(layer).__name__, index, kind, order, settled, text, **about)
