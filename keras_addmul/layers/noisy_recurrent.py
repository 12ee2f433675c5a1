"""What the noisy recurrent layers share."""

import keras

from keras_addmul.layers.noisy_sigmoid import NoisySigmoid
from keras_addmul.layers.noisy_tanh import NoisyTanh

__all__ = ["default_activation", "with_weights"]


def default_activation(name, units, offset, seed=None, dtype=None, **ignored):
    """Returns the noisy activation of a recurrent layer with these arguments.

    The offset keeps the noise of two activations apart that come from one seed.
    """
    make = {"tanh": NoisyTanh, "sigmoid": NoisySigmoid}[name]
    seed = None if seed is None else seed + offset
    return make(units=units, seed=seed, dtype=dtype)


def with_weights(units, *activations):
    """Builds the activations that are layers, and have no weights yet."""
    for activation in activations:
        if isinstance(activation, keras.layers.Layer) and not activation.built:
            activation.build((None, units))
