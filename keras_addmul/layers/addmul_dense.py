"""A dense layer whose units learn an operation between sum and product."""

from typing import Any

import keras

from keras_addmul import activations, special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import (
    check_name,
    check_number,
    check_path,
    check_positive_integer,
)
from keras_addmul.layers.constraints import Interval
from keras_addmul.layers.initializers import AddMulUniform, ParityUniform
from keras_addmul.layers.input_sizes import warn_if_far_from_one
from keras_addmul.special.kernel_shapes import for_each_unit
from keras_addmul.special.solutions import MIXTURE

__all__ = ["AddMulDense"]

_COUPLINGS = ("tied", "free")


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMulDense(ArithmeticUnit):
    """Dense layer in which each unit learns to add or to multiply its inputs.

    With `coupling="tied"`, each unit has an order n and combines its inputs with the
    operation that is the sum at order 0 and the product at order 1:

        y_i = activation(exp_iterate(sum_j W_ji exp_iterate(x_j, -n_i), n_i) + b_i)

    At order 0 the kernel holds coefficients and the layer is a `keras.layers.Dense`. At
    order 1 the kernel holds exponents and the units are product units,
    `prod_j x_j ** W_ji`. With `coupling="free"` the two iterates learn separate orders,
    at the cost of one matrix product, as in `Dense`:

        y = activation(exp_iterate(exp_iterate(x, order_in) W + b, order))

    This form multiplies at order_in = -1 and order = 1, and adds at order_in = order = 0.

    Inputs may have either sign. A second kernel, `parity` in [0, 1], learns whether the
    sign of each input counts in each product: 1 where the exponent is odd, 0 where it is
    even. `special.addmul_matmul` and `special.free_matmul` have the formulas. Outputs are
    bounded so that they and their squares stay finite.

    Args:
        units: Positive integer, number of outputs.
        activation: Activation of the outputs: a callable, None, or a name that
            `activations.get` looks up, first in this package and then in Keras.
        use_bias: Whether to add a bias.
        groups: Number of blocks of neighbouring units that share an order, like the heads
            of an attention layer. Must divide `units`. None gives each unit its own order.
        coupling: `"tied"` (one order per unit) or `"free"` (separate orders in and out).
        path: The way from sum to product: `"kneser"` (smooth), `"linear"` (the one in the
            papers) or, when tied, `"mixture"`: `(1 - n) sum + n product`, the cheapest, which
            solves no equation.
        nodes: If each unit has its own order and there are more units than `nodes`, the
            iterates of the inputs are approximated, in at most this many matrix products.
            Orders 0 and 1 stay exact; `special.addmul_matmul` gives the error. None turns
            the approximation off.
        kernel_initializer: Initializer for the kernel. The default is
            `layers.initializers.AddMulUniform` when tied and Glorot uniform when free.
        bias_initializer: Initializer for the bias.
        order_initializer: Initializer for the orders. The default is 1/4 when tied, a
            start from which training finds both sums and products, and 0 when free,
            where a new layer is a `Dense`.
        parity_initializer: Initializer for the parities. The default is
            `layers.initializers.ParityUniform`; for the mixture, uniform in [0.3, 0.7].
        kernel_regularizer, bias_regularizer, order_regularizer, parity_regularizer:
            Regularizers, or None. Those in `layers.regularizers` make a trained layer readable.
        kernel_constraint, bias_constraint: Constraints, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in
            [0, 1] when tied and in [-1, 1] when free.
        parity_constraint: Constraint on the parities, or None. The default keeps them in
            [0, 1].
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` of shape `(inputs, units)`; `bias` of shape `(units,)`; `order` of shape
        `(units,)` or `(groups,)`; with `coupling="free"` also `order_in` of shape
        `(inputs,)`; `parity` of shape `(inputs, units)`. A file saved without `parity`
        gets `special.parity_of(kernel)`, which suits data without negative inputs too: those
        teach no parity.

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
        units: int,
        activation: Identifier = None,
        use_bias: bool = True,
        groups: int | None = None,
        coupling: str = "tied",
        path: str = "kneser",
        nodes: int | None = 6,
        kernel_initializer: Identifier = "default",
        bias_initializer: Identifier = "zeros",
        order_initializer: Identifier = "default",
        parity_initializer: Identifier = "default",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        order_regularizer: Identifier = None,
        parity_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        order_constraint: Identifier = "default",
        parity_constraint: Identifier = "default",
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        # `path` itself is what Keras calls the name of a layer inside its model.
        self.path_name: str = check_path(path, kwargs)
        super().__init__(units, **kwargs)
        self.activation = activations.get(activation)
        self.use_bias: bool = bool(use_bias)
        self.groups: int | None = check_positive_integer("groups", groups, optional=True)
        if self.groups is not None and self.units % self.groups:
            raise ValueError(
                f"Argument `groups` must divide the {self.units} units. Received: {groups!r}"
            )
        self.coupling: str = check_name("coupling", coupling, _COUPLINGS)
        if coupling == "free" and self.path_name == MIXTURE:
            raise ValueError(
                f"Argument `path` must be a solution of Abel's equation, such as 'kneser', where "
                f"`coupling` is 'free'. Received: {path!r}"
            )
        self.nodes: int | None = check_positive_integer("nodes", nodes, optional=True)
        if self.nodes == 1:
            raise ValueError(f"Argument `nodes` must be at least 2. Received: {nodes!r}")
        tied = coupling == "tied"
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe(
            "kernel",
            kernel_initializer,
            kernel_regularizer,
            kernel_constraint,
            default_initializer=AddMulUniform() if tied else "glorot_uniform",
        )
        self.describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.describe(
            "order",
            order_initializer,
            order_regularizer,
            order_constraint,
            default_initializer=keras.initializers.Constant(0.25 if tied else 0.0),
            default_constraint=Interval(0.0 if tied else -1.0, 1.0),
        )
        self.describe(
            "parity",
            parity_initializer,
            parity_regularizer,
            parity_constraint,
            # In a mixture, many undecided signs leave a product out, and with it its poles.
            default_initializer=keras.initializers.RandomUniform(0.3, 0.7)
            if self.path_name == MIXTURE
            else ParityUniform(),
            default_constraint=Interval(0.0, 1.0),
        )

    def build(self, input_shape: Shape) -> None:
        inputs = self.count_inputs(input_shape)
        self.kernel = self.create("kernel", (inputs, self.units))
        self.bias = self.create("bias", (self.units,)) if self.use_bias else None
        # Half precision would round the order, and with it every output.
        self.order = self.create("order", (self.groups or self.units,), autocast=False)
        if self.coupling == "free":
            self.order_in = self.create("order_in", (inputs,), like="order", autocast=False)
        # Last, so that older files hold the weights before it in the same places.
        self.parity = self.create("parity", (inputs, self.units), autocast=False)

    def call(self, inputs: Tensor) -> Tensor:
        warn_if_far_from_one(self, self.check(inputs))
        kernel, order, parity = map(special.guarded, (self.kernel, self.order, self.parity))
        bias = None if self.bias is None else special.guarded(self.bias)
        how: dict[str, Any] = {
            "epsilon": self.epsilon,
            "limit": special.output_bound(self.compute_dtype),
        }
        if self.coupling == "tied":
            y = special.addmul_matmul(
                inputs, kernel, order, parity, nodes=self.nodes, path=self.path_name, **how
            )
            y = y if bias is None else y + bias
        else:
            order_in = special.guarded(self.order_in)
            order = for_each_unit(order, self.units)
            y = special.free_matmul(
                inputs, kernel, bias, order_in, order, parity, solution=self.path_name, **how
            )
        return self.activation(y)

    def load_own_variables(self, store: Any) -> None:
        """Loads the weights. Files without `parity` get that of the exponents, rounded."""
        last = str(len(self.weights) - 1)
        if last in store or len(store) == 0:
            super().load_own_variables(store)
            return
        for place, weight in enumerate(self.weights[:-1]):
            weight.assign(store[str(place)])
        self.parity.assign(special.parity_of(self.kernel))

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "groups": self.groups,
            "coupling": self.coupling,
            "path": self.path_name,
            "nodes": self.nodes,
            "epsilon": self.epsilon,
        }
