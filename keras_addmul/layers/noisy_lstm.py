"""An LSTM with noise where its units saturate."""

import keras

from keras_addmul.layers.noisy_recurrent import NoisyRecurrent

__all__ = ["NoisyLSTM"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NoisyLSTM(NoisyRecurrent, keras.layers.LSTM):
    """`keras.layers.LSTM` with a `NoisyTanh` activation and `NoisySigmoid` gates.

    `keras.layers.LSTM(units, activation=NoisyTanh(), ...)` is the same layer,
    except that its activations have no weights before the first call. Here they do.

    Args:
        units: Positive integer, number of outputs.
        activation: A noisy activation, or anything that `keras.layers.LSTM` accepts. None
            means `NoisyTanh()`.
        recurrent_activation: The same for the gates. None means `NoisySigmoid()`, whose
            outputs stay in [0, 1].
        **kwargs: Every other argument of `keras.layers.LSTM`; its `seed` also seeds
            the noise of the default activations.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.

    Weights:
        The weights of `keras.layers.LSTM` and of the activations.

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
