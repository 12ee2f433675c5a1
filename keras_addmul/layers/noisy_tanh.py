"""A tanh with noise where it saturates."""

from typing import Any

import keras

from keras_addmul.annotations import Config
from keras_addmul.layers.noisy_activation import NoisyActivation

__all__ = ["NoisyTanh"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NoisyTanh(NoisyActivation):
    """Tanh with noise where it saturates: a `NoisyActivation` under a short name.

    Args:
        soft: Whether to use the smooth tanh instead of `clip(x, -1, 1)`.
        **kwargs: Every other argument of `NoisyActivation`, `kind` and `c` among them.

    Weights:
        `p` and `scale`, as in `NoisyActivation`.

    Raises:
        ValueError: If `NoisyActivation` refuses an argument or the input shape.
        TypeError: If the input does not hold floats.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import keras
    >>> from keras_addmul.layers import NoisyTanh
    >>> layer = keras.layers.LSTM(8, activation=NoisyTanh(kind="NAN", units=8))
    >>> layer(keras.ops.ones((2, 5, 3)), training=True).shape
    TensorShape([2, 8])

    References:
        - [Gulcehre et al., 2016](https://arxiv.org/abs/1603.00391)
    """

    def __init__(self, soft: bool = False, **kwargs: Any) -> None:
        super().__init__(base="tanh" if soft else "hard_tanh", **kwargs)
        self.soft: bool = bool(soft)

    def get_config(self) -> Config:
        config = {**super().get_config(), "soft": self.soft}
        del config["base"]
        return config
