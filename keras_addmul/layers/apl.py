"""A layer that learns an activation in straight pieces."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_addmul import activations
from keras_addmul.annotations import Config, Identifier, Tensor
from keras_addmul.layers.checks import check_positive_integer
from keras_addmul.layers.parametric import Parameter, ParametricActivation

__all__ = ["APL"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class APL(ParametricActivation):
    """A rectifier with hinges: learns where it bends, and by how much, for each feature.

    `y = max(0, x) + sum_s slopes[s] * max(0, hinges[s] - x)`. Any continuous function
    in straight pieces that ends as `x` on the right, given the pieces.

    Args:
        pieces: Positive integer, how many hinges there are.
        slopes_initializer, slopes_regularizer, slopes_constraint: For `slopes`,
            which start uniform in [-0.2, 0.2], as in the paper.
        hinges_initializer, hinges_regularizer, hinges_constraint: For `hinges`,
            the places where it bends; they start normal with a standard deviation of 1/2.
        shared_axes: `"default"` gives each feature one set of parameters. Otherwise as in
            `keras.layers.PReLU`: a list of the axes that share parameters, such as
            [1, 2] for images, or None for separate parameters everywhere.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is not one of those above, or if an axis of the input that
            has parameters of its own has no known size.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `slopes` and `hinges`, of shape `(pieces, features)`, or `pieces` times what
        `shared_axes` says.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import APL
    >>> layer = APL(1, slopes_initializer=keras.initializers.Constant(-0.5))
    >>> layer.build((None, 2))
    >>> _ = layer.hinges.assign(np.ones((1, 2)))
    >>> layer(np.array([[-1.0, 0.5]], "float32")).numpy()
    array([[-1.  ,  0.25]], dtype=float32)

    References:
        - [Agostinelli et al., 2015](https://arxiv.org/abs/1412.6830)
    """

    def __init__(
        self,
        pieces: int = 2,
        slopes_initializer: Identifier = "default",
        slopes_regularizer: Identifier = None,
        slopes_constraint: Identifier = None,
        hinges_initializer: Identifier = "default",
        hinges_regularizer: Identifier = None,
        hinges_constraint: Identifier = None,
        shared_axes: str | int | Sequence[int] | None = "default",
        **kwargs: Any,
    ) -> None:
        pieces = check_positive_integer("pieces", pieces)
        parameters = {
            "slopes": Parameter(
                slopes_initializer,
                slopes_regularizer,
                slopes_constraint,
                pieces,
                default_initializer=keras.initializers.RandomUniform(-0.2, 0.2),
            ),
            "hinges": Parameter(
                hinges_initializer,
                hinges_regularizer,
                hinges_constraint,
                pieces,
                default_initializer=keras.initializers.RandomNormal(stddev=0.5),
            ),
        }
        super().__init__(parameters, shared_axes, **kwargs)
        self.pieces: int = pieces

    def call(self, inputs: Tensor) -> Tensor:
        return activations.apl(self.check(inputs), self.slopes, self.hinges)

    def get_config(self) -> Config:
        return {**super().get_config(), "pieces": self.pieces}
