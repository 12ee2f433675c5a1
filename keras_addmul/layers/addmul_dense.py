"""A dense layer that learns where each unit stands between sum and product."""

import keras
from keras import ops

from keras_addmul import activations, special
from keras_addmul.layers.checks import (
    check_float_input,
    check_number,
    check_positive_integer,
    check_solution,
)
from keras_addmul.layers.constraints import get_order_constraint
from keras_addmul.layers.initializers import AddMulUniform

__all__ = ["AddMulDense"]

_COUPLINGS = ("tied", "free")


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMulDense(keras.layers.Layer):
    """Densely connected units, each of which learns to add or to multiply.

    With `coupling="tied"`, each unit has an order n, and its inputs are joined
    by the operation that is the sum at 0 and the product at 1:

        y_i = activation(exp_iterate(sum_j W_ji exp_iterate(x_j, -n_i), n_i) + b_i)

    The kernel holds coefficients at order 0, where the layer is a
    `keras.layers.Dense`, and exponents at order 1, where it is a layer of
    product units, `prod_j x_j ** W_ji`. With `coupling="free"` the two iterates
    learn their orders apart, which costs one matrix product as `Dense` does:

        y = activation(exp_iterate(exp_iterate(x, order_in) W + b, order))

    There order_in = -1 and order = 1 multiply, and zeros add.

    Inputs may have either sign (`special.signed_exp_iterate`); at order 1 the
    signs are multiplied too, where the exponents are whole. Outputs are bounded
    so that they and their squares stay finite.

    Args:
        units: Positive integer, number of outputs.
        activation: Applied to the result: a name, which `activations.get` looks up among
            ours and then among Keras's, a callable or None.
        use_bias: Whether to add a bias.
        groups: Into how many blocks of neighbouring units that share an order
            the layer is divided, like the heads of an attention layer; None for
            an order per unit. Must divide `units`.
        coupling: `"tied"` or `"free"`.
        solution: `"kneser"`, smooth, or `"linear"`, the papers' own.
        nodes: With an order per unit and more units than this, the iterates of
            the inputs are interpolated between so many orders, exactly at 0 and
            1 (`special.addmul_matmul` gives the error). None to never do so.
        kernel_initializer: Where the kernel starts: by default at
            `layers.initializers.AddMulUniform` when tied, at Glorot's when free.
        bias_initializer: Where the bias starts.
        order_initializer: Where the orders start: by default at 1/4, from which
            sums and products are both found, when tied, and at zeros, as a
            `Dense`, when free.
        kernel_regularizer, bias_regularizer, order_regularizer: Penalties, or
            None. `layers.regularizers` has some that make a layer readable.
        kernel_constraint, bias_constraint: Projections after each step, or None.
        order_constraint: The same for the orders. By default they are kept in
            [0, 1] when tied and in [-1, 1] when free.
        epsilon: Magnitudes below it count as it where a logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Weights:
        `kernel` of shape `(inputs, units)`, `bias` of shape `(units,)`, `order` of
        shape `(units,)` or `(groups,)`, and with `coupling="free"` `order_in` of
        shape `(inputs,)`.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import AddMulDense
    >>> layer = AddMulDense(1, kernel_initializer="ones", order_initializer="ones")
    >>> layer(np.array([[2.0, 3.0]], "float32")).numpy().round(4)
    array([[6.]], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
        - [Koepp, van der Smagt & Urban, 2016](https://arxiv.org/abs/1604.03736)
    """

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        groups=None,
        coupling="tied",
        solution="kneser",
        nodes=16,
        kernel_initializer="default",
        bias_initializer="zeros",
        order_initializer="default",
        kernel_regularizer=None,
        bias_regularizer=None,
        order_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        order_constraint="default",
        epsilon=1e-7,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = check_positive_integer("units", units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.groups = check_positive_integer("groups", groups, optional=True)
        if self.groups is not None and self.units % self.groups:
            raise ValueError(
                f"Argument `groups` must divide the {self.units} units. Received: {groups!r}"
            )
        if coupling not in _COUPLINGS:
            raise ValueError(
                f"Argument `coupling` must be 'tied' or 'free'. Received: {coupling!r}"
            )
        self.coupling = coupling
        self.solution = check_solution(solution)
        self.nodes = check_positive_integer("nodes", nodes, optional=True)
        if self.nodes == 1:
            raise ValueError(f"Argument `nodes` must be at least 2. Received: {nodes!r}")
        tied = coupling == "tied"
        if kernel_initializer == "default":
            kernel_initializer = AddMulUniform() if tied else "glorot_uniform"
        if order_initializer == "default":
            order_initializer = keras.initializers.Constant(0.25 if tied else 0.0)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.order_initializer = keras.initializers.get(order_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.order_regularizer = keras.regularizers.get(order_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.order_constraint = get_order_constraint(order_constraint, 0.0 if tied else -1.0)
        self.epsilon = check_number("epsilon", epsilon, 0.0)
        self.supports_masking = True

    def build(self, input_shape):
        inputs = input_shape[-1]
        if inputs is None:
            raise ValueError(
                f"Layer {self.name!r} needs the last dimension of its input to be known. "
                f"Received shape: {tuple(input_shape)}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(inputs, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.order = self._add_order("order", self.groups or self.units)
        if self.coupling == "free":
            self.order_in = self._add_order("order_in", inputs)
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: inputs})

    def _add_order(self, name, size):
        return self.add_weight(
            name=name,
            shape=(size,),
            initializer=self.order_initializer,
            regularizer=self.order_regularizer,
            constraint=self.order_constraint,
            autocast=False,  # three digits of an order would move every output
        )

    def call(self, inputs):
        check_float_input(self, inputs)
        kernel, order = special.guarded(self.kernel), special.guarded(self.order)
        bias = None if self.bias is None else special.guarded(self.bias)
        how = {
            "epsilon": self.epsilon,
            "limit": special.output_bound(self.compute_dtype),
            "solution": self.solution,
        }
        if self.coupling == "tied":
            y = special.addmul_matmul(inputs, kernel, order, nodes=self.nodes, **how)
            y = y if bias is None else y + bias
        else:
            order_in = special.guarded(self.order_in)
            order = ops.repeat(order, self.units // self.order.shape[0])
            y = special.free_matmul(inputs, kernel, bias, order_in, order, **how)
        return self.activation(y)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "groups": self.groups,
            "coupling": self.coupling,
            "solution": self.solution,
            "nodes": self.nodes,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "order_initializer": keras.initializers.serialize(self.order_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "order_regularizer": keras.regularizers.serialize(self.order_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
            "order_constraint": keras.constraints.serialize(self.order_constraint),
            "epsilon": self.epsilon,
        }
