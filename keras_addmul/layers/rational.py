"""A layer that learns a rational function."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_addmul import activations
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.checks import check_name
from keras_addmul.layers.parametric import Parameter, ParametricActivation

__all__ = ["Rational", "RationalStart"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class RationalStart(keras.initializers.Initializer):
    """Initializes a rational function with the best fit to an activation.

    Args:
        start: A key of `activations.RATIONAL_STARTS`.
        part: `"numerator"` or `"denominator"`.

    Raises:
        ValueError: If `start` or `part` is unknown.

    Example:

    >>> from keras_addmul.layers.rational import RationalStart
    >>> RationalStart("leaky_relu", "denominator")((4, 1)).numpy()[:, 0].round(3)
    array([0.   , 8.556, 0.   , 0.834], dtype=float32)
    """

    def __init__(self, start: str, part: str) -> None:
        self.start = check_name("start", start, activations.RATIONAL_STARTS)
        self.part = check_name("part", part, ("numerator", "denominator"))

    def __call__(self, shape: Shape, dtype: str | None = None) -> Tensor:
        numerator, denominator = activations.RATIONAL_STARTS[self.start]
        values = ops.convert_to_tensor(
            numerator if self.part == "numerator" else denominator,
            dtype=dtype or keras.config.floatx(),
        )
        values = ops.reshape(values, (-1,) + (1,) * (len(shape) - 1))
        return ops.broadcast_to(values, shape)

    def get_config(self) -> Config:
        return {"start": self.start, "part": self.part}


@keras.saving.register_keras_serializable(package="keras_addmul")
class Rational(ParametricActivation):
    """Learns a rational function without poles, `P(x) / (1 + abs(Q(x)))`, for each feature.

    `P(x) = sum_i numerator[i] * x**i` of degree 5, and
    `Q(x) = sum_i denominator[i] * x**(i + 1)` of degree 4, so that y tends to a
    line far out. The starting functions are fitted on [-3, 3]: bring the inputs there first,
    for instance by a normalization.

    Args:
        start: Function of a new layer: `"leaky_relu"` (slope 0.01, within 0.014), `"silu"` or
            `"tanh"` (within 2e-6), all on [-3, 3].
        numerator_initializer, numerator_regularizer, numerator_constraint: For
            `numerator`; the initializer overrides `start`.
        denominator_initializer, denominator_regularizer, denominator_constraint: The
            same for `denominator`.
        shared_axes: `"default"` gives each feature one set of parameters. Otherwise as in
            `keras.layers.PReLU`: a list of the axes that share parameters, such as
            [1, 2] for images, or None for separate parameters everywhere.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if an axis with its own parameters has
            unknown size.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `numerator` of shape `(6, features)` and `denominator` of shape
        `(4, features)`, or 6 and 4 times the shape set by
        `shared_axes`.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import Rational
    >>> Rational("tanh")(np.array([[-1.0, 0.5]], "float32")).numpy().round(4)
    array([[-0.7616,  0.4621]], dtype=float32)

    References:
        - [Molina, Schramowski & Kersting, 2020](https://arxiv.org/abs/1907.06732)
    """

    def __init__(
        self,
        start: str = "leaky_relu",
        numerator_initializer: Identifier = "default",
        numerator_regularizer: Identifier = None,
        numerator_constraint: Identifier = None,
        denominator_initializer: Identifier = "default",
        denominator_regularizer: Identifier = None,
        denominator_constraint: Identifier = None,
        shared_axes: str | int | Sequence[int] | None = "default",
        **kwargs: Any,
    ) -> None:
        parameters = {
            "numerator": Parameter(
                numerator_initializer,
                numerator_regularizer,
                numerator_constraint,
                6,
                default_initializer=RationalStart(start, "numerator"),
            ),
            "denominator": Parameter(
                denominator_initializer,
                denominator_regularizer,
                denominator_constraint,
                4,
                default_initializer=RationalStart(start, "denominator"),
            ),
        }
        super().__init__(parameters, shared_axes, **kwargs)
        self.start: str = start

    def call(self, inputs: Tensor) -> Tensor:
        return activations.rational(self.check(inputs), self.numerator, self.denominator)

    def get_config(self) -> Config:
        return {**super().get_config(), "start": self.start}
