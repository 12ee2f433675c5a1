"""A dense layer whose units are the largest of several."""

import keras
from keras import ops

from keras_addmul import activations
from keras_addmul.layers.checks import check_float_input, check_positive_integer, known_features

__all__ = ["Maxout"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class Maxout(keras.layers.Layer):
    """Densely connected units, each the largest of several linear ones.

    `y_i = max_k (sum_j kernel[j, i, k] * x_j + bias[i, k])`: each unit learns its own
    convex activation, in as many straight pieces.

    Args:
        units: Positive integer, number of outputs.
        pieces: Positive integer, number of linear units behind each output.
        use_bias: Whether to add biases.
        kernel_initializer, bias_initializer: Where they start. The kernel's is called
            for a matrix, `(inputs, units * pieces)`.
        kernel_regularizer, bias_regularizer: Penalties, or None.
        kernel_constraint, bias_constraint: Projections after each step, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Weights:
        `kernel` of shape `(inputs, units * pieces)` and `bias` of shape
        `(units * pieces,)`, the pieces of a unit side by side.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., units)`

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import Maxout
    >>> layer = Maxout(1, pieces=2)
    >>> layer.build((None, 1))
    >>> _ = layer.kernel.assign([[1.0, -1.0]])  # the absolute value
    >>> layer(np.array([[-3.0], [2.0]], "float32")).numpy()
    array([[3.],
           [2.]], dtype=float32)

    References:
        - [Goodfellow et al., 2013](https://arxiv.org/abs/1302.4389)
    """

    def __init__(
        self,
        units,
        pieces=2,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = check_positive_integer("units", units)
        self.pieces = check_positive_integer("pieces", pieces)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.supports_masking = True

    def build(self, input_shape):
        inputs = known_features(self, input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(inputs, self.units * self.pieces),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units * self.pieces,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: inputs})

    def call(self, inputs):
        check_float_input(self, inputs)
        y = ops.matmul(inputs, self.kernel)
        y = y if self.bias is None else ops.add(y, self.bias)
        return activations.maxout(y, self.pieces)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "pieces": self.pieces,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
        }
