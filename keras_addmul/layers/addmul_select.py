"""A layer whose units choose their inputs and an arithmetic operation."""

from typing import Any

import keras
import numpy as np

from keras_addmul import activations, special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from keras_addmul.layers.checks import check_number, check_solution
from keras_addmul.layers.constraints import Interval
from keras_addmul.layers.initializers import NearEnds, SelectUniform

__all__ = ["AddMulSelect"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMulSelect(ArithmeticUnit):
    """Dense layer whose units choose inputs and add, subtract, multiply or divide them.

    Each unit has an order n and one weight w per input:

        y_i = activation((+)_{n_i} over j of g_ji + b_i)
        g = w x + (1 - w) e          for w >= 0
        g = -w inverse(x) + (1 + w) e    for w < 0

    Here (+)_n is the sum at order 0 and the product at order 1, e is its identity element,
    and `inverse(x)` is `-x` at order 0 and `1/x` at order 1; `special.addmul_select` defines
    them for the orders between. At order 0 a unit is one of a `keras.layers.Dense`,
    the sum of `w x`. At order 1 with weights in [0, 1] it is a neural multiplication unit, the
    product of `w x + 1 - w`. A weight of 1 takes the input, 0 leaves it out, and -1 subtracts
    it or divides by it. A unit can therefore represent each of the four operations exactly,
    for inputs of either sign.

    Args:
        units: Positive integer, number of outputs.
        activation: Activation of the outputs: a name, a callable or None.
        use_bias: Whether to add a bias.
        solution: `"kneser"` (smooth) or `"linear"` (the one in the papers).
        kernel_initializer: Initializer for the weights. The default,
            `layers.initializers.SelectUniform`, mostly takes or inverts an input.
        bias_initializer: Initializer for the bias.
        order_initializer: Initializer for the orders. The default,
            `layers.initializers.NearEnds`, starts close to the sum or to the product.
        kernel_regularizer, bias_regularizer, order_regularizer: Regularizers, or None.
            `WeightsToSigns` and `OrdersToEnds` of `layers.regularizers` are made for them.
        kernel_constraint: Constraint on the weights, or None. The default keeps them in
            [-1, 1].
        bias_constraint: Constraint on the bias, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in
            [0, 1].
        epsilon: Floor on the magnitudes whose logarithm or reciprocal is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` of shape `(inputs, units)`; `order` of shape `(units,)`; with `use_bias`,
        `bias` of shape `(units,)`.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import AddMulSelect
    >>> layer = AddMulSelect(2)
    >>> layer.build((None, 2))
    >>> layer.set_weights([np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([0.0, 1.0])])
    >>> layer(np.array([[-6.0, 3.0]], "float32")).numpy()  # the difference, the quotient
    array([[-9., -2.]], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
        - [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016)
    """

    def __init__(
        self,
        units: int,
        activation: Identifier = None,
        use_bias: bool = False,
        solution: str = "kneser",
        kernel_initializer: Identifier = "default",
        bias_initializer: Identifier = "zeros",
        order_initializer: Identifier = "default",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        order_regularizer: Identifier = None,
        kernel_constraint: Identifier = "default",
        bias_constraint: Identifier = None,
        order_constraint: Identifier = "default",
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, **kwargs)
        self.activation = activations.get(activation)
        self.use_bias: bool = bool(use_bias)
        self.solution: str = check_solution(solution)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe(
            "kernel",
            kernel_initializer,
            kernel_regularizer,
            kernel_constraint,
            default_initializer=SelectUniform(),
            default_constraint=Interval(-1.0, 1.0),
        )
        self.describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.describe(
            "order",
            order_initializer,
            order_regularizer,
            order_constraint,
            default_initializer=NearEnds(),
            default_constraint=Interval(0.0, 1.0),
        )

    def build(self, input_shape: Shape) -> None:
        self.kernel = self.create("kernel", (self.count_inputs(input_shape), self.units))
        # Half precision would round the order, and with it every output.
        self.order = self.create("order", (self.units,), autocast=False)
        self.bias = self.create("bias", (self.units,)) if self.use_bias else None

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        y = special.addmul_select(
            inputs,
            special.guarded(self.kernel),
            special.guarded(self.order),
            epsilon=self.epsilon,
            limit=special.output_bound(self.compute_dtype),
            solution=self.solution,
        )
        y = keras.ops.cast(y, self.compute_dtype)
        return self.activation(y if self.bias is None else y + special.guarded(self.bias))

    def structured_starts(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Returns starting weights that cover every combination of orders and signs in turn.

        With more than two inputs, every second start keeps only one, two or three of them.

        Args:
            count: Number of starts.
            seed: Integer.

        Returns:
            Dictionary of arrays `(count, *shape)`, by the names of the weights that have
            their default kind of initializer.
        """
        rng = np.random.default_rng(seed)
        inputs = self.kernel.shape[0]
        kinds = _kinds(count, self.units * (inputs + 1), rng)
        signs = kinds[:, self.units :].reshape(count, inputs, self.units)
        starts = {}
        if isinstance(self.kernel_initializer, SelectUniform):
            low, high = self.kernel_initializer.low, self.kernel_initializer.high
            # The first round starts near the integers: a gate that should multiply an input
            # near 0 has then already passed its own zero.
            first = (np.arange(count) < 2 ** min(kinds.shape[1], 20))[:, None, None]
            lowest = np.where(first, high - 0.2 * (high - low), low)
            size = lowest + (high - lowest) * rng.random(signs.shape)
            kernel = np.where(signs, -1.0, 1.0) * size
            if inputs > 2:
                kernel[1::2] *= np.where(_few(kernel[1::2].shape, rng), 1.0, 0.05)
            starts["kernel"] = kernel
        if isinstance(self.order_initializer, NearEnds):
            near = self.order_initializer.distance
            starts["order"] = np.where(kinds[:, : self.units], 1.0 - near, near)
        return starts

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "solution": self.solution,
            "epsilon": self.epsilon,
        }


def _few(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Picks one, two or three inputs per unit: booleans `(count, inputs, units)`."""
    places = rng.random(shape).argsort(axis=1)
    return places < rng.integers(1, 4, (shape[0], 1, shape[2]))


def _kinds(count: int, bits: int, rng: np.random.Generator) -> np.ndarray:
    """Booleans `(count, bits)`: every combination once before any repeats, if there are few."""
    if bits > 20:
        return rng.random((count, bits)) < 0.5
    rounds = -(-count // 2**bits)
    numbers = np.concatenate([rng.permutation(2**bits) for _ in range(rounds)])[:count]
    return (numbers[:, None] >> np.arange(bits)) % 2 == 1
