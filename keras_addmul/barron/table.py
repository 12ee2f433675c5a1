"""From banks of RePU units to tables of polynomials, which are computed faster."""

import math

import numpy as np

from keras_addmul.barron.bank import bank_of
from keras_addmul.barron.graph import layers_of, rebuild, require_graph
from keras_addmul.layers import PiecewisePolynomial, RePUBank

__all__ = ["to_table"]


def to_table(model):
    """Returns a new model with a `PiecewisePolynomial` in place of each `RePUBank`.

    The function is the same but for rounding. A bank of m units takes the power of m
    numbers, its table looks for one of m + 1 pieces and takes one polynomial: faster from
    some ten units on, but not under XLA, which makes one loop of a bank. The tables are not
    trainable: their pieces would come apart.

    Args:
        model: A sequential or functional model that has at least one `RePUBank`.

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
            f"layers: {[type(layer).__name__ for layer in layers_of(model)]}"
        )
    tables = {id(layer): _pieces(layer) for layer in banks}
    new = rebuild(model, lambda layer: _table(layer, tables))
    layers = {layer.name: layer for layer in layers_of(new)}
    for bank in banks:
        breaks, centers, coefficients = tables[id(bank)]
        table = layers[bank.name]
        for weight, values in zip(
            (table.breaks, table.centers, table.coefficients),
            (breaks, centers, coefficients),
            strict=True,
        ):
            weight.assign(values)
        table.trainable = False
    return new


def _pieces(layer):
    """Breaks between the pieces, their centers, and the Taylor coefficients there."""
    knots = np.unique(np.asarray(layer.knots, float))
    edges = [layer.low, layer.high]
    if layer.outside == "extrapolate":  # the first and last piece reach beyond all knots
        edges = [min(layer.low, knots[0]) - 1.0, max(layer.high, knots[-1]) + 1.0]
    inside = knots[(knots > edges[0]) & (knots < edges[1])]
    edges = np.concatenate([edges[:1], inside, edges[1:]])
    centers = (edges[:-1] + edges[1:]) / 2
    features = [None] if layer.shared else range(layer.coefficients.shape[0])
    coefficients = np.stack(
        [
            np.stack(
                [
                    bank_of(layer, feature).derivative(centers, k) / math.factorial(k)
                    for k in range(layer.s + 1)
                ],
                axis=-1,
            )
            for feature in features
        ]
    )
    return edges[1:-1], centers, coefficients[0] if layer.shared else coefficients


def _table(layer, tables):
    if id(layer) not in tables:
        return None
    breaks, _, _ = tables[id(layer)]
    return [
        PiecewisePolynomial(
            pieces=len(breaks) + 1,
            degree=layer.s,
            low=layer.low,
            high=layer.high,
            outside=layer.outside,
            shared=layer.shared,
            dtype=layer.dtype_policy,
            name=layer.name,
        )
    ]
