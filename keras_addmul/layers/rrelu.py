"""A leaky rectifier with random slopes."""

from typing import Any

import keras
from keras import ops

from keras_addmul import activations
from keras_addmul.annotations import Config, Shape, Tensor
from keras_addmul.layers.checks import check_number
from keras_addmul.layers.seeded_layer import SeededLayer

__all__ = ["RReLU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class RReLU(SeededLayer):
    """Randomized leaky rectifier: draws a new slope for each negative input in training.

    Below 0 the layer multiplies `x` by a slope drawn uniformly from [lower, upper]; at
    inference it uses the mean of the two. The same seed draws the same slopes in eager mode,
    in graphs and under XLA. Each replica draws its own. The default bounds are those of the
    paper, which divides by numbers from 3 to 8.

    Args:
        lower: Smallest slope.
        upper: Largest slope.
        seed: Integer seed for reproducible draws, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If a bound is not a finite number, or `lower` is above `upper`.
        TypeError: If the input does not hold floats.

    Weights:
        None.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import RReLU
    >>> layer = RReLU(0.25, 0.75, seed=0)
    >>> x = np.array([[-2.0, -2.0, 3.0]], "float32")
    >>> layer(x).numpy()
    array([[-1., -1.,  3.]], dtype=float32)
    >>> y = layer(x, training=True).numpy()
    >>> bool(y[0, 0] != y[0, 1]), bool(-1.5 <= y[0, 0] <= -0.5)
    (True, True)

    References:
        - [Xu et al., 2015](https://arxiv.org/abs/1505.00853)
    """

    def __init__(
        self,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.lower: float = check_number("lower", lower, float("-inf"))
        self.upper: float = check_number("upper", upper, float("-inf"))
        if self.lower > self.upper:
            raise ValueError(
                f"Argument `lower` must not be above `upper`. Received: {lower!r}, {upper!r}"
            )

    def build(self, input_shape: Shape) -> None:
        self.input_spec = keras.layers.InputSpec(min_ndim=2)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        self.check(inputs)
        uniform = self.uniform(ops.shape(inputs)) if training else None  # None: the mean
        return activations.rrelu(inputs, self.lower, self.upper, uniform)

    def get_config(self) -> Config:
        return {**super().get_config(), "lower": self.lower, "upper": self.upper}
