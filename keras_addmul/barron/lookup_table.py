"""Turns banks of RePU units into tables of polynomials, which evaluate faster."""

import math

import keras
import numpy as np

from keras_addmul.barron.functions.bank import bank_of
from keras_addmul.barron.functions.per_feature import members_of
from keras_addmul.layers import PiecewisePolynomial, RePUBank
from keras_addmul.layers.graph import layers_of, rebuild, require_graph

__all__ = ["to_table"]


def to_table(model: keras.Model) -> keras.Model:
    """Speeds up a converted model: replaces each `RePUBank` with a `PiecewisePolynomial`.

    The new model computes the same function up to rounding. A bank of m units computes m
    powers. Its table looks up one of m + 1 pieces, on a grid so fine that no cell holds two
    knots, and evaluates one polynomial. That is faster from about fifteen units on; under XLA,
    which fuses a short bank into one loop, from about fifty on. The tables are not trainable,
    because training would pull their pieces apart.

    Args:
        model: A sequential or functional model with at least one `RePUBank`.

    Returns:
        A new model. All other layers keep their weights.

    Raises:
        TypeError: If `model` is not sequential or functional.
        ValueError: If `model` has no `RePUBank`.

    Example:

    >>> import keras
    >>> from keras_addmul.barron import to_table
    >>> from keras_addmul.layers import RePUBank
    >>> model = keras.Sequential([keras.Input((2,)), RePUBank(units=8, low=-2.0, high=2.0)])
    >>> [type(layer).__name__ for layer in to_table(model).layers]
    ['PiecewisePolynomial']
    """
    require_graph(model)
    banks = [layer for layer in layers_of(model) if type(layer) is RePUBank]
    if not banks:
        raise ValueError(
            "Argument `model` must have a RePUBank, as `convert_activation` makes it. Received "
            f"layers: {sorted({type(layer).__name__ for layer in layers_of(model)})}"
        )
    tables = {id(layer): _pieces(layer) for layer in banks}
    new = rebuild(model, lambda layer: _table(layer, tables))
    layers = {layer.name: layer for layer in layers_of(new)}
    for bank in banks:
        table = layers[bank.name]
        for name, values in tables[id(bank)].items():
            getattr(table, name).assign(values)
        table.trainable = False
    return new


def _pieces(layer):
    """Returns the weights of a bank's table, by name."""
    banks = members_of(bank_of(layer))
    bends = [_bends(bank) for bank in banks]
    most = max(len(at) for at in bends)
    # Half precision represents consecutive integers only up to this number.
    countable = {"bfloat16": 256, "float16": 2048}.get(layer.variable_dtype, math.inf)
    cells = _cells(banks[0], bends) if most < countable else None
    rows = []
    for bank, at in zip(banks, bends, strict=True):
        low, high = bank.low, bank.high
        if bank.outside == "extrapolate" and len(at):  # the first and last piece go on
            low, high = min(low, at[0] - 1.0), max(high, at[-1] + 1.0)
        breaks = np.append(at, [high] * (most - len(at)))  # the same number for each bank
        edges = np.concatenate([[low], breaks, [high]])
        centers = (edges[:-1] + edges[1:]) / 2
        taylor = [bank.derivative(centers, k) / math.factorial(k) for k in range(bank.degree + 1)]
        row = {"breaks": breaks, "centers": centers, "coefficients": np.stack(taylor, axis=-1)}
        if cells:
            where, first = _cell_of(bank, at, cells), np.arange(cells)
            row["cell_breaks"] = np.full(cells, np.inf)
            row["cell_breaks"][where] = at
            before = np.searchsorted(where, first)
            row["cell_pieces"] = np.stack([before, before + np.isin(first, where)], axis=-1).ravel()
        rows.append(row)
    if layer.shared:
        return rows[0]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _bends(bank):
    """Returns the knots where the highest derivative jumps and clipping does not hide it."""
    knots, which = np.unique(bank.knots, return_inverse=True)
    right = np.where(bank.side > 0, bank.coefficients, 0.0)
    left = (-1.0) ** bank.degree * (bank.coefficients - right)
    jumps = [np.bincount(which, one, len(knots)) for one in (right, left)]
    kept = jumps[0] != jumps[1]
    if bank.outside == "clip":
        kept &= (knots > bank.low) & (knots < bank.high)
    return knots[kept]


def _cells(bank, bends):
    """Returns how many equal cells leave at most one bend in each, or None."""
    for cells in 2 ** np.arange(4, 14):
        places = [_cell_of(bank, at, cells) for at in bends]
        if all(len(np.unique(where)) == len(where) for where in places):
            inside = all(np.all((at > bank.low) & (at < bank.high)) for at in bends)
            return int(cells) if inside else None
    return None


def _cell_of(bank, at, cells):
    where = np.floor((at - bank.low) / (bank.high - bank.low) * cells)
    return np.clip(where, 0, cells - 1).astype(int)


def _table(layer, tables):
    if id(layer) not in tables:
        return None
    weights = tables[id(layer)]
    cells = weights["cell_breaks"].shape[-1] if "cell_breaks" in weights else None
    return [
        PiecewisePolynomial(
            pieces=weights["centers"].shape[-1],
            degree=layer.s,
            low=layer.low,
            high=layer.high,
            outside=layer.outside,
            shared=layer.shared,
            cells=cells,
            dtype=layer.dtype_policy,
            name=layer.name,
        )
    ]
