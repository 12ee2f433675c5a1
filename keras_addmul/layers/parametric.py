"""Base of the layers that learn the parameters of an activation."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from keras_addmul.annotations import Config, Identifier, Shape
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import known_features

__all__ = ["Parameter", "ParametricActivation"]


class Parameter(NamedTuple):
    """Initializer, regularizer and constraint of a parameter.

    Attributes:
        initializer: Its initializer.
        regularizer: Its regularizer, or None.
        constraint: Its constraint, or None.
        size: How many there are per feature; None for one without an axis of its own.
        default_initializer: What the initializer `"default"` stands for.
        default_constraint: What the constraint `"default"` stands for.
    """

    initializer: Identifier
    regularizer: Identifier = None
    constraint: Identifier = None
    size: int | None = None
    default_initializer: Identifier = None
    default_constraint: Identifier = None


class ParametricActivation(BaseLayer):
    """Base of the layers that learn the parameters of an activation.

    Args:
        parameters: Dictionary from names of weights to `Parameter`.
        shared_axes: `"default"` gives each feature one set of parameters. Otherwise as in
            `keras.layers.PReLU`: a list of the axes that share parameters, or None for
            separate parameters everywhere.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If `shared_axes` is invalid, or the initializer, regularizer or
            constraint of a parameter is unknown.
    """

    def __init__(
        self,
        parameters: dict[str, Parameter],
        shared_axes: str | int | Sequence[int] | None = "default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._sizes = {name: p.size for name, p in parameters.items()}
        for name, p in parameters.items():
            self.describe(
                name,
                p.initializer,
                p.regularizer,
                p.constraint,
                default_initializer=p.default_initializer,
                default_constraint=p.default_constraint,
            )
        self.shared_axes: str | list[int] | None = _checked_axes(shared_axes)

    def build(self, input_shape: Shape) -> None:
        """Creates the parameters."""
        shape = self._shape(tuple(input_shape))
        for name, size in self._sizes.items():
            whole = shape if size is None else (size, *shape)
            # Half precision would round a parameter, and with it every output.
            setattr(self, name, self.create(name, whole, autocast=False))

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "shared_axes": self.shared_axes}

    def _shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        if self.shared_axes == "default":
            features = known_features(self, input_shape)
            self.input_spec: Any = keras.layers.InputSpec(min_ndim=2, axes={-1: features})
            return (features,)
        shared: Any = self.shared_axes or ()
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


def _checked_axes(axes: Any) -> Any:
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
