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

    On the piece that holds `x`, `y = sum_k coefficients[piece, k] * (x - center)^k`: one
    look-up and `degree` multiplications, however many pieces there are. A new layer is
    the identity. `barron.to_table` fills it with the function of a `RePUBank`.

    Args:
        pieces: How many pieces.
        degree: Of the polynomials, at least 1.
        low: Where the first piece begins.
        high: Where the last one ends.
        outside: `"clip"`, so that the function is constant outside of the pieces, or
            `"extrapolate"`, so that the first and the last piece go on.
        shared: Whether all features share one function.
        coefficients_regularizer: Penalty on the coefficients, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Weights:
        `breaks` of shape `(pieces - 1,)` and `centers` of shape `(pieces,)`, not
        trainable, and `coefficients` of shape `(pieces, degree + 1)`; with one axis more
        in front, of the features, where these do not share one function. In training the
        pieces need not stay joined. Half precision is computed in single.

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
        coefficients_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.pieces = check_positive_integer("pieces", pieces)
        self.degree = check_positive_integer("degree", degree)
        self.low, self.high = check_interval(low, high)
        self.outside = check_name("outside", outside, ("clip", "extrapolate"))
        self.shared = bool(shared)
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
        breaks, centers, table = (
            ops.cast(w, inner) for w in (self.breaks, self.centers, self.coefficients)
        )
        if self.shared:
            piece = ops.searchsorted(breaks, ops.reshape(x, (-1,)), side="right")
            piece = ops.reshape(piece, ops.shape(x))
        else:
            piece = ops.sum(ops.cast(x[..., None] >= breaks, "int32"), axis=-1)
            piece = piece + self.pieces * ops.arange(x.shape[-1], dtype="int32")
        u = x - ops.take(ops.reshape(centers, (-1,)), piece)
        rows = ops.take(ops.reshape(table, (-1, self.degree + 1)), piece, axis=0)
        y = rows[..., self.degree]
        for k in reversed(range(self.degree)):
            y = y * u + rows[..., k]
        return ops.cast(ops.clip(y, -bound, bound), self.compute_dtype)

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
            "coefficients_regularizer": keras.regularizers.serialize(self.coefficients_regularizer),
        }
