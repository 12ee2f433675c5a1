"""A layer for message passing: what reaches a node is combined by a learned operation."""

from typing import Any

import keras
from keras import ops

from keras_addmul import special
from keras_addmul.annotations import Shape, Tensor
from keras_addmul.layers.checks import check_float_input
from keras_addmul.layers.reducing import Reducing

__all__ = ["GraphAddMulAggregation"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class GraphAddMulAggregation(Reducing):
    """Combines the features of the neighbours of each node with a learned operation.

        y_i = x_j (+)_n x_k (+)_n ...    over the edges j -> i, k -> i, ...

    It is the sum over the neighbours, as in most graph networks, at order 0, and their product
    at order 1. The layer learns one order per feature, or one for all features. A node that no
    edge reaches gets the identity of the operation: 0 for a sum, 1 for a product.

    Args:
        shared: Whether all features share one order.
        path: The way from sum to product: `"kneser"` (smooth), `"linear"` (the one in the
            papers) or `"mixture"` (their weighted mean); see `special.addmul`.
        order_initializer: Initializer for the orders; 1/4 by default.
        order_regularizer: Regularizer for the orders, or None.
        order_constraint: Constraint on the orders, or None. The default keeps them in [0, 1].
        epsilon: Floor on the magnitudes whose logarithm is taken.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the input is no list of nodes and edges.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `order` of shape `(features,)`, or `()` if shared.

    Input shape:
        A list of nodes, `(batch, nodes, features)`, and edges, integers of shape
        `(batch, edges, 2)`: source and target of each. Edges with a number that is no node,
        such as -1, are padding. Without the axis `batch` in both, the nodes are those of one graph.

    Output shape:
        That of the nodes.

    Masks:
        A mask of the nodes, `(batch, nodes)`, leaves out the edges that start at the others,
        and is passed on.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import GraphAddMulAggregation
    >>> nodes = np.array([[2.0], [3.0], [5.0]], "float32")
    >>> edges = np.array([[0, 2], [1, 2], [2, 0]])
    >>> layer = GraphAddMulAggregation(order_initializer="ones")
    >>> layer([nodes, edges]).numpy().round(3).ravel()
    array([5., 1., 6.], dtype=float32)

    References:
        - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
        - [Gilmer et al., 2017](https://arxiv.org/abs/1704.01212)
    """

    def build(self, input_shape: Any) -> None:
        if not _is_pair(input_shape) or len(input_shape[0]) != len(input_shape[1]):
            raise ValueError(
                f"Layer {self.name!r} takes a list of nodes, (batch, nodes, features), and edges, "
                f"(batch, edges, 2). Received: {input_shape}"
            )
        self.create_order(input_shape[0][-1])

    def check(self, inputs: Any) -> Any:
        """Returns the inputs if they are nodes that hold floats, and edges of integers.

        Args:
            inputs: List of nodes and edges.

        Raises:
            ValueError: If they are not two tensors.
            TypeError: If the nodes are no floats, or the edges no pairs of integers.
        """
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ValueError(
                f"Layer {self.name!r} takes a list of nodes and edges. Received: {inputs!r}"
            )
        nodes, edges = inputs
        check_float_input(self, nodes)
        dtype = keras.backend.standardize_dtype(edges.dtype)
        if not dtype.startswith(("int", "uint")) or edges.shape[-1] not in (2, None):
            raise TypeError(
                f"Layer {self.name!r} ({type(self).__name__}) takes edges as pairs of integers. "
                f"Received: edges of dtype {dtype} and shape {tuple(edges.shape)}"
            )
        return inputs

    def call(self, inputs: list[Tensor], mask: Any = None) -> Tensor:
        nodes, edges = self.check(inputs)
        kept = mask[0] if isinstance(mask, (list, tuple)) else None
        single = len(nodes.shape) == 2
        if single:
            nodes, edges = nodes[None], edges[None]
            kept = None if kept is None else kept[None]
        size = ops.shape(nodes)
        batch, number = size[0], size[1]
        edges = ops.cast(edges, "int32")
        inside = ops.all(ops.logical_and(edges >= 0, edges < number), axis=-1)
        # All graphs of the batch as one, its nodes numbered through.
        first = ops.expand_dims(ops.arange(batch, dtype="int32") * number, -1)
        source = ops.reshape(ops.where(inside, edges[..., 0], 0) + first, (-1,))
        inside = ops.reshape(inside, (-1,))
        if kept is not None:
            kept = ops.take(ops.reshape(kept, (-1,)), source, axis=0)
            inside = ops.logical_and(inside, kept)
        target = ops.where(inside, ops.reshape(edges[..., 1] + first, (-1,)), -1)
        order = special.guarded(self.order)
        rows = ops.cast(ops.reshape(nodes, (-1, size[2])), order.dtype)
        # An empty batch has no row to take.
        rows = ops.pad(rows, [[0, 1], [0, 0]])
        messages = ops.take(rows, source, axis=0)
        y = special.addmul_segment(messages, target, batch * number, order, **self.how())
        y = ops.cast(ops.reshape(y, size), self.compute_dtype)
        return y[0] if single else y

    def compute_mask(self, inputs: list[Tensor], mask: Any = None) -> Any:
        """Returns the mask of the nodes."""
        return mask[0] if isinstance(mask, (list, tuple)) else None

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Returns the shape of the nodes."""
        return tuple(input_shape[0])


def _is_pair(shape: Any) -> bool:
    return (
        isinstance(shape, (list, tuple))
        and len(shape) == 2
        and all(isinstance(each, (list, tuple)) for each in shape)
    )
