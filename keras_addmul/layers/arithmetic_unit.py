"""What layers of arithmetic units have in common."""

import keras

from keras_addmul.layers.checks import check_float_input, check_positive_integer, known_features

__all__ = ["ArithmeticUnit"]


class ArithmeticUnit(keras.layers.Layer):
    """A densely connected layer, whose weights each have initializer, regularizer, constraint.

    A subclass names its weights with `describe` in `__init__`, creates them with `create`
    in `build`, and has a `call`; shapes, checks and config are the same for all.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = check_positive_integer("units", units)
        self._described = []
        self.supports_masking = True

    def describe(self, name, initializer, regularizer=None, constraint=None):
        """Keeps how the weights called `name` start, are penalised and are projected."""
        self._described.append(name)
        setattr(self, f"{name}_initializer", keras.initializers.get(initializer))
        setattr(self, f"{name}_regularizer", keras.regularizers.get(regularizer))
        setattr(self, f"{name}_constraint", keras.constraints.get(constraint))

    def create(self, name, shape, like=None, autocast=True):
        """Returns new weights as described, or as those called `like` were."""
        like = like or name
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=getattr(self, f"{like}_initializer"),
            regularizer=getattr(self, f"{like}_regularizer"),
            constraint=getattr(self, f"{like}_constraint"),
            autocast=autocast,
        )

    def count_inputs(self, input_shape):
        """Returns the number of inputs, which from now on is the only one accepted."""
        inputs = known_features(self, input_shape)
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: inputs})
        return inputs

    def check(self, inputs):
        """Refuses what is not a float tensor."""
        check_float_input(self, inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        config = {**super().get_config(), "units": self.units}
        for name in self._described:
            for kind in ("initializer", "regularizer", "constraint"):
                value = getattr(self, f"{name}_{kind}")
                config[f"{name}_{kind}"] = getattr(keras, f"{kind}s").serialize(value)
        return config
