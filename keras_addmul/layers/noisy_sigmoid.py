"""A sigmoid with noise where it saturates."""

from typing import Any

import keras

from keras_addmul.annotations import Config
from keras_addmul.layers.noisy_activation import NoisyActivation

__all__ = ["NoisySigmoid"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NoisySigmoid(NoisyActivation):
    """Sigmoid with noise where it saturates: a `NoisyActivation` with defaults for gates.

    Args:
        soft: Whether to use the smooth sigmoid instead of `clip(x / 4 + 1 / 2, 0, 1)`.
        clip: Whether noisy outputs are clipped to [0, 1], as gates need.
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
    >>> from keras_addmul.layers import NoisySigmoid
    >>> layer = NoisySigmoid(kind="NAN", alpha=1.1, clip=False)
    >>> layer(keras.ops.array([[-4.0, 0.0, 1.0]])).numpy().round(4)  # the mean
    array([[0.05, 0.5 , 0.75]], dtype=float32)

    References:
        - [Gulcehre et al., 2016](https://arxiv.org/abs/1603.00391)
    """

    def __init__(self, soft: bool = False, clip: bool = True, **kwargs: Any) -> None:
        super().__init__(base="sigmoid" if soft else "tangent_sigmoid", clip=clip, **kwargs)
        self.soft: bool = bool(soft)

    def get_config(self) -> Config:
        config = {**super().get_config(), "soft": self.soft}
        del config["base"]
        return config
