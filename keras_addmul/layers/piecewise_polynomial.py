"""A learned function for each feature, as a table of polynomials."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import (
    check_interval,
    check_name,
    check_positive_integer,
    known_features,
)
from keras_addmul.layers.initializers import Repeated

__all__ = ["PiecewisePolynomial"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class PiecewisePolynomial(BaseLayer):
    """Applies a learned piecewise polynomial to each feature.

    On the piece that contains `x`, `y = sum_k coefficients[piece, k] * (x - center)^k`. This
    costs a look-up and `degree` multiplications, regardless of the number of pieces. A new
    layer is the identity. `barron.to_table` fills it with the function of a `RePUBank`.

    The layer finds the piece by a search among the breaks. With `cells` it computes the
    piece instead: it divides the interval into equal cells, each with at most one break.

    Args:
        pieces: Number of pieces.
        degree: Degree of the polynomials, at least 1.
        low: Where the first piece begins.
        high: Where the last piece ends.
        outside: `"clip"` makes the function constant outside the pieces; `"extrapolate"`
            continues the first and the last piece.
        shared: Whether all features share one function.
        cells: Number of equal cells for the look-up, or None for the search. The pieces of
            a new layer begin where cells begin.
        coefficients_regularizer: Regularizer for the coefficients, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `breaks` of shape `(pieces - 1,)` and `centers` of shape `(pieces,)`, not trainable, and
        `coefficients` of shape `(pieces, degree + 1)`. Unless `shared`, each has the features
        as an additional first axis. Training does not keep the function continuous. With
        `cells` there are also `cell_breaks` of shape `(cells,)`, infinite for a cell without
        a break, and `cell_pieces` of shape `(2 cells,)`, the pieces to its left and right;
        neither is trainable. In half precision the layer computes in single precision.

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
        pieces: int = 16,
        degree: int = 2,
        low: float = -1.0,
        high: float = 1.0,
        outside: str = "clip",
        shared: bool = True,
        cells: int | None = None,
        coefficients_regularizer: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pieces: int = check_positive_integer("pieces", pieces)
        self.degree: int = check_positive_integer("degree", degree)
        self.low, self.high = check_interval(low, high)
        self.outside: str = check_name("outside", outside, ("clip", "extrapolate"))
        self.shared: bool = bool(shared)
        self.cells: int | None = check_positive_integer("cells", cells, optional=True)
        edges = np.linspace(self.low, self.high, self.pieces + 1)
        centers = (edges[:-1] + edges[1:]) / 2
        identity = np.zeros((self.pieces, self.degree + 1))
        identity[:, 0], identity[:, 1] = centers, 1.0
        self.describe("breaks", Repeated(edges[1:-1]), arguments=())
        self.describe("centers", Repeated(centers), arguments=())
        self.describe(
            "coefficients",
            Repeated(identity),
            coefficients_regularizer,
            arguments=("regularizer",),
        )
        if self.cells:
            # Breaks lie where cells begin, so that no cell of a new layer has one inside.
            numbers = np.repeat(np.arange(self.cells) * self.pieces // self.cells, 2)
            self.describe("cell_breaks", Repeated(np.full(self.cells, np.inf)), arguments=())
            self.describe("cell_pieces", Repeated(numbers), arguments=())

    def build(self, input_shape: Shape) -> None:
        features = known_features(self, input_shape)
        front = () if self.shared else (features,)
        fixed: dict[str, Any] = {"autocast": False, "trainable": False}
        self.breaks = self.create("breaks", (*front, self.pieces - 1), **fixed)
        self.centers = self.create("centers", (*front, self.pieces), **fixed)
        table = (*front, self.pieces, self.degree + 1)
        self.coefficients = self.create("coefficients", table, autocast=False)
        if self.cells:
            self.cell_breaks = self.create("cell_breaks", (*front, self.cells), **fixed)
            # Half precision does not hold every integer above 256; on a GPU, TensorFlow keeps
            # variables of 32-bit integers apart.
            self.cell_pieces = self.create(
                "cell_pieces", (*front, 2 * self.cells), dtype="int64", **fixed
            )
        axes = {} if self.shared else {-1: features}
        self.input_spec: Any = keras.layers.InputSpec(min_ndim=2, axes=axes)

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        inner = "float64" if self.compute_dtype == "float64" else "float32"
        x = ops.cast(inputs, inner)
        bound = special.output_bound(self.compute_dtype)
        reach = bound ** (1.0 / (self.degree + 1))  # so that none of its powers overflows
        clip = self.outside == "clip"
        x = ops.clip(x, self.low if clip else -reach, self.high if clip else reach)
        centers, table = ops.cast(self.centers, inner), ops.cast(self.coefficients, inner)
        look_up = self._by_cells(x, self.cells) if self.cells else self._by_search(x)
        u = x - look_up(centers)
        y = look_up(table[..., self.degree])
        for k in reversed(range(self.degree)):
            y = y * u + look_up(table[..., k])
        return ops.cast(ops.clip(y, -bound, bound), self.compute_dtype)

    def _by_search(self, x: Tensor) -> Callable[[Tensor], Tensor]:
        """Returns a function that looks up a value per piece for each element of `x`.

        A binary search, made of operations that every runtime has.
        """
        # Pads the breaks of each feature with infinity to a power of two.
        row = 1 << (self.pieces - 1).bit_length()
        breaks = ops.cast(self.breaks, x.dtype)
        filler = [(0, 0)] * (len(breaks.shape) - 1) + [(0, row - self.pieces + 1)]
        breaks = ops.reshape(ops.pad(breaks, filler, constant_values=math.inf), (-1,))
        feature = 0 if self.shared else ops.arange(x.shape[-1], dtype="int32")
        piece = ops.zeros_like(x, dtype="int32")  # number of breaks at or left of `x`
        step = row // 2
        while step:
            right = x >= ops.take(breaks, row * feature + piece + (step - 1))
            piece = piece + step * ops.cast(right, "int32")
            step //= 2
        piece = piece + self.pieces * feature
        return lambda values: ops.take(ops.reshape(values, (-1,)), piece)

    def _by_cells(self, x: Tensor, cells: int) -> Callable[[Tensor], Tensor]:
        """`_by_search` without a search: by the cell of an element and its side of the break."""
        scale = cells / (self.high - self.low)
        cell = ops.cast(ops.clip((x - self.low) * scale, 0.0, cells - 1.0), "int32")
        cell = ops.maximum(cell, 0)  # a nan casts to any integer
        breaks = ops.reshape(ops.cast(self.cell_breaks, x.dtype), (-1,))
        pieces = ops.cast(self.cell_pieces, "int32")
        if not self.shared:
            feature = ops.arange(x.shape[-1], dtype="int32")
            cell = cell + cells * feature
            pieces = pieces + self.pieces * feature[:, None]
        half = 2 * cell + ops.cast(x >= ops.take(breaks, cell), "int32")
        pieces = ops.reshape(pieces, (-1,))
        # First gathers the values of the few cells in a row, then one for each element.
        return lambda values: ops.take(ops.take(ops.reshape(values, (-1,)), pieces), half)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "pieces": self.pieces,
            "degree": self.degree,
            "low": self.low,
            "high": self.high,
            "outside": self.outside,
            "shared": self.shared,
            "cells": self.cells,
        }
