"""A merge between `keras.layers.Add` and `keras.layers.Multiply`."""

import keras
from keras import ops

from keras_addmul import special
from keras_addmul.layers.checks import check_float_input, check_number, check_solution
from keras_addmul.layers.constraints import get_order_constraint

__all__ = ["AddMul"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMul(keras.layers.Layer):
    """Merges tensors of one shape by an operation it learns, from sum to product.

    `y = x_1 (+)_n x_2 (+)_n ...`: `keras.layers.Add` at order 0,
    `keras.layers.Multiply` at order 1, with one order for each feature or for all.

    Args:
        shared: Whether all features share one order.
        solution: `"kneser"`, smooth, or `"linear"`, the papers' own.
        order_initializer: Where the orders start; at 1/4, by default.
        order_regularizer: Penalty on the orders, or None.
        order_constraint: Projection of the orders after each step, or None for
            none. By default they are kept in [0, 1].
        epsilon: Magnitudes below it count as it where a logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Weights:
        `order` of shape `(features,)`, or `()` where it is shared.

    Input shape:
        A list of at least two tensors of shape `(batch, ..., features)`.

    Output shape:
        `(batch, ..., features)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import AddMul
    >>> layer = AddMul(order_initializer="ones")
    >>> x = np.array([[2.0, -3.0]], "float32")
    >>> layer([x, x, x]).numpy().round(3)
    array([[  8., -27.]], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    """

    def __init__(
        self,
        shared=False,
        solution="kneser",
        order_initializer="default",
        order_regularizer=None,
        order_constraint="default",
        epsilon=1e-7,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.shared = bool(shared)
        self.solution = check_solution(solution)
        if order_initializer == "default":
            order_initializer = keras.initializers.Constant(0.25)
        self.order_initializer = keras.initializers.get(order_initializer)
        self.order_regularizer = keras.regularizers.get(order_regularizer)
        self.order_constraint = get_order_constraint(order_constraint, 0.0)
        self.epsilon = check_number("epsilon", epsilon, 0.0)
        self.supports_masking = True

    def build(self, input_shape):
        shapes = [tuple(s) for s in input_shape] if _is_list_of_shapes(input_shape) else []
        if len(shapes) < 2 or len({s[1:] for s in shapes}) > 1 or shapes[0][-1] is None:
            raise ValueError(
                f"Layer {self.name!r} merges a list of at least two tensors of one shape, with a "
                f"known last dimension. Received shapes: {input_shape}"
            )
        self.order = self.add_weight(
            name="order",
            shape=() if self.shared else (shapes[0][-1],),
            initializer=self.order_initializer,
            regularizer=self.order_regularizer,
            constraint=self.order_constraint,
            autocast=False,
        )

    def call(self, inputs):
        for x in inputs:
            check_float_input(self, x)
        y = special.addmul_reduce(
            ops.stack(inputs, axis=0),
            special.guarded(self.order),
            axis=0,
            epsilon=self.epsilon,
            limit=special.output_bound(self.compute_dtype),
            solution=self.solution,
        )
        return ops.cast(y, self.compute_dtype)

    def compute_mask(self, inputs, mask=None):
        known = [m for m in mask or () if m is not None]
        if not known:
            return None
        together = known[0]
        for m in known[1:]:
            together = ops.logical_and(together, m)
        return together

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

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


def _is_list_of_shapes(input_shape):
    return isinstance(input_shape, (list, tuple)) and all(
        isinstance(s, (list, tuple)) for s in input_shape
    )
