"""Weighted sums of iterates, with many units and orders."""

import functools
import math

import numpy as np
from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special.dtypes import clipped_for_squares
from keras_addmul.special.gradients import differentiated_as
from keras_addmul.special.iterate import iterated
from keras_addmul.special.signed import magnitude_towards_log
from keras_addmul.special.solutions import Solution

__all__ = ["exact_sums", "interpolated_sums", "interpolation", "nodes_of"]

# Interpolating the logarithmic growth of an input in its order is easiest relative
# to that of this one; measured, as the next, in tests/benchmarks/interpolation.py.
_TYPICAL = 20.0
# Distance from order 1 at which the nodes stop crowding, so that the slope stays bounded.
_CROWDING = 2.0**-10


def exact_sums(
    x: Tensor, kernel: Tensor, n: Tensor, pieces: Solution, epsilon: float = 0.0
) -> Tensor:
    """The sums of `addmul_matmul`, with the inputs iterated to each unit's own order.

    Args:
        x: Magnitudes of shape `(..., inputs)` in the working dtype of the pieces.
        kernel: Tensor of shape `(inputs, units)`; its dtype is that of the products.
        n: Orders in that working dtype: a scalar, `(groups,)` or `(units,)`.
        pieces: The solution.
        epsilon: Floor on the magnitudes for orders above 0.

    Returns:
        Tensor of shape `(..., units)` in the dtype of the kernel.
    """

    def terms(x, n):
        return ops.cast(magnitude_towards_log(x, n, pieces, epsilon), kernel.dtype)

    units = kernel.shape[1]
    groups = n.shape[0] if len(n.shape) else 1
    if groups == 1:
        return ops.matmul(terms(x, n), kernel)
    if groups == units:
        return ops.sum(terms(x[..., None], n) * kernel, axis=-2)
    inputs, size = kernel.shape[0], units // groups
    blocks = ops.transpose(ops.reshape(kernel, (inputs, groups, size)), (1, 0, 2))
    flat = ops.reshape(x, (-1, inputs))
    products = ops.matmul(terms(flat, ops.reshape(n, (groups, 1, 1))), blocks)
    return ops.reshape(ops.transpose(products, (1, 0, 2)), (*ops.shape(x)[:-1], units))


def interpolated_sums(
    x: Tensor, kernel: Tensor, n: Tensor, nodes: int, pieces: Solution, epsilon: float = 0.0
) -> Tensor:
    """`exact_sums` for one order per unit, interpolated, in `nodes` passes and products."""
    inputs, units = kernel.shape
    orders, weights = interpolation(n, nodes, pieces)
    flat = ops.reshape(x, (-1, inputs))
    terms = magnitude_towards_log(flat, orders[:, None, None], pieces, epsilon)
    # One tall product: stacks the nodes on the batch, then weights them for each unit.
    products = ops.matmul(ops.cast(ops.reshape(terms, (-1, inputs)), kernel.dtype), kernel)
    products = ops.reshape(products, (nodes, -1, units))
    weights = ops.cast(weights, kernel.dtype)[:, None, :]
    return ops.reshape(ops.sum(weights * products, axis=0), (*ops.shape(x)[:-1], units))


def interpolation(n: Tensor, nodes: int, pieces: Solution) -> tuple[Tensor, Tensor]:
    """The orders of the nodes, and the weight of each of them at each order in `n`.

    The weights have the shape `(nodes, *shape of n)`.
    """
    at, _, _ = nodes_of(nodes)
    # Clipped: the slopes of the weights alternate in sign, and huge gradients would give
    # inf - inf.
    return ops.convert_to_tensor(at, n.dtype), clipped_for_squares(_cardinal(n, nodes, pieces))


def _cardinal(n, nodes, pieces):
    """Matrix `(nodes, units)`: the weight of each node at each order.

    The weights are Lagrange polynomials in a coordinate that crowds the nodes towards order 1,
    where the logarithm is. They are exact at the nodes; their slopes are those of the
    polynomials everywhere.
    """
    at, places, scales, typical = (
        ops.convert_to_tensor(numbers, n.dtype)
        for numbers in (*(row[:, None] for row in nodes_of(nodes)), _TYPICAL)
    )
    apart = _coordinate(n) - places
    own = np.eye(nodes, dtype=bool)[:, :, None]
    factors = ops.where(own, ops.ones_like(apart[None]), apart[None])
    cardinal = scales * functools.reduce(ops.multiply, ops.unstack(factors, nodes, axis=1))
    weights = cardinal * iterated(typical, -n, pieces) / iterated(typical, -at, pieces)
    here = ops.equal(n, at)
    exact = ops.where(ops.any(here, axis=0), ops.cast(here, n.dtype), weights)
    return differentiated_as(exact, weights)


@functools.cache
def nodes_of(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orders, their coordinates (Chebyshev-Lobatto points), and scales of Lagrange products."""
    low, high = math.sqrt(_CROWDING), math.sqrt(1.0 + _CROWDING)
    t = (1.0 - np.cos(np.pi * np.arange(count) / (count - 1))) / 2.0
    places = high - (high - low) * t
    orders = 1.0 + _CROWDING - places**2
    orders[[0, -1]] = 0.0, 1.0
    gaps = places[:, None] - places + np.eye(count)
    return orders, places, 1.0 / np.prod(gaps, axis=1)


def _coordinate(n):
    # `where` rather than `minimum`, which halves or drops the gradient at the tie.
    return ops.sqrt(1.0 + _CROWDING - ops.where(n > 1.0, ops.ones_like(n), n))
