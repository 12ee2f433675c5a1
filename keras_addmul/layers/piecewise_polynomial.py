"""One function of one number for each neuron, as a table of polynomials."""

import keras
import numpy as np
from keras import ops

from keras_addmul import special
from keras_addmul.layers.checks import (
    check_float_input,
    check_interval,
    check_name,
    check_positive_integer,
    known_features,
)

__all__ = ["PiecewisePolynomial"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class PiecewisePolynomial(keras.layers.Layer):
    """Applies to each feature a function that is a polynomial on each of several pieces.

    On the piece that holds `x`, `y = sum_k coefficients[piece, k] * (x - center)^k`: a
    look-up and `degree` multiplications, however many pieces there are. A new layer is
    the identity. `barron.to_table` fills it with the function of a `RePUBank`.

    The piece is found by a search among the breaks or, with `cells`, by arithmetic: the
    interval is cut into equal cells of which none holds more than one break.

    Args:
        pieces: How many pieces.
        degree: Of the polynomials, at least 1.
        low: Where the first piece begins.
        high: Where the last one ends.
        outside: `"clip"`, so that the function is constant outside of the pieces, or
            `"extrapolate"`, so that the first and the last piece go on.
        shared: Whether all features share one function.
        cells: None, or how many equal cells the pieces are looked up by. The pieces of a new
            layer begin where cells do.
        coefficients_regularizer: Penalty on the coefficients, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Weights:
        `breaks` of shape `(pieces - 1,)` and `centers` of shape `(pieces,)`, not
        trainable, and `coefficients` of shape `(pieces, degree + 1)`; with one axis more
        in front, of the features, where these do not share one function. In training the
        pieces need not stay joined. With `cells` there are `cell_breaks` of shape
        `(cells,)`, infinite for a cell without a break, and `cell_pieces` of shape
        `(2 cells,)`, the pieces left and right of it, neither of them trainable. Half
        precision is computed in single.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import PiecewisePolynomial
    >>> table = PiecewisePolynomial(pieces=4, degree=2, low=-2.0, high=2.0)
    >>> table(np.array([[-1.0, 0.5, 3.0]])).numpy()
    array([[-1. ,  0.5,  2. ]], dtype=float32)
    """

    def __init__(
        self,
        pieces=16,
        degree=2,
        low=-1.0,
        high=1.0,
        outside="clip",
        shared=True,
        cells=None,
        coefficients_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.pieces = check_positive_integer("pieces", pieces)
        self.degree = check_positive_integer("degree", degree)
        self.low, self.high = check_interval(low, high)
        self.outside = check_name("outside", outside, ("clip", "extrapolate"))
        self.shared = bool(shared)
        self.cells = check_positive_integer("cells", cells, optional=True)
        self.coefficients_regularizer = keras.regularizers.get(coefficients_regularizer)
        self.supports_masking = True

    def build(self, input_shape):
        features = known_features(self, input_shape)
        edges = np.linspace(self.low, self.high, self.pieces + 1)
        centers = (edges[:-1] + edges[1:]) / 2
        identity = np.zeros((self.pieces, self.degree + 1))
        identity[:, 0], identity[:, 1] = centers, 1.0
        front = () if self.shared else (features,)
        self.breaks = self._add("breaks", edges[1:-1], (*front, self.pieces - 1), trainable=False)
        self.centers = self._add("centers", centers, (*front, self.pieces), trainable=False)
        self.coefficients = self._add(
            "coefficients",
            identity,
            (*front, *identity.shape),
            regularizer=self.coefficients_regularizer,
        )
        if self.cells:
            # A break is where a cell begins: what is left of it is the cell before.
            pieces = np.repeat(np.arange(self.cells) * self.pieces // self.cells, 2)
            self.cell_breaks = self._add(
                "cell_breaks", np.full(self.cells, np.inf), (*front, self.cells), trainable=False
            )
            self.cell_pieces = self._add(
                "cell_pieces", pieces, (*front, 2 * self.cells), trainable=False
            )
        axes = {} if self.shared else {-1: features}
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes=axes)

    def _add(self, name, values, shape, **kwargs):
        def initializer(shape, dtype=None):
            return ops.cast(ops.broadcast_to(ops.convert_to_tensor(values), shape), dtype)

        return self.add_weight(
            name=name, shape=shape, initializer=initializer, autocast=False, **kwargs
        )

    def call(self, inputs):
        check_float_input(self, inputs)
        inner = "float64" if self.compute_dtype == "float64" else "float32"
        x = ops.cast(inputs, inner)
        bound = special.output_bound(self.compute_dtype)
        reach = bound ** (1.0 / (self.degree + 1))  # so that no power of it overflows
        clip = self.outside == "clip"
        x = ops.clip(x, self.low if clip else -reach, self.high if clip else reach)
        centers, table = ops.cast(self.centers, inner), ops.cast(self.coefficients, inner)
        look_up = self._by_cells(x) if self.cells else self._by_search(x)
        u = x - look_up(centers)
        y = look_up(table[..., self.degree])
        for k in reversed(range(self.degree)):
            y = y * u + look_up(table[..., k])
        return ops.cast(ops.clip(y, -bound, bound), self.compute_dtype)

    def _by_search(self, x):
        """Returns what finds, of numbers for the pieces, those for the elements of `x`."""
        breaks = ops.cast(self.breaks, x.dtype)
        if self.shared:
            piece = ops.searchsorted(breaks, ops.reshape(x, (-1,)), side="right")
            piece = ops.reshape(piece, ops.shape(x))
        else:
            piece = ops.sum(ops.cast(x[..., None] >= breaks, "int32"), axis=-1)
            piece = piece + self.pieces * ops.arange(x.shape[-1], dtype="int32")
        return lambda values: ops.take(ops.reshape(values, (-1,)), piece)

    def _by_cells(self, x):
        """The same by the cell in which an element lies, and on which side of its break."""
        scale = self.cells / (self.high - self.low)
        cell = ops.cast(ops.clip((x - self.low) * scale, 0.0, self.cells - 1.0), "int32")
        cell = ops.maximum(cell, 0)  # what a nan becomes is anything
        breaks = ops.reshape(ops.cast(self.cell_breaks, x.dtype), (-1,))
        pieces = ops.cast(self.cell_pieces, "int32")
        if not self.shared:
            feature = ops.arange(x.shape[-1], dtype="int32")
            cell = cell + self.cells * feature
            pieces = pieces + self.pieces * feature[:, None]
        half = 2 * cell + ops.cast(x >= ops.take(breaks, cell), "int32")
        pieces = ops.reshape(pieces, (-1,))
        # The numbers of a few cells first, in a row; then one of them for each element.
        return lambda values: ops.take(ops.take(ops.reshape(values, (-1,)), pieces), half)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "pieces": self.pieces,
            "degree": self.degree,
            "low": self.low,
            "high": self.high,
            "outside": self.outside,
            "shared": self.shared,
            "cells": self.cells,
            "coefficients_regularizer": keras.regularizers.serialize(self.coefficients_regularizer),
        }
