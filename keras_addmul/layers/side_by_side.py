"""Several layers on the same input, as one layer."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_addmul import activations
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.base import BaseLayer

__all__ = ["SideBySide"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class SideBySide(BaseLayer):
    """Calls several layers on the same input and puts their outputs side by side.

    `settled` puts this layer in place of an `AddMulDense` of which some units add, others
    multiply and others are between: each kind is computed by a layer of its own.

    Args:
        layers: Layers that take the same input and keep all but its last dimension; or their
            configs, which get the dtype of this layer unless they have one.
        places: For each output, its place among the outputs of all layers, one after the
            other. None leaves them in this order.
        activation: Activation of all outputs: a name, a callable or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If there are no layers, or `places` does not name each output once.
        TypeError: If one of the layers is no layer, or if the input is sparse or does not hold
            floats.

    Weights:
        Those of the layers.

    Input shape:
        `(batch, ..., inputs)`

    Output shape:
        `(batch, ..., outputs of all layers)`

    Example:

    >>> import keras, numpy as np
    >>> from keras_addmul.layers import ProductDense, SideBySide
    >>> both = SideBySide(
    ...     [keras.layers.Dense(1, kernel_initializer="ones"), ProductDense(1)], places=[1, 0]
    ... )
    >>> both.build((None, 2))
    >>> _ = both.layers[1].kernel.assign(np.ones((2, 1)))
    >>> both(np.array([[2.0, -3.0]], "float32")).numpy().round(4)  # product, sum
    array([[-6., -1.]], dtype=float32)
    """

    def __init__(
        self,
        layers: Sequence[Any],
        places: Sequence[int] | None = None,
        activation: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(layers, (list, tuple)) or not layers:
            raise ValueError(f"Argument `layers` must be a list of layers. Received: {layers!r}")
        self.layers: list[Any] = [self._layer(given) for given in layers]
        self.places: list[int] | None = None if places is None else [int(p) for p in places]
        if self.places is not None and sorted(self.places) != list(range(len(self.places))):
            raise ValueError(
                "Argument `places` must name each of the outputs once, counted from 0. "
                f"Received: {places!r}"
            )

        self.activation = activations.get(activation)

    def build(self, input_shape: Shape) -> None:
        for layer in self.layers:
            if not layer.built:
                layer.build(input_shape)
        outputs = self.compute_output_shape(input_shape)[-1]
        if self.places is not None and len(self.places) != outputs:
            raise ValueError(
                f"Argument `places` must name each of the {outputs} outputs once. "
                f"Received: {self.places!r}"
            )

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        y = ops.concatenate([layer(inputs) for layer in self.layers], axis=-1)
        return self.activation(y if self.places is None else ops.take(y, self.places, axis=-1))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the output."""
        outputs = [layer.compute_output_shape(input_shape)[-1] for layer in self.layers]
        return (*input_shape[:-1], sum(outputs))

    def get_config(self) -> Config:
        described = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {
            **super().get_config(),
            "layers": described,
            "places": self.places,
            "activation": activations.serialize(self.activation),
        }

    def _layer(self, given: Any) -> Any:
        if isinstance(given, dict):
            own = {"dtype": self.dtype_policy, **given["config"]}
            given = keras.saving.deserialize_keras_object({**given, "config": own})
        if not isinstance(given, keras.layers.Layer):
            raise TypeError(
                f"Argument `layers` must hold layers or their configs. Received: {given!r}"
            )
        return given
