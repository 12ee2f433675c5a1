"""Base of the layers that reduce sets of numbers by a learned operation."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Tensor
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import check_number, check_path
from keras_addmul.layers.constraints import Interval

__all__ = ["Reducing", "without"]


class Reducing(BaseLayer):
    """Base of the layers that reduce sets of numbers: one learned order per feature.

    Args:
        shared: Whether all features share one order.
        path: The way from sum to product, as for `special.addmul`.
        order_initializer, order_regularizer, order_constraint: Of the orders.
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid.
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
        # `path` itself is what Keras calls the name of a layer inside its model.
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

    def create_order(self, features: int | None) -> None:
        """Creates the orders, in full precision: half would round them, and every output.

        Raises:
            ValueError: If the number of features is unknown and they do not share one order.
        """
        if features is None and not self.shared:
            raise ValueError(
                f"Layer {self.name!r} needs to know the number of features, or `shared=True`. "
                "Received: an input with an unknown number of features"
            )
        self.order: Any = self.create("order", () if self.shared else (features,), autocast=False)

    def how(self) -> dict[str, Any]:
        """The arguments of the functions in `special`."""
        limit = special.output_bound(self.compute_dtype)
        return {"path": self.path_name, "epsilon": self.epsilon, "limit": limit}

    def reduced(self, x: Tensor, axis: int, mask: Any = None) -> Tensor:
        """Reduces an axis of a tensor whose last axis holds the features."""
        order = special.guarded(self.order)
        x = ops.cast(x, order.dtype)
        return special.addmul_reduce(x, order, axis, mask, **self.how())

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "shared": self.shared,
            "path": self.path_name,
            "epsilon": self.epsilon,
        }


def without(shape: Sequence[Any], axis: Sequence[int], keepdims: bool = False) -> tuple[Any, ...]:
    """Returns a shape without some axes, or with 1 in their places."""
    if keepdims:
        return tuple(1 if i in axis else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in axis)
