"""Models to convert."""

import keras
import numpy as np
from keras import layers

from keras_addmul import activations
from keras_addmul.layers import GeometricScale, NoisyActivation, RePU

sine, gaussian = activations.get("sin"), activations.get("gaussian")


def chain(*between, inputs=3, dtype="float32", seed=0):
    """A sequential model of these layers."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((inputs,), dtype=dtype), *between])


def branches():
    """Branches, a shared layer, a nested model, operations and an activation layer."""
    keras.utils.set_random_seed(1)
    shared = layers.Dense(3, "tanh", name="shared")
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(4, "sigmoid", name="inside")])
    x = keras.Input((3,), name="x")
    y = shared(shared(x))
    joined = layers.Concatenate()([inner(y), layers.Multiply()([x, y])])
    lifted = layers.Activation("softplus", name="alone")(layers.Dense(5)(joined))
    z = layers.Add()([lifted, layers.Dense(5)(x)]) * 0.5 + 1.0
    return keras.Model(x, [layers.Dense(2, "softmax", name="classes")(z), layers.Dense(1)(y)])


def images():
    """Convolutions, pooling and batch normalisation."""
    keras.utils.set_random_seed(2)
    x = keras.Input((8, 8, 2))
    y = layers.Conv2D(4, 3, activation="silu", padding="same")(layers.Rescaling(0.5, 0.1)(x))
    normalise = layers.BatchNormalization()
    y = layers.MaxPooling2D()(normalise(y))
    normalise.moving_mean.assign([0.3, -0.1, 0.2, 0.0])
    normalise.moving_variance.assign([0.5, 2.0, 1.0, 0.3])
    y = layers.SeparableConv2D(3, 3, activation="gelu")(layers.ZeroPadding2D()(y))
    y = layers.Dense(2, "relu", name="end")(layers.Dropout(0.5)(layers.Flatten()(y)))
    return keras.Model(x, y)


def sequences():
    """A convolution over time behind an embedding."""
    keras.utils.set_random_seed(3)
    x = keras.Input((6,), dtype="int32")
    y = layers.Conv1D(4, 3, activation="sigmoid")(layers.Embedding(10, 3)(x))
    return keras.Model(x, layers.Dense(1)(layers.GlobalAveragePooling1D()(y)))


def two_inputs():
    """Two inputs of different width."""
    keras.utils.set_random_seed(4)
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    y = layers.Subtract()([layers.Dense(4, "tanh")(a), layers.Dense(4, sine)(b)])
    return keras.Model([a, b], layers.Dense(2)(y))


def noisy():
    """The expectation of noisy activations, as a layer and inside one."""
    hidden = NoisyActivation("hard_sigmoid", kind="NAN", units=4)
    between = [
        layers.Dense(5),
        NoisyActivation(kind="NAH", shared=True, seed=0),
        layers.Dense(4, activation=hidden),
        layers.Dense(2),
    ]
    return chain(*between, seed=5)


def powers():
    """A RePU of degree 3."""
    return chain(layers.Dense(5), RePU(3), layers.Dense(2), seed=6)


def scaled():
    """Columns far from 1, brought there."""
    scale = GeometricScale()
    scale.adapt(np.array([[1e-9, 3.0, 2e20], [2e-9, -5.0, 0.0]]))
    return chain(scale, layers.Dense(4, "tanh"), layers.Dense(2), seed=7)


# Builder, degree, domain, and the layers that are left.
MODELS = {
    "branches": (branches, 2, (-1.0, 1.0), {"classes"}),
    "images": (images, 2, (0.0, 1.0), {"end"}),
    "sequences": (sequences, 3, (0.0, 9.0), set()),
    "two inputs": (two_inputs, 2, {"a": (-1, 1), "b": (-2, np.array([1.0, 2.0, 3.0]))}, set()),
    "noisy": (noisy, 1, (-3.0, 3.0), set()),
    "powers": (powers, 2, (-1.0, 1.0), set()),
    "scaled": (scaled, 2, (0.0, np.array([3e-9, 10.0, 4e20])), set()),
}
