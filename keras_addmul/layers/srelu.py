"""A layer that learns an activation with three linear pieces."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_addmul import activations
from keras_addmul.annotations import Identifier, Tensor
from keras_addmul.layers.parametric import Parameter, ParametricActivation

__all__ = ["SReLU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class SReLU(ParametricActivation):
    """S-shaped rectifier that learns two thresholds and the slopes beyond them.

    `y = x` between the thresholds, `t_left + a_left * (x - t_left)` to the left and
    `t_right + a_right * (x - t_right)` to the right. A new layer is a leaky ReLU with
    slope 0.2; its second threshold, at 1, has no effect yet.

    Args:
        t_left_initializer, t_left_regularizer, t_left_constraint: For `t_left`,
            the left threshold.
        a_left_initializer, a_left_regularizer, a_left_constraint: For `a_left`,
            the slope to the left; 0.2 by default.
        t_right_initializer, t_right_regularizer, t_right_constraint: For `t_right`,
            the right threshold.
        a_right_initializer, a_right_regularizer, a_right_constraint: For `a_right`,
            the slope to the right.
        shared_axes: `"default"` gives each feature one set of parameters. Otherwise as in
            `keras.layers.PReLU`: a list of the axes that share parameters, such as
            [1, 2] for images, or None for separate parameters everywhere.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if an axis with its own parameters has
            unknown size.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `t_left`, `a_left`, `t_right` and `a_right`, each of shape `(features,)`, or as
        `shared_axes` says.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import SReLU
    >>> SReLU(a_right_initializer="zeros")(np.array([[-2.0, 0.5, 3.0]], "float32")).numpy()
    array([[-0.4,  0.5,  1. ]], dtype=float32)

    References:
        - [Jin et al., 2016](https://arxiv.org/abs/1512.07030)
    """

    def __init__(
        self,
        t_left_initializer: Identifier = "zeros",
        t_left_regularizer: Identifier = None,
        t_left_constraint: Identifier = None,
        a_left_initializer: Identifier = "default",
        a_left_regularizer: Identifier = None,
        a_left_constraint: Identifier = None,
        t_right_initializer: Identifier = "ones",
        t_right_regularizer: Identifier = None,
        t_right_constraint: Identifier = None,
        a_right_initializer: Identifier = "ones",
        a_right_regularizer: Identifier = None,
        a_right_constraint: Identifier = None,
        shared_axes: str | int | Sequence[int] | None = "default",
        **kwargs: Any,
    ) -> None:
        parameters = {
            "t_left": Parameter(t_left_initializer, t_left_regularizer, t_left_constraint),
            "a_left": Parameter(
                a_left_initializer,
                a_left_regularizer,
                a_left_constraint,
                default_initializer=keras.initializers.Constant(0.2),
            ),
            "t_right": Parameter(t_right_initializer, t_right_regularizer, t_right_constraint),
            "a_right": Parameter(a_right_initializer, a_right_regularizer, a_right_constraint),
        }
        super().__init__(parameters, shared_axes, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        return activations.srelu(
            self.check(inputs), self.t_left, self.a_left, self.t_right, self.a_right
        )
