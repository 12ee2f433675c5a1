"""A layer that reduces axes, between `keras.ops.sum` and `keras.ops.prod`."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.checks import check_axes
from keras_addmul.layers.reducing import Reducing, without

__all__ = ["AddMulReduce"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMulReduce(Reducing):
    """Reduces axes, such as the members of a set, with a learned operation.

    `y = x_1 (+)_n x_2 (+)_n ...` along the axes is the sum at order 0 and the product at order
    1. The layer learns one order per feature, or one for all features. Members that a mask
    leaves out count as the identity of the operation, and so does a set without members.

    Args:
        axis: The axis to reduce, or several of them; not the first, which is the batch. The
            last one, that of the features, needs `shared=True`.
        keepdims: Whether reduced axes stay, with the size 1.
        shared: Whether all features share one order.
        path: The way from sum to product: `"kneser"` (smooth), `"linear"` (the one in the
            papers) or `"mixture"` (their weighted mean); see `special.addmul`.
        order_initializer: Initializer for the orders; 1/4 by default.
        order_regularizer: Regularizer for the orders, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in [0, 1].
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the number of features is unknown and
            they do not share one order.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `order` of shape `(features,)`, or `()` if shared.

    Input shape:
        `(batch, ..., features)`. A `tf.RaggedTensor` of sets, `(batch, None, features)`, is
        taken where the layer itself is called, with `axis=1`.

    Output shape:
        The same without the reduced axes.

    Masks:
        Of shape `(batch, ...)`. The output has a mask if axes of it are left after the
        batch: it leaves out what nothing was reduced to.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import AddMulReduce
    >>> layer = AddMulReduce(order_initializer="ones")
    >>> x = np.array([[[2.0, 1.0], [3.0, -4.0], [5.0, 2.0]]], "float32")
    >>> layer(x).numpy().round(3)
    array([[30., -8.]], dtype=float32)
    >>> layer(x, mask=np.array([[True, True, False]])).numpy().round(3)
    array([[ 6., -4.]], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    """

    def __init__(
        self,
        axis: int | Sequence[int] = 1,
        keepdims: bool = False,
        shared: bool = False,
        path: str = "kneser",
        order_initializer: Identifier = "default",
        order_regularizer: Identifier = None,
        order_constraint: Identifier = "default",
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            shared, path, order_initializer, order_regularizer, order_constraint, epsilon, **kwargs
        )
        self.axis: int | list[int] = check_axes(axis)
        self.keepdims: bool = bool(keepdims)

    def build(self, input_shape: Shape) -> None:
        self._axes_of(len(input_shape))
        self.create_order(input_shape[-1])

    def check(self, inputs: Any) -> Any:
        """Returns the inputs if they are dense tensors of floats, or ragged sets of them."""
        if getattr(inputs, "ragged", False) is True:  # of a functional model
            return inputs
        super().check(inputs.values if hasattr(inputs, "row_splits") else inputs)
        return inputs

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        self.check(inputs)
        rank = len(inputs.shape)
        axes = self._axes_of(rank)
        if hasattr(inputs, "row_splits"):
            y = self._of_ragged(inputs)
        else:
            if mask is not None:
                mask = mask[(..., *(None,) * (rank - len(mask.shape)))]
                mask = ops.logical_and(mask, ops.ones_like(inputs[..., :1], dtype="bool"))
            y = self.reduced(*self._gathered(inputs, mask, axes))
        for axis in axes if self.keepdims else ():
            y = ops.expand_dims(y, axis)
        return ops.cast(y, self.compute_dtype)

    def _gathered(self, x, mask, axes):
        """The tensor with the axes to reduce as one, its place, and the mask alike."""
        rank = len(x.shape)
        features = () if rank - 1 in axes else (rank - 1,)
        kept = [i for i in range(rank - 1) if i not in axes]
        sizes = ops.shape(x)
        tail = [sizes[i] for i in features]

        def as_one(t, tail):
            t = ops.transpose(t, (*kept, *axes, *features))
            return ops.reshape(t, (*(sizes[i] for i in kept), -1, *tail))

        if mask is not None:
            mask = mask if features else ops.broadcast_to(mask, sizes)
            mask = as_one(mask, [1 for _ in features])
        return as_one(x, tail), -1 - len(features), mask

    def _of_ragged(self, x):
        if self._axes_of(len(x.shape)) != (1,) or len(x.values.shape) != len(x.shape) - 1:
            raise ValueError(
                f"Layer {self.name!r} reduces the ragged axis 1 of ragged tensors, and no other. "
                f"Received: axis={self.axis!r}, an input of shape {tuple(x.shape)}"
            )
        order = special.guarded(self.order)
        values = ops.cast(x.values, order.dtype)
        return special.addmul_segment(
            values, x.value_rowids(), ops.cast(x.nrows(), "int32"), order, **self.how()
        )

    def _axes_of(self, rank):
        """The axes to reduce of an input of this rank, counted from the first one."""
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        found = tuple(sorted({a + rank if a < 0 else a for a in axes}))
        if found[0] < 1 or found[-1] >= rank:
            raise ValueError(
                f"Argument `axis` must name axes of the input after the first, which is the "
                f"batch. Received: axis={self.axis!r}, an input of rank {rank}"
            )
        if found[-1] == rank - 1 and not self.shared:
            raise ValueError(
                "Argument `axis` must leave out the last axis, that of the features, unless "
                f"`shared` is True. Received: axis={self.axis!r}, an input of rank {rank}"
            )
        return found

    def compute_mask(self, inputs: Tensor, mask: Any = None) -> Any:
        """Returns which results have any member, or None if there is but one for each row."""
        if mask is None:
            return None
        axes = tuple(a for a in self._axes_of(len(inputs.shape)) if a < len(mask.shape))
        left = ops.any(mask, axes, keepdims=self.keepdims) if axes else mask
        return left if len(left.shape) > 1 else None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape without the reduced axes."""
        return without(input_shape, self._axes_of(len(input_shape)), self.keepdims)

    def get_config(self) -> Config:
        return {**super().get_config(), "axis": self.axis, "keepdims": self.keepdims}
