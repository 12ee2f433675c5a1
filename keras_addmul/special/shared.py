"""Elementwise functions with a gradient of their own, traced once for all their uses."""

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special.gradients import custom_gradient
from keras_addmul.tracing import StaticShape, traced

__all__ = ["broadcast", "elementwise"]


def elementwise(
    value: Callable[..., Tensor], gradient: Callable[..., Sequence[Tensor | None]]
) -> Callable[..., Tensor]:
    """Returns the function with these values and these slopes.

    In a graph each use is three nodes, and all uses share one traced body (`tracing.traced`, whose
    rules hold here, too). The tensors are broadcast against each other inside.

    Args:
        value: Maps tensors, and Python values by keyword, to the result. Its own derivatives
            are never used, so nothing in it needs to guard them.
        gradient: Maps the tensors, the result, the gradient of the result (`upstream`), and
            the same values by keyword, to one gradient for each tensor, None where there is
            none. Each has the shape of the result; it is summed to that of its tensor
            afterwards. Second derivatives are those of this function, with the result
            differentiated by it as well.

    Returns:
        Function of the tensors and the keywords.
    """
    traced_value = traced(value)

    def flows(*tensors_and_more, **static):
        tensors = tensors_and_more[:-2]
        found = gradient(*tensors_and_more, **static)
        return [
            ops.zeros_like(t) if flow is None else _summed_like(t, flow)
            for t, flow in zip(tensors, found, strict=True)
        ]

    traced_flows = traced(flows, shape=_shapes_of_arguments)

    def attached(y, *tensors, **static):
        """`y`, the known result, with the derivatives of the function."""

        @custom_gradient
        def f(y, *tensors):
            def grad(upstream):
                again = attached(y, *tensors, **static)
                return None, *traced_flows(*tensors, again, upstream, **static)

            return y, grad

        # Copies, since a gradient may be part of another graph than the value.
        return f(*(ops.copy(t) for t in (y, *tensors)))

    def call(*tensors: Tensor, **static: Any) -> Tensor:
        @custom_gradient
        def f(*tensors):
            y = traced_value(*tensors, **static)

            def grad(upstream):
                again = attached(y, *tensors, **static)
                return traced_flows(*tensors, again, upstream, **static)

            return y, grad

        return f(*_unambiguous(*tensors))

    return call


def broadcast(*tensors: Tensor) -> Sequence[Tensor]:
    """Returns the tensors, broadcast to their common shape."""
    if len({tuple(t.shape) for t in tensors}) == 1 and None not in tuple(tensors[0].shape):
        return tensors
    shape = ops.shape(sum(ops.zeros_like(t) for t in tensors))
    return [ops.broadcast_to(t, shape) for t in tensors]


def _unambiguous(*tensors):
    """Broadcasts the tensors beforehand, if their static shapes leave open along which axes."""
    rank = max(len(t.shape) for t in tensors)
    for axis in range(-1, -rank - 1, -1):
        sizes = [t.shape[axis] for t in tensors if len(t.shape) >= -axis and t.shape[axis] != 1]
        if None in sizes and len(sizes) > 1:
            return broadcast(*tensors)
    return tensors


def _summed_like(tensor, flow):
    """Sums a gradient over the axes along which its tensor was broadcast."""
    extra = len(flow.shape) - len(tensor.shape)
    if extra:
        flow = ops.sum(flow, axis=tuple(range(extra)))
    axes = tuple(
        axis
        for axis, (own, full) in enumerate(zip(tensor.shape, flow.shape, strict=True))
        if own == 1 and full != 1
    )
    return ops.sum(flow, axis=axes, keepdims=True) if axes else flow


def _shapes_of_arguments(*tensors_and_more: Tensor) -> list[StaticShape]:
    return [tuple(t.shape) for t in tensors_and_more[:-2]]
