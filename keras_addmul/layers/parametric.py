"""What the layers share that learn the parameters of an activation."""

from typing import Any, NamedTuple

import keras
from keras import ops

from keras_addmul.layers.checks import check_float_input, known_features

__all__ = ["AtLeast", "Parameter", "ParametricActivation", "default_constraint"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class AtLeast(keras.constraints.Constraint):
    """Keeps weights above a bound.

    Args:
        low: The bound.

    >>> from keras_addmul.layers.parametric import AtLeast
    >>> AtLeast(0.1)(keras.ops.array([-0.5, 0.25])).numpy()
    array([0.1 , 0.25], dtype=float32)
    """

    def __init__(self, low=0.0):
        self.low = float(low)

    def __call__(self, weights):
        return ops.maximum(weights, ops.cast(self.low, weights.dtype))

    def get_config(self):
        return {"low": self.low}


class Parameter(NamedTuple):
    """How a parameter starts and what it is held to; `size` of them where there are several."""

    initializer: Any
    regularizer: Any = None
    constraint: Any = None
    size: int | None = None


class ParametricActivation(keras.layers.Layer):
    """Base of the layers that learn the parameters of an activation.

    Args:
        parameters: Dictionary from names of weights to `Parameter`.
        shared_axes: `"default"` for one set of parameters a feature, which all
            other axes share; otherwise as in `keras.layers.PReLU`: a list of the
            axes that share, or None for parameters of their own everywhere.
        **kwargs: Base layer arguments, such as `name` and `dtype`.
    """

    def __init__(self, parameters, shared_axes="default", **kwargs):
        super().__init__(**kwargs)
        self._parameters = {
            name: Parameter(
                keras.initializers.get(p.initializer),
                keras.regularizers.get(p.regularizer),
                keras.constraints.get(p.constraint),
                p.size,
            )
            for name, p in parameters.items()
        }
        self.shared_axes = _checked_axes(shared_axes)
        self.supports_masking = True

    def build(self, input_shape):
        shape = self._shape(tuple(input_shape))
        for name, p in self._parameters.items():
            weight = self.add_weight(
                name=name,
                shape=shape if p.size is None else (p.size, *shape),
                initializer=p.initializer,
                regularizer=p.regularizer,
                constraint=p.constraint,
                autocast=False,  # three digits of a parameter would move every output
            )
            setattr(self, name, weight)

    def checked(self, inputs):
        """Returns the inputs, or raises an error if they are no floats."""
        check_float_input(self, inputs)
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {**super().get_config(), "shared_axes": self.shared_axes}
        for name, p in self._parameters.items():
            config[f"{name}_initializer"] = keras.initializers.serialize(p.initializer)
            config[f"{name}_regularizer"] = keras.regularizers.serialize(p.regularizer)
            config[f"{name}_constraint"] = keras.constraints.serialize(p.constraint)
        return config

    def _shape(self, input_shape):
        if self.shared_axes == "default":
            features = known_features(self, input_shape)
            self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: features})
            return (features,)
        shared = self.shared_axes or ()
        if any(axis >= len(input_shape) for axis in shared):
            raise ValueError(
                f"Argument `shared_axes` must hold axes of an input of shape {input_shape}. "
                f"Received: {self.shared_axes}"
            )
        own = {axis: input_shape[axis] for axis in range(1, len(input_shape)) if axis not in shared}
        if None in own.values():
            raise ValueError(
                f"Argument `shared_axes` must hold every axis of unknown size of an input of "
                f"shape {input_shape}. Received: {self.shared_axes}"
            )
        self.input_spec = keras.layers.InputSpec(ndim=len(input_shape), axes=own)
        return tuple(own.get(axis, 1) for axis in range(1, len(input_shape)))


def default_constraint(constraint, low):
    """Returns `AtLeast(low)` for `"default"`, and anything else as it is."""
    return AtLeast(low) if isinstance(constraint, str) and constraint == "default" else constraint


def _checked_axes(axes):
    if axes is None or (isinstance(axes, str) and axes == "default"):
        return axes
    given, axes = axes, [axes] if isinstance(axes, int) else axes
    whole = isinstance(axes, (list, tuple)) and all(
        isinstance(axis, int) and not isinstance(axis, bool) and axis > 0 for axis in axes
    )
    if not whole:
        raise ValueError(
            "Argument `shared_axes` must be 'default', None or a list of positive axes, as in "
            f"`keras.layers.PReLU`. Received: {given!r}"
        )
    return list(axes)
