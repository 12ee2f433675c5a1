"""A layer that learns the limit of an inverse square root linear unit."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_addmul import activations
from keras_addmul.annotations import Identifier, Tensor
from keras_addmul.layers.constraints import AtLeast
from keras_addmul.layers.parametric import Parameter, ParametricActivation

__all__ = ["ISRLU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class ISRLU(ParametricActivation):
    """Inverse square root linear unit that learns its lower limit for each feature.

    `y = x` above 0 and `x / sqrt(1 + alpha * x**2)` below, with the limit -1/sqrt(alpha)
    on the left. It is twice differentiable, smoother than ELU, and needs no exponential.

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
    >>> from keras_addmul.layers import ISRLU
    >>> ISRLU()(np.array([[-0.75, 3.0]], "float32")).numpy()
    array([[-0.6,  3. ]], dtype=float32)

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
        return activations.isrlu(self.check(inputs), self.alpha)
