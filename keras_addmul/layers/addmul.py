"""A merge layer between `keras.layers.Add` and `keras.layers.Multiply`."""

import functools
from typing import Any

import keras
from keras import ops

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import check_number, check_path
from keras_addmul.layers.constraints import Interval
from keras_addmul.special.shared import broadcast

__all__ = ["AddMul"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMul(BaseLayer):
    """Merges tensors with a learned operation between sum and product.

    `y = x_1 (+)_n x_2 (+)_n ...` is `keras.layers.Add` at order 0 and
    `keras.layers.Multiply` at order 1. The layer learns one order per feature, or one for
    all features. Shapes broadcast and masks combine as in those two layers.

    Args:
        shared: Whether all features share one order.
        path: The way from sum to product: `"kneser"` (smooth), `"linear"` (the one in the
            papers) or `"mixture"` (their weighted mean); see `special.addmul`.
        order_initializer: Initializer for the orders; 1/4 by default.
        order_regularizer: Regularizer for the orders, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in
            [0, 1].
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the shapes of the inputs do not
            broadcast.
        TypeError: If an input is sparse or does not hold floats.

    Weights:
        `order` of shape `(features,)`, or `()` if shared.

    Input shape:
        A list of tensors whose shapes broadcast to `(batch, ..., features)`. A tensor of
        lower rank gets new axes right after the batch axis.

    Output shape:
        `(batch, ..., features)`

    Masks:
        If every input has a mask, the output is masked where all of them are; otherwise it
        has no mask. As the order goes from 0 to 1, a masked number moves from its own value,
        which `keras.layers.Add` adds, to the 1 that `keras.layers.Multiply` puts in its place.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import AddMul
    >>> layer = AddMul(order_initializer="ones")
    >>> x = np.array([[2.0, -3.0]], "float32")
    >>> layer([x, x, x]).numpy().round(3)
    array([[  8., -27.]], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    """

    def __init__(
        self,
        shared: bool = False,
        path: str = "kneser",
        order_initializer: Identifier = "default",
        order_regularizer: Identifier = None,
        order_constraint: Identifier = "default",
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        self.path_name: str = check_path(path, kwargs)
        super().__init__(**kwargs)
        self.shared: bool = bool(shared)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe(
            "order",
            order_initializer,
            order_regularizer,
            order_constraint,
            default_initializer=keras.initializers.Constant(0.25),
            default_constraint=Interval(0.0, 1.0),
        )

    def build(self, input_shape: Any) -> None:
        if not _is_list_of_shapes(input_shape):
            raise ValueError(
                f"Layer {self.name!r} merges a list of tensors. Received: {input_shape}"
            )
        try:
            shape = self.compute_output_shape(input_shape)
        except ValueError as error:
            raise ValueError(
                f"Layer {self.name!r} merges tensors whose shapes can be broadcast. "
                f"Received shapes: {input_shape}"
            ) from error
        if len(shape) < 2 or (shape[-1] is None and not self.shared):
            raise ValueError(
                f"Layer {self.name!r} merges tensors with a last dimension that is known, or "
                f"needs `shared=True`. Received shapes: {input_shape}"
            )
        # Half precision would round the order, and with it every output.
        self.order = self.create("order", () if self.shared else (shape[-1],), autocast=False)

    def call(self, inputs: list[Tensor], mask: Any = None) -> Tensor:
        self.check(inputs)
        order = special.guarded(self.order)
        rank = max(len(x.shape) for x in inputs)
        masks = [None] * len(inputs) if mask is None else mask
        merged, kept = [], None
        for x, valid in zip(inputs, masks, strict=True):
            x = _behind_batch(ops.cast(x, order.dtype), rank)
            if valid is not None:
                valid = ops.expand_dims(_behind_batch(valid, rank - 1), -1)
                x = ops.where(valid, x, _towards_one(x, order))
                kept = valid if kept is None else ops.logical_or(kept, valid)
            merged.append(x)
        y = special.addmul_reduce(
            ops.stack(broadcast(*merged)),
            order,
            axis=0,
            path=self.path_name,
            epsilon=self.epsilon,
            limit=special.output_bound(self.compute_dtype),
        )
        if kept is not None and None not in masks:
            y = ops.where(kept, y, (1.0 - order) * y)
        return ops.cast(y, self.compute_dtype)

    def compute_mask(self, inputs: list[Tensor], mask: Any = None) -> Any:
        """Returns the mask of the output, or None if any input has no mask."""
        if mask is None or any(m is None for m in mask):
            return None
        rank = max(len(m.shape) for m in mask)
        return functools.reduce(ops.logical_or, [_behind_batch(m, rank) for m in mask])

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Returns the broadcast shape of the inputs."""
        return tuple(_keras_add().compute_output_shape([tuple(shape) for shape in input_shape]))

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "shared": self.shared,
            "path": self.path_name,
            "epsilon": self.epsilon,
        }


@functools.cache
def _keras_add() -> keras.layers.Layer:
    """A Keras layer whose shape rules apply; named, so that it uses up no automatic name."""
    return keras.layers.Add(name="shapes")


def _is_list_of_shapes(input_shape: Any) -> bool:
    return (
        isinstance(input_shape, (list, tuple))
        and len(input_shape) > 0
        and all(isinstance(shape, (list, tuple)) for shape in input_shape)
    )


def _behind_batch(x: Tensor, rank: int) -> Tensor:
    """Returns `x` with new axes after the first, up to `rank`."""
    for _ in range(rank - len(x.shape)):
        x = ops.expand_dims(x, 1)
    return x


def _towards_one(x: Tensor, order: Tensor) -> Tensor:
    """Returns `x` at order 0 and 1 at order 1, even where `x` is not finite."""
    ends = order >= 1.0
    return ops.where(ends, 1.0, (1.0 - order) * x + order)
