"""A layer that draws the slope of a leaky rectifier."""

import keras
from keras import ops

from keras_addmul import activations
from keras_addmul.activations import noise
from keras_addmul.layers.checks import check_float_input, check_number

__all__ = ["RReLU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class RReLU(keras.layers.Layer):
    """A leaky rectifier whose slope is drawn anew for each number it is given in training.

    Below 0, `x` is multiplied by a slope drawn uniformly from [lower, upper]; at
    inference, by the mean of the two. The same seed draws the same slopes in eager mode,
    in graphs and under XLA, and each replica draws its own. The default bounds are those
    of the paper, whose table divides by numbers of [3, 8].

    Args:
        lower: The least slope.
        upper: The largest one.
        seed: Integer for draws that can be repeated, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

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

    def __init__(self, lower=1 / 8, upper=1 / 3, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.lower = check_number("lower", lower, float("-inf"))
        self.upper = check_number("upper", upper, float("-inf"))
        if self.lower > self.upper:
            raise ValueError(
                f"Argument `lower` must not be above `upper`. Received: {lower!r}, {upper!r}"
            )
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape):
        self.input_spec = keras.layers.InputSpec(min_ndim=2)

    def call(self, inputs, training=False):
        check_float_input(self, inputs)
        uniform = None  # the mean
        if training:
            uniform = noise.uniform(ops.shape(inputs), noise.next_seed(self.seed_generator))
        return activations.rrelu(inputs, self.lower, self.upper, uniform)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "lower": self.lower,
            "upper": self.upper,
            "seed": self.seed,
        }
