"""A layer that learns how many times to apply `exp`."""

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

    `y[..., i] = exp_iterate(x[..., i], order[i])` is the identity at order 0, `exp` at
    order 1, `log` at order -1, and a fractional iterate between them. Negative features
    follow `special.signed_exp_iterate`, which keeps every output finite and continuous: orders
    below 0 act on the magnitude and add what the sign makes of the input, orders above 0
    blend in a tangent.

    Args:
        shared: Whether all features share one order.
        solution: `"kneser"` (smooth) or `"linear"` (once differentiable).
        order_initializer: Initializer for the orders. The default, zeros, makes a new
            layer the identity.
        order_regularizer: Regularizer for the orders, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in
            [-1, 1], from `log` to `exp`. Below -1 an iterate is undefined at small
            numbers.
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `order` of shape `(features,)`, or `()` if shared.

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
        # Half precision would round the order, and with it every output.
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
