"""A layer that learns how often to apply `exp`."""

import keras

from keras_addmul import special
from keras_addmul.layers.checks import (
    check_float_input,
    check_number,
    check_solution,
    known_features,
)
from keras_addmul.layers.constraints import get_order_constraint

__all__ = ["ExpIterate"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class ExpIterate(keras.layers.Layer):
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
        shared=False,
        solution="kneser",
        order_initializer="zeros",
        order_regularizer=None,
        order_constraint="default",
        epsilon=1e-7,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.shared = bool(shared)
        self.solution = check_solution(solution)
        self.order_initializer = keras.initializers.get(order_initializer)
        self.order_regularizer = keras.regularizers.get(order_regularizer)
        self.order_constraint = get_order_constraint(order_constraint, -1.0)
        self.epsilon = check_number("epsilon", epsilon, 0.0)
        self.supports_masking = True

    def build(self, input_shape):
        features = known_features(self, input_shape)
        self.order = self.add_weight(
            name="order",
            shape=() if self.shared else (features,),
            initializer=self.order_initializer,
            regularizer=self.order_regularizer,
            constraint=self.order_constraint,
            autocast=False,
        )
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs):
        check_float_input(self, inputs)
        limit = special.output_bound(self.compute_dtype)
        order = special.guarded(self.order)
        y = special.signed_exp_iterate(inputs, order, self.epsilon, self.solution, limit)
        return keras.ops.cast(y, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "shared": self.shared,
            "solution": self.solution,
            "order_initializer": keras.initializers.serialize(self.order_initializer),
            "order_regularizer": keras.regularizers.serialize(self.order_regularizer),
            "order_constraint": keras.constraints.serialize(self.order_constraint),
            "epsilon": self.epsilon,
        }
