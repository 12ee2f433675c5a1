"""What the noisy recurrent layers share."""

import keras

from keras_addmul.layers.noisy_sigmoid import NoisySigmoid
from keras_addmul.layers.noisy_tanh import NoisyTanh

__all__ = ["NoisyRecurrent"]


class NoisyRecurrent:
    """Gives a recurrent layer of Keras, inherited from after this, noisy activations."""

    def __init__(self, units, activation=None, recurrent_activation=None, **kwargs):
        own = {"units": units, "dtype": kwargs.get("dtype")}
        seed = kwargs.get("seed")
        if activation is None:
            activation = NoisyTanh(seed=seed, **own)
        if recurrent_activation is None:  # of another seed, lest both draw the same noise
            recurrent_activation = NoisySigmoid(seed=None if seed is None else seed + 1, **own)
        super().__init__(units, activation, recurrent_activation, **kwargs)

    def build(self, sequences_shape, *args):
        super().build(sequences_shape, *args)
        for activation in (self.activation, self.recurrent_activation):
            if isinstance(activation, keras.layers.Layer) and not activation.built:
                activation.build((None, self.units))
