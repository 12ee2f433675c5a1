"""Units that become sums keep their answers as far as sums can give them."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_addmul.layers.addmul_dense import AddMulDense
from keras_addmul.layers.orders import inputs_met

__all__ = ["Met", "keeping_sums", "met_by_layers"]

# Enough to tell the coefficients of a sum; more would only cost time.
_ROWS = 4096


@dataclasses.dataclass(frozen=True)
class Met:
    """What a layer meets.

    Attributes:
        lowest: The lowest value of each input.
        rows: Some of the rows, `(rows, inputs)`.
    """

    lowest: np.ndarray
    rows: np.ndarray


def met_by_layers(model: keras.Model, rows: Any) -> dict[int, Met] | None:
    """Returns what meets each layer with a kernel and orders, by the layer's id.

    Args:
        model: A built model.
        rows: Iterable of its inputs.

    Returns:
        The dictionary; None for a subclass of `keras.Model`, which does not tell.
    """
    found: dict[int, Met] = {}
    try:
        for layer, x in inputs_met(model, rows):
            low = x.min(axis=0, initial=np.inf)
            if (old := found.get(id(layer))) is not None:
                low = np.minimum(low, old.lowest)
                x = np.concatenate([old.rows, x[: max(0, _ROWS - len(old.rows))]])
            found[id(layer)] = Met(low, x[:_ROWS])
    except TypeError:
        return None
    return found


@contextlib.contextmanager
def keeping_sums(layer: Any, met: Met | None) -> Iterator[None]:
    """Lets what becomes a sum inside of the context take the nearest one to what it was.

    Near a sum, order and coefficients share one valley: with an order of 0.1, a unit gives
    almost the same answers from other coefficients. At order 0 they are those of the linear
    least squares on the layer's inputs. This concerns `AddMulDense` with tied orders and without an
    activation; other layers are left as they are.

    Args:
        layer: A layer whose orders change inside of the context.
        met: What the layer meets, or None, which changes nothing.
    """
    linear = keras.activations.linear
    if (
        met is None
        or not isinstance(layer, AddMulDense)
        or layer.coupling != "tied"
        or layer.activation is not linear
    ):
        yield
        return
    x = met.rows.astype(layer.compute_dtype)
    before, order = _answers(layer, x), np.asarray(layer.order)
    yield
    sums = (np.asarray(layer.order) == 0.0) & (order != 0.0)
    sums = np.repeat(sums, layer.units // len(sums))
    if not np.any(sums):
        return
    missing = (before - _answers(layer, x))[:, sums]
    columns = x.astype(np.float64)
    if layer.bias is not None:
        columns = np.concatenate([columns, np.ones((len(x), 1))], axis=1)
    change = np.linalg.lstsq(columns, missing, rcond=1e-6)[0]
    _add(layer.kernel, sums, change[: x.shape[1]])
    if layer.bias is not None:
        _add(layer.bias, sums, change[-1])


def _answers(layer, x):
    return keras.ops.convert_to_numpy(layer(x)).astype(np.float64)


def _add(variable, units, change):
    new = np.array(variable, np.float64)
    new[..., units] += change
    constraint = variable.constraint
    variable.assign(new)
    if constraint is not None:
        variable.assign(constraint(variable.value))
