"""A swish that learns the sharpness of its gate."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_addmul import activations
from keras_addmul.annotations import Identifier, Tensor
from keras_addmul.layers.parametric import Parameter, ParametricActivation

__all__ = ["Swish"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class Swish(ParametricActivation):
    """Swish, `x * sigmoid(beta * x)`, with a learned sharpness for each feature.

    It is half the input at beta = 0, `keras.layers.Activation("silu")` at beta = 1, where a
    new layer starts, and tends to ReLU as beta grows.

    Args:
        beta_initializer, beta_regularizer, beta_constraint: For `beta`,
            the sharpness.
        shared_axes: `"default"` gives each feature one set of parameters. Otherwise as in
            `keras.layers.PReLU`: a list of the axes that share parameters, such as
            [1, 2] for images, or None for separate parameters everywhere.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if an axis with its own parameters has
            unknown size.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `beta` of shape `(features,)`, or as set by `shared_axes`.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import Swish
    >>> Swish(beta_initializer="zeros")(np.array([[-2.0, 2.0]], "float32")).numpy()
    array([[-1.,  1.]], dtype=float32)

    References:
        - [Ramachandran, Zoph & Le, 2017](https://arxiv.org/abs/1710.05941)
    """

    def __init__(
        self,
        beta_initializer: Identifier = "ones",
        beta_regularizer: Identifier = None,
        beta_constraint: Identifier = None,
        shared_axes: str | int | Sequence[int] | None = "default",
        **kwargs: Any,
    ) -> None:
        parameters = {
            "beta": Parameter(beta_initializer, beta_regularizer, beta_constraint),
        }
        super().__init__(parameters, shared_axes, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.swish(self.check(inputs), self.beta)
