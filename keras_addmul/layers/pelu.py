"""A layer that learns the slope and the depth of an exponential linear unit."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_addmul import activations
from keras_addmul.annotations import Identifier, Tensor
from keras_addmul.layers.constraints import AtLeast
from keras_addmul.layers.parametric import Parameter, ParametricActivation

__all__ = ["PELU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class PELU(ParametricActivation):
    """Parametric exponential linear unit: learns its depth and decay length per feature.

    `y = a/b * x` above 0 and `a * (exp(x/b) - 1)` below. A new layer is
    `keras.layers.ELU`.

    Args:
        a_initializer, a_regularizer, a_constraint: For `a`;
            the limit on the left is -a. Kept at 0.1 or above, as in the paper.
        b_initializer, b_regularizer, b_constraint: For `b`,
            the length over which the exponential decays. Kept at 0.1 or above.
        shared_axes: `"default"` gives each feature one set of parameters. Otherwise as in
            `keras.layers.PReLU`: a list of the axes that share parameters, such as
            [1, 2] for images, or None for separate parameters everywhere.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if an axis with its own parameters has
            unknown size.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `a` and `b`, each of shape `(features,)`, or as set by `shared_axes`.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import PELU
    >>> layer = PELU(a_initializer=keras.initializers.Constant(2.0))
    >>> layer(np.array([[-100.0, 3.0]], "float32")).numpy()
    array([[-2.,  6.]], dtype=float32)

    References:
        - [Trottier, Giguere & Chaib-draa, 2016](https://arxiv.org/abs/1605.09332)
    """

    def __init__(
        self,
        a_initializer: Identifier = "ones",
        a_regularizer: Identifier = None,
        a_constraint: Identifier = "default",
        b_initializer: Identifier = "ones",
        b_regularizer: Identifier = None,
        b_constraint: Identifier = "default",
        shared_axes: str | int | Sequence[int] | None = "default",
        **kwargs: Any,
    ) -> None:
        parameters = {
            "a": Parameter(
                a_initializer, a_regularizer, a_constraint, default_constraint=AtLeast(0.1)
            ),
            "b": Parameter(
                b_initializer, b_regularizer, b_constraint, default_constraint=AtLeast(0.1)
            ),
        }
        super().__init__(parameters, shared_axes, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.pelu(self.check(inputs), self.a, self.b)
