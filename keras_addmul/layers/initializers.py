"""Where a kernel starts whose weights are coefficients or exponents, as it turns out."""

import keras

__all__ = ["AddMulUniform"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMulUniform(keras.initializers.Initializer):
    """Uniform weights: positive for few inputs, of either sign for many.

    A unit of few inputs should start as if each took part: near exponent 1 a
    product of signed numbers has the right sign, and no input near zero is divided
    by. The mean is 3/4 for up to three inputs and 2.5/inputs for more, so that it
    fades where many inputs are to be told apart; the half-width is what is left to
    1, and at most LeCun's `sqrt(3 / inputs)`.

    Args:
        seed: Integer, `keras.random.SeedGenerator`, or None.

    >>> from keras_addmul.layers.initializers import AddMulUniform
    >>> kernel = AddMulUniform(seed=0)((2, 1000)).numpy()
    >>> bool(kernel.min() > 0.5), bool(kernel.max() < 1.0)
    (True, True)
    """

    def __init__(self, seed=None):
        self._uniform = keras.initializers.RandomUniform(-1.0, 1.0, seed=seed)

    def __call__(self, shape, dtype=None):
        inputs = shape[-2]
        mean = min(0.75, 2.5 / inputs)
        half_width = min(1.0 - mean, (3.0 / inputs) ** 0.5)
        return mean + half_width * self._uniform(shape, dtype)

    def get_config(self):
        return {"seed": self._uniform.get_config()["seed"]}
