"""A layer whose units choose their inputs, and what to do with them: add, subtract, ..."""

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
    """Units that add, subtract, multiply or divide the inputs they choose.

    Each unit has an order n, and its weights say what part an input takes:

        y_i = activation((+)_{n_i} over j of g_ji + b_i)
        g = w x + (1 - w) e          for w >= 0
        g = -w inverse(x) + (1 + w) e    for w < 0

    where (+)_n is the sum at order 0 and the product at order 1, e its identity
    element and the inverse what undoes x: at order 0 the unit is that of a
    `keras.layers.Dense`, the sum of `w x`; at order 1 and weights in [0, 1] it is a
    neural multiplication unit, the product of `w x + 1 - w`. A weight of 1 takes the
    input, 0 leaves it out, -1 subtracts it or divides by it. One unit can so become
    any of the four operations, of inputs of either sign, exactly.

    Args:
        units: Positive integer, number of outputs.
        activation: Applied to the result; name, callable or None.
        use_bias: Whether to add a bias.
        solution: `"kneser"`, smooth, or `"linear"`, the papers' own.
        kernel_initializer: Where the weights start: by default at
            `layers.initializers.SelectUniform`, taken or inverted for the most part.
        bias_initializer: Where the bias starts.
        order_initializer: Where the orders start: by default at
            `layers.initializers.NearEnds`, close to the sum or close to the product.
        kernel_regularizer, bias_regularizer, order_regularizer: Penalties, or None;
            `layers.regularizers` has `WeightsToSigns` and `OrdersToEnds`.
        kernel_constraint: Projection after each step. By default the weights are
            kept in [-1, 1].
        bias_constraint: The same for the bias; None by default.
        order_constraint: The same for the orders; in [0, 1] by default.
        epsilon: Magnitudes below it count as it where a logarithm or a reciprocal
            is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is not one of those above, or if the last dimension of the
            input is unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `kernel` of shape `(inputs, units)`, `order` of shape `(units,)` and, with
        `use_bias`, `bias` of shape `(units,)`.

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
        # Three digits of an order would move every output.
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
        """Returns starts that differ in kind: every choice of ends and signs comes in turn.

        Of more than two inputs, every second start leaves out all but one, two or three.

        Args:
            count: How many.
            seed: Integer.

        Returns:
            Dictionary from the names of the weights whose initializers are the default
            kinds to arrays `(count, *shape)`.
        """
        rng = np.random.default_rng(seed)
        inputs = self.kernel.shape[0]
        kinds = _kinds(count, self.units * (inputs + 1), rng)
        signs = kinds[:, self.units :].reshape(count, inputs, self.units)
        starts = {}
        if isinstance(self.kernel_initializer, SelectUniform):
            low, high = self.kernel_initializer.low, self.kernel_initializer.high
            # Near the whole numbers in the first round: where an input is near 0, a gate
            # that is to multiply it has passed its own zero there already.
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
    """Booleans of shape `(count, inputs, units)`: one, two or three of the inputs of a unit."""
    places = rng.random(shape).argsort(axis=1)
    return places < rng.integers(1, 4, (shape[0], 1, shape[2]))


def _kinds(count: int, bits: int, rng: np.random.Generator) -> np.ndarray:
    """Booleans of shape `(count, bits)`: all combinations before one comes again, if few."""
    if bits > 20:
        return rng.random((count, bits)) < 0.5
    rounds = -(-count // 2**bits)
    numbers = np.concatenate([rng.permutation(2**bits) for _ in range(rounds)])[:count]
    return (numbers[:, None] >> np.arange(bits)) % 2 == 1
