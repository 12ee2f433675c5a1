"""Elementwise functions with a gradient of their own, traced once for all their uses."""

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special.gradients import custom_gradient
from keras_addmul.tracing import traced

__all__ = ["broadcast", "elementwise", "unambiguous"]


def elementwise(
    value: Callable[..., Tensor],
    gradient: Callable[..., Sequence[Tensor]],
    constants: int = 0,
    aligned: bool = False,
) -> Callable[..., Tensor]:
    """Returns the function with these values and these slopes.

    In a graph each use is three nodes, and all uses share one traced body (`tracing.traced`, whose
    rules hold here, too). The tensors are broadcast against each other inside.

    Args:
        value: Maps tensors, and Python values by keyword, to the result. Its own derivatives
            are never used, so nothing in it needs to guard them.
        gradient: Maps the tensors, the result, the gradient of the result (`upstream`), and
            the same values by keyword, to one gradient for each tensor. Each has the shape of
            the result; it is summed to that of its tensor afterwards. Second derivatives are
            those of this function, with the result differentiated by it as well.
        constants: How many tensors, the last ones, have no gradient.
        aligned: Whether sizes that are unknown when the graph is built are never 1 for one tensor
            and more for another. Otherwise such tensors are broadcast before the call.

    Returns:
        Function of the tensors and the keywords.
    """
    traced_value = traced(value)

    def flows(*tensors_and_more, **static):
        found = gradient(*tensors_and_more, **static)
        return [_summed_like(t, flow) for t, flow in zip(tensors_and_more, found, strict=False)]

    def shapes(*tensors_and_more):
        return [tuple(t.shape) for t in tensors_and_more[: -2 - constants]]

    traced_flows = traced(flows, shape=shapes)
    nothing = (None,) * constants

    def attached(y, *tensors, **static):
        """`y`, the known result, with the derivatives of the function."""

        @custom_gradient
        def f(y, *tensors):
            def grad(upstream):
                again = attached(y, *tensors, **static)
                return None, *traced_flows(*tensors, again, upstream, **static), *nothing

            return y, grad

        # Copies, since a gradient may be part of another graph than the value.
        return f(*(ops.copy(t) for t in (y, *tensors)))

    def call(*tensors: Tensor, **static: Any) -> Tensor:
        @custom_gradient
        def f(*tensors):
            y = traced_value(*tensors, **static)

            def grad(upstream):
                again = attached(y, *tensors, **static)
                return *traced_flows(*tensors, again, upstream, **static), *nothing

            return y, grad

        return f(*(tensors if aligned else unambiguous(*tensors)))

    return call


def broadcast(*tensors: Tensor) -> Sequence[Tensor]:
    """Returns the tensors, broadcast to their common shape."""
    if len({tuple(t.shape) for t in tensors}) == 1 and None not in tuple(tensors[0].shape):
        return tensors
    shape = ops.shape(sum(ops.zeros_like(t) for t in tensors))
    return [ops.broadcast_to(t, shape) for t in tensors]


def unambiguous(*tensors: Tensor) -> Sequence[Tensor]:
    """Broadcasts the tensors, if their static shapes leave open along which axes that must be."""
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
