"""A periodic activation that learns its frequency."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_addmul import activations
from keras_addmul.annotations import Identifier, Tensor
from keras_addmul.layers.parametric import Parameter, ParametricActivation

__all__ = ["Snake"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class Snake(ParametricActivation):
    """Snake, `x + sin(alpha * x)**2 / alpha`, with a learned frequency for each feature.

    It stays periodic outside the training data, as periodic targets require. Start `alpha`
    near pi over the period of the target, in units of the input.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: For `alpha`,
            half the angular frequency of the wave. At 0 the layer is the identity.
        shared_axes: `"default"` gives each feature one set of parameters. Otherwise as in
            `keras.layers.PReLU`: a list of the axes that share parameters, such as
            [1, 2] for images, or None for separate parameters everywhere.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if an axis with its own parameters has
            unknown size.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `alpha` of shape `(features,)`, or as set by `shared_axes`.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import Snake
    >>> Snake()(np.array([[0.0, np.pi, 2.0]], "float32")).numpy().round(4)
    array([[0.    , 3.1416, 2.8268]], dtype=float32)

    References:
        - [Ziyin, Hartwig & Ueda, 2020](https://arxiv.org/abs/2006.08195)
    """

    def __init__(
        self,
        alpha_initializer: Identifier = "ones",
        alpha_regularizer: Identifier = None,
        alpha_constraint: Identifier = None,
        shared_axes: str | int | Sequence[int] | None = "default",
        **kwargs: Any,
    ) -> None:
        parameters = {
            "alpha": Parameter(alpha_initializer, alpha_regularizer, alpha_constraint),
        }
        super().__init__(parameters, shared_axes, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.snake(self.check(inputs), self.alpha)
