"""Base of the noisy recurrent layers."""

from typing import Any

import keras

from keras_addmul.annotations import Shape, Tensor
from keras_addmul.keras_types import RNN
from keras_addmul.layers.base import FullPrecision
from keras_addmul.layers.noisy_activation import NoisyActivation
from keras_addmul.layers.noisy_sigmoid import NoisySigmoid
from keras_addmul.layers.noisy_tanh import NoisyTanh

__all__ = ["NoisyRecurrent"]


class NoisyRecurrent(FullPrecision, RNN):
    """Mixin that gives a Keras recurrent layer noisy activations. Inherit from it first."""

    unroll: bool

    def __init__(
        self, units: int, activation: Any = None, recurrent_activation: Any = None, **kwargs: Any
    ) -> None:
        own = {"units": units, "dtype": kwargs.get("dtype")}
        seed = kwargs.get("seed")
        if activation is None:
            activation = NoisyTanh(seed=seed, **own)
        if recurrent_activation is None:  # another seed, or both would draw the same noise
            recurrent_activation = NoisySigmoid(seed=None if seed is None else seed + 1, **own)
        super().__init__(units, activation, recurrent_activation, **kwargs)

    def build(self, sequences_shape: Shape, *args: Any) -> None:
        super().build(sequences_shape, *args)
        for activation in (self.activation, self.recurrent_activation):
            if isinstance(activation, keras.layers.Layer) and not activation.built:
                activation.build((None, self.units))

    def inner_loop(
        self, sequences: Tensor, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:
        """Runs the cell over time; unrolls the loop where JAX has to draw noise.

        A JAX loop cannot update the state of the noise.
        """
        unroll: bool = self.unroll
        noisy = training or any(
            isinstance(activation, NoisyActivation) and activation.monte_carlo
            for activation in (self.activation, self.recurrent_activation)
        )
        self.unroll = unroll or (noisy and keras.backend.backend() == "jax")
        try:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        finally:
            self.unroll = unroll
