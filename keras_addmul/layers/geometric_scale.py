"""A preprocessing layer that brings columns to numbers near 1 and leaves power laws intact."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul.annotations import ArrayLike, Config, Shape, Tensor
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.typical_size import batches_of, sums_of_logs
from keras_addmul.special.dtypes import LARGEST, dtype_of, working_dtype

__all__ = ["GeometricScale"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class GeometricScale(BaseLayer):
    """Divides each column by its typical size: the geometric mean of its magnitudes.

    `y_j = x_j / scale_j`, with `scale_j = exp(mean(log(abs(x_j))))`. Zero stays zero and signs
    stay. A power law stays a power law: `x1 ** a * x2 ** b` of the scaled columns differs from
    that of the columns by a factor. `keras.layers.Normalization` subtracts means, which makes
    a sum of shifted powers of it.

    `adapt` finds the scales in data. Zeros, nan and infinities do not count; a column without
    any other number keeps the scale 1. In the call, they come out as they went in, but for an
    infinity, see below.

    The division is done in the dtype of the inputs, before they are cast to that of the layer:
    a column of 1e30 in float32 becomes numbers near 1 in mixed float16 too. A result beyond
    the largest number of the layer's dtype becomes that number.

    Args:
        axis: Integer or integers: the axes of which each position has a scale of its own, as
            in `keras.layers.Normalization`; by default, each feature. None gives one scale
            for all numbers.
        scale: The scales, positive numbers that broadcast to the shape of the axes, or None
            if `adapt` is to find them.
        invert: Whether to multiply by the scales instead: what a model has learned of targets
            that were divided then comes back in their own units.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the input has no such axis or one of
            unknown length.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        Not trainable, and absent where `scale` is given: `scale`, with the lengths of the
        axes as shape, and `count`, how many numbers each of them is the mean of.

    Input shape:
        Any.

    Output shape:
        That of the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import GeometricScale
    >>> layer = GeometricScale()
    >>> x = np.array([[1e3, 0.0], [1e5, -2.0]], "float32")
    >>> layer.adapt(x)
    >>> layer(x).numpy().round(4)
    array([[ 0.1,  0. ],
           [10. , -1. ]], dtype=float32)
    >>> GeometricScale(scale=layer.scale.numpy(), invert=True)(layer(x)).numpy().round(1)
    array([[ 1.e+03,  0.e+00],
           [ 1.e+05, -2.e+00]], dtype=float32)
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        scale: ArrayLike | None = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"autocast": False, **kwargs})
        self.axis: int | tuple[int, ...] | None = _checked_axis(axis)
        self.invert: bool = bool(invert)
        self._given = None if scale is None else _checked_scale(scale, self.axis)
        self.scale: Any = self._given
        self.count: Any = None

    def build(self, input_shape: Shape) -> None:
        shape: Any = [input_shape[axis] for axis in self.kept_axes(input_shape)]
        if None in shape:
            raise ValueError(
                f"Layer {self.name!r} needs the length of the axis {self.axis} of its input. "
                f"Received shape: {tuple(input_shape)}"
            )
        if self._given is None:
            self.scale = self.add_weight(
                name="scale", shape=shape, initializer="ones", trainable=False, autocast=False
            )
            self.count = self.add_weight(
                name="count", shape=shape, dtype="int32", initializer="zeros", trainable=False
            )
        else:
            try:
                self.scale = np.broadcast_to(self._given, shape)
            except ValueError as error:
                raise ValueError(
                    f"Argument `scale` must broadcast to the shape {tuple(shape)} of the axis "
                    f"{self.axis}. Received: scale of shape {np.shape(self._given)}"
                ) from error
        axes = {axis: input_shape[axis] for axis in _listed(self.axis)}
        self.input_spec: Any = keras.layers.InputSpec(axes=axes)

    def adapt(self, data: Any, reset_state: bool = True) -> None:
        """Finds the scales in data.

        Args:
            data: An array or tensor; or a `tf.data.Dataset`, a `keras.utils.PyDataset` or
                another iterable of batches. Of a batch that is a tuple, as of inputs and
                targets, the first element counts.
            reset_state: Whether to forget data of earlier calls. False counts them as well,
                also those seen before the layer was saved.

        Raises:
            ValueError: If the scales were given to the layer, if there is no batch, or if a
                batch has other axes than the layer was built with.
            TypeError: If the data are not of such a kind.

        Example:

        >>> import numpy as np
        >>> from keras_addmul.layers import GeometricScale
        >>> layer = GeometricScale()
        >>> layer.adapt(np.array([[2.0], [8.0]]))
        >>> layer.scale.numpy()
        array([4.], dtype=float32)
        >>> layer.adapt(np.array([[1.0], [1.0]]), reset_state=False)
        >>> layer.scale.numpy()
        array([2.], dtype=float32)
        """
        if self._given is not None:
            raise ValueError(
                f"Layer {self.name!r} has the scales it was given, and adapts to no data. "
                f"Received: scale={self._given.tolist()!r}"
            )
        logs: Any = 0.0
        count: Any = 0
        if self.built and not reset_state:
            logs, count = self._state()
        batch = None
        for batch in batches_of(data):
            if not self.built:
                self.build(batch.shape)
            kept = self.kept_axes(batch.shape)
            shape = tuple(batch.shape[axis] for axis in kept)
            if shape != tuple(self.scale.shape):
                raise ValueError(
                    f"Argument `data` must have {tuple(self.scale.shape)} positions along the "
                    f"axis {self.axis}. Received: a batch of shape {batch.shape}"
                )
            rest = tuple(axis for axis in range(batch.ndim) if axis not in kept)
            more_logs, more = sums_of_logs(batch, rest)
            logs, count = logs + more_logs, count + more
        if batch is None:
            raise ValueError(f"Argument `data` must hold a batch at least. Received: {data!r}")
        self._assign(logs, count)

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        inner = working_dtype(dtype_of(inputs), self.compute_dtype)
        shape = [1] * len(inputs.shape)
        for axis in self.kept_axes(inputs.shape):
            shape[axis] = inputs.shape[axis]
        scale = ops.reshape(ops.cast(ops.convert_to_tensor(self.scale), inner), shape)
        x = ops.cast(inputs, inner)
        most = LARGEST[self.compute_dtype]
        y = ops.clip(x * scale if self.invert else x / scale, -most, most)
        return ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "axis": self.axis,
            "scale": None if self._given is None else self._given.tolist(),
            "invert": self.invert,
        }

    def kept_axes(self, shape: Shape) -> list[int]:
        """Returns the axes that have scales of their own, counted from the front and in order.

        Args:
            shape: Shape of the input.

        Raises:
            ValueError: If an axis lies outside the shape.
        """
        axes, rank = _listed(self.axis), len(shape)
        if not all(-rank <= axis < rank for axis in axes):
            raise ValueError(
                f"Argument `axis` must name axes of the input, of shape {tuple(shape)}. "
                f"Received: {self.axis}"
            )
        return sorted({axis % rank for axis in axes})

    def _state(self):
        """The sums of logarithms, and of how many numbers, that the weights stand for."""
        count = ops.convert_to_numpy(self.count).astype("int64")
        return np.log(ops.convert_to_numpy(self.scale).astype("float64")) * count, count

    def _assign(self, logs, count):
        # A scale that is not a normal number of the dtype would divide by 0 under XLA.
        most = LARGEST[self.variable_dtype]
        least = 4.0 / most if self.variable_dtype != "float16" else 2.0**-14
        with np.errstate(over="ignore"):
            scale = np.exp(logs / np.maximum(count, 1))
        self.scale.assign(np.clip(scale, least, most))
        self.count.assign(np.minimum(count, 2**31 - 1).astype("int32"))


def _listed(axis: Any) -> tuple[int, ...]:
    if axis is None:
        return ()
    return (axis,) if isinstance(axis, int) else axis


def _checked_axis(axis: Any) -> Any:
    """Returns an axis, a tuple of axes, or None."""
    axes = list(axis) if isinstance(axis, (list, tuple)) else [] if axis is None else [axis]
    if any(isinstance(a, bool) or not isinstance(a, (int, np.integer)) for a in axes):
        raise ValueError(
            f"Argument `axis` must be an integer, a tuple of integers, or None. Received: {axis!r}"
        )
    if axis is None:
        return None
    return tuple(map(int, axes)) if isinstance(axis, (list, tuple)) else int(axis)


def _checked_scale(scale: Any, axis: Any) -> np.ndarray:
    """Returns scales as an array of doubles."""
    try:
        array = np.asarray(scale, "float64")
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if not np.all(np.isfinite(array) & (array > 0.0)):
        raise ValueError(f"Argument `scale` must hold positive finite numbers. Received: {scale!r}")
    if array.ndim > len(_listed(axis)):
        raise ValueError(
            f"Argument `scale` must have no more dimensions than `axis` names. Received: scale of "
            f"shape {array.shape} for axis={axis!r}"
        )
    return array
