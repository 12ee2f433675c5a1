"""A layer that learns the limits of an inverse square root unit."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_addmul import activations
from keras_addmul.annotations import Identifier, Tensor
from keras_addmul.layers.constraints import AtLeast
from keras_addmul.layers.parametric import Parameter, ParametricActivation

__all__ = ["ISRU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class ISRU(ParametricActivation):
    """Inverse square root unit that learns its limits for each feature.

    `y = x / sqrt(1 + alpha * x**2)` has the shape of tanh at the cost of one square root.
    Its limits are -1/sqrt(alpha) and 1/sqrt(alpha).

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: For `alpha`,
            kept at 0.001 or above.
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
    >>> from keras_addmul.layers import ISRU
    >>> layer = ISRU(alpha_initializer=keras.initializers.Constant(0.25))
    >>> layer(np.array([[1.5, 1e10]], "float32")).numpy().round(4)
    array([[1.2, 2. ]], dtype=float32)

    References:
        - [Carlile et al., 2017](https://arxiv.org/abs/1710.09967)
    """

    def __init__(
        self,
        alpha_initializer: Identifier = "ones",
        alpha_regularizer: Identifier = None,
        alpha_constraint: Identifier = "default",
        shared_axes: str | int | Sequence[int] | None = "default",
        **kwargs: Any,
    ) -> None:
        parameters = {
            "alpha": Parameter(
                alpha_initializer,
                alpha_regularizer,
                alpha_constraint,
                default_constraint=AtLeast(0.001),
            ),
        }
        super().__init__(parameters, shared_axes, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.isru(self.check(inputs), self.alpha)
