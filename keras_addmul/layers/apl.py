"""A layer that learns an activation in straight pieces."""

import keras

from keras_addmul import activations
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
        slopes_initializer, slopes_regularizer, slopes_constraint: Of `slopes`,
            started uniform in [-0.2, 0.2], as the authors do.
        hinges_initializer, hinges_regularizer, hinges_constraint: Of `hinges`,
            where it bends; started normal, with a standard deviation of 1/2.
        shared_axes: `"default"` for one set of parameters a feature; otherwise as in
            `keras.layers.PReLU`: a list of the axes that share, such as [1, 2] for
            images, or None for parameters of their own at every place.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

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
        pieces=2,
        slopes_initializer="default",
        slopes_regularizer=None,
        slopes_constraint=None,
        hinges_initializer="default",
        hinges_regularizer=None,
        hinges_constraint=None,
        shared_axes="default",
        **kwargs,
    ):
        pieces = check_positive_integer("pieces", pieces)
        if isinstance(slopes_initializer, str) and slopes_initializer == "default":
            slopes_initializer = keras.initializers.RandomUniform(-0.2, 0.2)
        if isinstance(hinges_initializer, str) and hinges_initializer == "default":
            hinges_initializer = keras.initializers.RandomNormal(stddev=0.5)
        parameters = {
            "slopes": Parameter(slopes_initializer, slopes_regularizer, slopes_constraint, pieces),
            "hinges": Parameter(hinges_initializer, hinges_regularizer, hinges_constraint, pieces),
        }
        super().__init__(parameters, shared_axes, **kwargs)
        self.pieces = pieces

    def call(self, inputs):
        return activations.apl(self.checked(inputs), self.slopes, self.hinges)

    def get_config(self):
        return {**super().get_config(), "pieces": self.pieces}
