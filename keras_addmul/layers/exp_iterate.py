"""A layer that learns how often to apply `exp`."""

from typing import Any

import keras

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import (
    check_number,
    check_solution,
    known_features,
)
from keras_addmul.layers.constraints import Interval

__all__ = ["ExpIterate"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class ExpIterate(BaseLayer):
    """Applies `exp` to each feature a learned, real number of times.

    `y[..., i] = exp_iterate(x[..., i], order[i])`: the identity at order 0,
    `exp` at 1, `log` at -1, and everything between. Negative features follow
    `special.signed_exp_iterate`, so that every output is finite: towards the
    logarithm by their magnitude, towards the exponential along a tangent.

    Args:
        shared: Whether all features share one order.
        solution: `"kneser"`, smooth, or `"linear"`, once differentiable.
        order_initializer: Where the orders start. The default, zeros, makes a
            new layer the identity.
        order_regularizer: Penalty on the orders, or None.
        order_constraint: Projection of the orders after each step, or None for
            none. The default keeps them in [-1, 1], from `log` to `exp`; below
            -1 an iterate has no value at small numbers.
        epsilon: Magnitudes below it count as it where a logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is not one of those above, or if the last dimension of the
            input is unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `order` of shape `(features,)`, or `()` where it is shared.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import ExpIterate
    >>> layer = ExpIterate(order_initializer="ones")
    >>> np.round(layer(np.array([[0.0, 1.0]])), 3)
    array([[1.   , 2.718]], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    """

    def __init__(
        self,
        shared: bool = False,
        solution: str = "kneser",
        order_initializer: Identifier = "zeros",
        order_regularizer: Identifier = None,
        order_constraint: Identifier = "default",
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shared: bool = bool(shared)
        self.solution: str = check_solution(solution)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe(
            "order",
            order_initializer,
            order_regularizer,
            order_constraint,
            default_constraint=Interval(-1.0, 1.0),
        )

    def build(self, input_shape: Shape) -> None:
        features = known_features(self, input_shape)
        # Three digits of it would move every output.
        self.order = self.create("order", () if self.shared else (features,), autocast=False)
        self.input_spec: Any = keras.layers.InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        limit = special.output_bound(self.compute_dtype)
        order = special.guarded(self.order)
        y = special.signed_exp_iterate(inputs, order, self.solution, self.epsilon, limit)
        return keras.ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "shared": self.shared,
            "solution": self.solution,
            "epsilon": self.epsilon,
        }
