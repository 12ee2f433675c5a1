"""A learned function for each feature, as a sum of rectified power units."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul import special
from keras_addmul.activations.rectified_power import repu
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import (
    check_interval,
    check_name,
    check_positive_integer,
    known_features,
)
from keras_addmul.layers.initializers import Repeated

__all__ = ["RePUBank"]

# XLA stores every term of a sum of more terms than this, so longer sums are split.
_MOST_AT_ONCE, _PART = 30, 16


@keras.saving.register_keras_serializable(package="keras_addmul")
class RePUBank(BaseLayer):
    """Applies a learned spline, a sum of rectified power units, to each feature.

    `y = bias + sum_j coefficients[j] * max(0, x - knots[j])^s` is a spline of degree `s` on
    `[low, high]`. A new bank is the identity there, up to rounding.
    `barron.convert_activation` fills it with an approximation of `tanh`, `sigmoid` and others.

    Args:
        units: Number of units, at least `s`. The first `s` start at and below `low`, where
            they represent any polynomial of degree `s`; the others spread over the interval.
        s: The order of the units, a positive integer.
        low: Where the interval begins.
        high: Where it ends.
        outside: `"clip"` makes the function constant outside the interval;
            `"extrapolate"` continues the units.
        left: Number of units, counted from the last, that open to the left:
            `max(0, knots[j] - x)^s`.
        shared: Whether all features share one function.
        coefficients_regularizer: Regularizer for the coefficients, or None.
        coefficients_constraint: Constraint on the coefficients, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `knots`, not trainable, and `coefficients`, both of shape `(features, units)`, and `bias`
        of shape `(features,)`; if shared, `(units,)` and `()`. In half precision the layer
        computes in single precision.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import RePUBank
    >>> bank = RePUBank(units=8, s=2, low=-2.0, high=2.0)
    >>> bank(np.array([[-1.0, 0.5, 3.0]])).numpy().round(5)
    array([[-1. ,  0.5,  2. ]], dtype=float32)

    References:
        - [Heeringa et al., 2023](https://arxiv.org/abs/2305.15839)
    """

    def __init__(
        self,
        units: int = 16,
        s: int = 2,
        low: float = -1.0,
        high: float = 1.0,
        outside: str = "clip",
        left: int = 0,
        shared: bool = True,
        coefficients_regularizer: Identifier = None,
        coefficients_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units: int = check_positive_integer("units", units)
        self.s: int = check_positive_integer("s", s)
        self.low, self.high = check_interval(low, high)
        self.outside: str = check_name("outside", outside, ("clip", "extrapolate"))
        self.left: int = check_positive_integer("left", left) if left else 0
        if self.units - self.left < self.s:
            raise ValueError(
                f"Argument `units` must leave at least s = {self.s} units that open to the "
                f"right. Received: units={units!r}, left={left!r}"
            )
        self.shared: bool = bool(shared)
        starts = _identity(self.units, self.s, self.low, self.high, self.left)
        knots, coefficients, bias = map(Repeated, starts)
        self.describe("knots", knots, arguments=())
        self.describe(
            "coefficients",
            coefficients,
            coefficients_regularizer,
            coefficients_constraint,
            arguments=("regularizer", "constraint"),
        )
        self.describe("bias", bias, arguments=())

    def build(self, input_shape: Shape) -> None:
        features = known_features(self, input_shape)
        front = () if self.shared else (features,)
        each = (*front, self.units)
        self.knots = self.create("knots", each, autocast=False, trainable=False)
        self.coefficients = self.create("coefficients", each, autocast=False)
        self.bias = self.create("bias", front, autocast=False)
        axes = {} if self.shared else {-1: features}
        self.input_spec: Any = keras.layers.InputSpec(min_ndim=2, axes=axes)

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        inner = "float64" if self.compute_dtype == "float64" else "float32"
        x = ops.cast(inputs, inner)
        if self.outside == "clip":
            x = ops.clip(x, self.low, self.high)
        side = np.ones(self.units, inner)
        side[self.units - self.left :] = -1.0
        knots, coefficients, bias = (
            ops.cast(w, inner) for w in (self.knots, self.coefficients, self.bias)
        )
        bound = special.output_bound(self.compute_dtype)
        # Bounds each unit so that the sum and its gradient stay finite. On the interval
        # itself this changes no unit, not even in half precision.
        widest = min(2.0 * (self.high - self.low), special.output_bound(inner) ** (1.0 / self.s))
        limit = max(bound / self.units, widest**self.s)
        y = bias
        step = self.units if self.units <= _MOST_AT_ONCE else _PART
        for start in range(0, self.units, step):
            some = slice(start, start + step)
            z = repu((x[..., None] - knots[..., some]) * side[some], self.s, limit=limit)
            y = y + ops.sum(coefficients[..., some] * z, axis=-1)
        return ops.cast(ops.clip(y, -bound, bound), self.compute_dtype)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "units": self.units,
            "s": self.s,
            "low": self.low,
            "high": self.high,
            "outside": self.outside,
            "left": self.left,
            "shared": self.shared,
        }


def _identity(
    units: int, s: int, low: float, high: float, left: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Knots, coefficients and bias of the identity on [low, high].

    `x - low` is a combination of the `s` units whose knots are low, low - d, ...:
    the weights a_j solve `sum_j a_j (j d)^(s - k) = [k = 1] / C(s, k)`, k = 1..s.
    """
    distance = (high - low) / s
    steps = np.arange(s)
    inside = np.linspace(low, high, units - left - s + 2)[1:-1]
    knots = np.concatenate([low - distance * steps, inside, np.linspace(low, high, left)])
    powers = np.vander(steps.astype(float), s, increasing=True).T[::-1]  # (j)^(s - k), k = 1..s
    wanted = np.zeros(s)
    wanted[0] = 1.0 / s
    a = np.linalg.solve(powers, wanted) * distance ** (1 - s)
    bias = low - np.sum(a * (distance * steps) ** s)
    return knots, np.concatenate([a, np.zeros(units - s)]), bias
