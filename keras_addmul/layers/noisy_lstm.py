"""An LSTM with noise where its units saturate."""

import keras

from keras_addmul.layers.noisy_recurrent import NoisyRecurrent

__all__ = ["NoisyLSTM"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NoisyLSTM(NoisyRecurrent, keras.layers.LSTM):
    """Is `keras.layers.LSTM` with a `NoisyTanh` and, for its gates, a `NoisySigmoid`.

    `keras.layers.LSTM(units, activation=NoisyTanh(), ...)` is the same layer, but
    its activations have no weights before its first call; here they have.

    Args:
        units: Positive integer.
        activation: A noisy activation, or whatever `keras.layers.LSTM` takes. None:
            `NoisyTanh()`.
        recurrent_activation: The same, for the gates. None: `NoisySigmoid()`, whose
            outputs stay in [0, 1].
        **kwargs: Every other argument of `keras.layers.LSTM`; its `seed` also decides
            the noise of the activations that are made here.

    Raises:
        ValueError: If an argument is not one of those above, or if the last dimension of the
            input is unknown.

    Weights:
        Those of `keras.layers.LSTM`, and those of the activations.

    Input shape:
        `(batch, time, features)`

    Output shape:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences=True`.

    Example:

    >>> import keras
    >>> from keras_addmul.layers import NoisyLSTM
    >>> layer = NoisyLSTM(4, seed=1)
    >>> x = 20.0 * keras.ops.ones((1, 5, 3))
    >>> bool(keras.ops.all(layer(x) == layer(x)))
    True
    >>> bool(keras.ops.all(layer(x, training=True) == layer(x, training=True)))
    False

    References:
        - [Gulcehre et al., 2016](https://arxiv.org/abs/1603.00391)
    """
