"""A layer that learns a piecewise linear activation."""

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
    """Adaptive piecewise linear unit: learns where it bends and by how much, per feature.

    `y = max(0, x) + sum_s slopes[s] * max(0, hinges[s] - x)`. With enough pieces it
    represents every continuous piecewise linear function that equals `x` on the far right.

    Args:
        pieces: Positive integer, number of hinges.
        slopes_initializer, slopes_regularizer, slopes_constraint: For `slopes`,
            initially uniform in [-0.2, 0.2], as in the paper.
        hinges_initializer, hinges_regularizer, hinges_constraint: For `hinges`,
            where the function bends; initially normal with a standard deviation of 1/2.
        shared_axes: `"default"` gives each feature one set of parameters. Otherwise as in
            `keras.layers.PReLU`: a list of the axes that share parameters, such as
            [1, 2] for images, or None for separate parameters everywhere.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if an axis with its own parameters has
            unknown size.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `slopes` and `hinges`, each of shape `(pieces, features)`, or `pieces` times the shape
        set by `shared_axes`.

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
