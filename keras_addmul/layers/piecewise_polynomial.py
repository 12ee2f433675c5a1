"""One function of one number for each neuron, as a table of polynomials."""

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
    """Applies to each feature a function that is a polynomial on each of several pieces.

    On the piece that holds `x`, `y = sum_k coefficients[piece, k] * (x - center)^k`: a
    look-up and `degree` multiplications, however many pieces there are. A new layer is
    the identity. `barron.to_table` fills it with the function of a `RePUBank`.

    The piece is found by a search among the breaks or, with `cells`, by arithmetic: the
    interval is cut into equal cells of which none holds more than one break.

    Args:
        pieces: How many pieces.
        degree: Degree of the polynomials, at least 1.
        low: Where the first piece begins.
        high: Where the last one ends.
        outside: `"clip"`, so that the function is constant outside of the pieces, or
            `"extrapolate"`, so that the first and the last piece go on.
        shared: Whether all features share one function.
        cells: None, or how many equal cells the pieces are looked up by. The pieces of a new
            layer begin where cells do.
        coefficients_regularizer: Penalty on the coefficients, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is not one of those above, or if the last dimension of the
            input is unknown.
        TypeError: If the input is sparse or does not hold floats.

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
            # Breaks lie where cells begin, so that no new cell holds one inside.
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
        reach = bound ** (1.0 / (self.degree + 1))  # so that no power of it overflows
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
        """Returns what finds, of numbers for the pieces, those for the elements of `x`.

        Halves the breaks again and again, in steps that every runtime knows.
        """
        # A power of two for each feature: the breaks, and behind them infinite ones.
        row = 1 << (self.pieces - 1).bit_length()
        breaks = ops.cast(self.breaks, x.dtype)
        filler = [(0, 0)] * (len(breaks.shape) - 1) + [(0, row - self.pieces + 1)]
        breaks = ops.reshape(ops.pad(breaks, filler, constant_values=math.inf), (-1,))
        feature = 0 if self.shared else ops.arange(x.shape[-1], dtype="int32")
        piece = ops.zeros_like(x, dtype="int32")  # how many breaks lie at `x` or left of it
        step = row // 2
        while step:
            right = x >= ops.take(breaks, row * feature + piece + (step - 1))
            piece = piece + step * ops.cast(right, "int32")
            step //= 2
        piece = piece + self.pieces * feature
        return lambda values: ops.take(ops.reshape(values, (-1,)), piece)

    def _by_cells(self, x: Tensor, cells: int) -> Callable[[Tensor], Tensor]:
        """The same by the cell in which an element lies, and on which side of its break."""
        scale = cells / (self.high - self.low)
        cell = ops.cast(ops.clip((x - self.low) * scale, 0.0, cells - 1.0), "int32")
        cell = ops.maximum(cell, 0)  # what a nan becomes is anything
        breaks = ops.reshape(ops.cast(self.cell_breaks, x.dtype), (-1,))
        pieces = ops.cast(self.cell_pieces, "int32")
        if not self.shared:
            feature = ops.arange(x.shape[-1], dtype="int32")
            cell = cell + cells * feature
            pieces = pieces + self.pieces * feature[:, None]
        half = 2 * cell + ops.cast(x >= ops.take(breaks, cell), "int32")
        pieces = ops.reshape(pieces, (-1,))
        # The numbers of a few cells first, in a row; then one of them for each element.
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
