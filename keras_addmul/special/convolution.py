"""Convolutions with the operation between sum and product in place of the sum.

A convolution is a sum over a window, so that everything `addmul_matmul` makes of sums over the
inputs, it makes of them here: each number is iterated once, and not once for every window that
holds it, and what is iterated is convolved. Zeros around it are the identity of the operation:
they add nothing to a sum, and no logarithm to a product.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special.bounding import bounded_exp, held, is_negative, magnitude, sign_of_count
from keras_addmul.special.branching import branching_pays
from keras_addmul.special.dtypes import (
    LARGEST,
    clipped_for_squares,
    dtype_of,
    output_bound,
    working_dtype,
)
from keras_addmul.special.gradients import clipped_gradient, custom_gradient, differentiated_as
from keras_addmul.special.parity import sizes_of_signs
from keras_addmul.special.separable import coefficients, functions, products_within
from keras_addmul.special.signed import magnitude_towards_log, towards_exp
from keras_addmul.special.solutions import get_path
from keras_addmul.special.weighted_sums import interpolation

__all__ = ["Windows", "convolved"]

# Up to this many channels, a convolution without groups, whose kernel holds zeros, is faster on
# CPU than one with groups: 5 and 24 ms for 16 channels, 85 and 230 ms for 128.
_SPREAD = 256


class Windows(NamedTuple):
    """How the windows of a convolution lie, and the sums over them.

    Attributes:
        strides: Distance between windows along each axis of positions.
        padding: `"valid"`, `"same"` or `"causal"`, as in Keras.
        dilation: Distance between the numbers of a window along each axis.
    """

    strides: Sequence[int]
    padding: str
    dilation: Sequence[int]

    def sums(self, x: Tensor, kernel: Tensor) -> Tensor:
        """Returns the convolution, with zeros around the positions.

        Args:
            x: Tensor of shape `(batch, *positions, channels)`.
            kernel: Tensor of shape `(*size, channels / groups, filters)`.

        Returns:
            Tensor of shape `(batch, *windows, filters)`.
        """
        if x.shape[0] == 0:  # TensorFlow's convolutions give an empty batch a wrong shape
            return self.sums(ops.zeros((1, *x.shape[1:]), x.dtype), kernel)[:0]
        channels, (*_, inputs, filters) = x.shape[-1], kernel.shape
        if inputs < channels <= _SPREAD and branching_pays():
            own = np.eye(channels // inputs, dtype=dtype_of(kernel))
            own = np.repeat(np.repeat(own, inputs, axis=0), filters * inputs // channels, axis=1)
            # The channels of the other groups count with weight 0.
            repeated = ops.tile(kernel, (*(1,) * (len(kernel.shape) - 2), channels // inputs, 1))
            kernel = repeated * own
        size, padding = kernel.shape[:-2], self.padding
        if padding == "causal":
            before = [(s - 1) * d for s, d in zip(size, self.dilation, strict=True)]
            x, padding = ops.pad(x, [(0, 0), *((b, 0) for b in before), (0, 0)]), "valid"
        return ops.conv(
            x,
            kernel,
            tuple(self.strides),
            padding=padding,
            data_format="channels_last",
            dilation_rate=tuple(self.dilation),
        )


def convolved(
    x: Tensor,
    kernel: Tensor,
    n: Tensor,
    parity: Tensor,
    over: Windows,
    mask: Tensor | None = None,
    *,
    nodes: int | None = 6,
    path: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """`addmul_matmul` of each window of a tensor, in the working dtype.

    Args:
        x: Tensor of shape `(batch, *positions, channels)`, of either sign.
        kernel: Tensor of shape `(*size, channels / groups, filters)`.
        n: Orders in [0, 1], of shape `()` or `(filters,)`.
        parity: Tensor like `kernel`, in [0, 1].
        over: The windows.
        mask: Booleans of shape `(batch, *positions)`, or None. Positions where it is False count
            as padding.
        nodes, path, epsilon, limit: As for `addmul_matmul`.

    Returns:
        Tensor of shape `(batch, *windows, filters)`.
    """
    inner = working_dtype(dtype_of(x), dtype_of(kernel), dtype_of(n))
    x, kernel, n, parity = (ops.cast(t, inner) for t in (x, kernel, n, parity))
    inside = ops.ones_like(x[:1] if mask is None else x)
    if mask is not None:
        inside = inside * ops.cast(mask, inner)[..., None]
        x = ops.where(mask[..., None], x, ops.zeros_like(x))
    pieces_of = get_path(path)
    steepest = output_bound(inner)
    size, most = magnitude(x), limit or LARGEST[inner] / 8.0
    logs = ops.log(ops.maximum(size, max(epsilon, float(np.finfo(inner).tiny)))) * inside
    if pieces_of is None:
        total, power = _together(over, kernel, x, logs)
        total, power = held(total, most), clipped_gradient(power, steepest)
        sign = _signs(x, parity, over)
        return held((1.0 - n) * total + n * bounded_exp(power, most) * sign, limit)
    pieces, minus = pieces_of(inner), ops.where(x < 0.0, 2.0 * x, ops.zeros_like(x))
    separable = path == "kneser" and nodes is not None and nodes < 16
    products = 0 if nodes is None else products_within(nodes) if separable else max(nodes, 16)
    if nodes is None or len(n.shape) == 0 or n.shape[0] <= max(nodes, products):
        positive = _exact(size, inside, kernel, n, over, pieces, epsilon)
        total, power = _together(over, kernel, minus, logs)
    elif separable:
        total, power, linear = _together(over, kernel, minus, logs, size)
        positive = _separable(size, inside, kernel, n, products, over, (linear, power))
    else:
        positive = _interpolated(size, inside, kernel, n, products, over, pieces, epsilon)
        total, power = _together(over, kernel, minus, logs)
    positive, total, power = (clipped_gradient(t, steepest) for t in (positive, total, power))
    positive = towards_exp(positive, n, pieces, limit)
    sign = _signs(x, parity, over)
    y = positive + (1.0 - n) * held(total, most) + n * bounded_exp(power, most) * (sign - 1.0)
    # At order 1 nothing may be lost between infinities.
    y = differentiated_as(ops.where(n == 1.0, positive * sign, y), y)
    return held(y, limit)


def _together(over, kernel, *tensors):
    """The sums of several tensors over the same windows, as one convolution."""
    found = over.sums(ops.concatenate(tensors, axis=0), kernel)
    return ops.split(found, len(tensors), axis=0)


def _exact(size, inside, kernel, n, over, pieces, epsilon):
    """`exact_sums` over windows."""
    if len(n.shape) == 0:
        terms = magnitude_towards_log(size, n, pieces, epsilon) * inside
        return over.sums(terms, kernel)
    channels, (*_, inputs, filters) = size.shape[-1], kernel.shape
    each = filters * inputs // channels  # filters of a group of channels
    found = []
    for place, order in enumerate(ops.unstack(n, filters)):
        first = place // each * inputs
        seen, kept = (t[..., first : first + inputs] for t in (size, inside))
        terms = magnitude_towards_log(seen, order, pieces, epsilon) * kept
        found.append(over.sums(terms, kernel[..., place : place + 1]))
    return ops.concatenate(found, axis=-1)


def _separable(size, inside, kernel, n, products, over, ends):
    """`separable_sums` over windows. `ends` are the sums at orders 0 and 1."""
    # Clipped: the slopes of the coefficients differ in sign, and inf - inf is no gradient.
    weights = clipped_for_squares(coefficients(n, products))
    channels, (*_, inputs, filters) = size.shape[-1], kernel.shape
    count, groups = weights.shape[0] - 3, channels // inputs
    rows, _ = functions(ops.reshape(size, (-1, channels)), products)
    # The channels of a group stand together, for each of the functions.
    rows = ops.reshape(rows, (*ops.shape(size)[:-1], count, groups, inputs))
    rows = rows * ops.reshape(inside, (*ops.shape(inside)[:-1], 1, groups, inputs))
    rank = len(rows.shape)
    rows = ops.transpose(rows, (*range(rank - 3), rank - 2, rank - 3, rank - 1))
    rows = ops.reshape(rows, (*ops.shape(size)[:-1], channels * count))
    wide = ops.expand_dims(kernel, -3) * weights[3:, None, :]
    wide = ops.reshape(wide, (*kernel.shape[:-2], count * inputs, filters))
    constant = over.sums(inside, kernel)
    linear, logs = ends
    rest = over.sums(rows, wide)
    return weights[0] * linear + weights[1] * logs + weights[2] * constant + rest


def _interpolated(size, inside, kernel, n, nodes, over, pieces, epsilon):
    """`interpolated_sums` over windows."""
    orders, weights = interpolation(n, nodes, pieces)
    found = 0.0
    for order, weight in zip(ops.unstack(orders, nodes), ops.unstack(weights, nodes), strict=True):
        terms = magnitude_towards_log(size, order, pieces, epsilon) * inside
        found = found + weight * over.sums(terms, kernel)
    return found


def _signs(x, parity, over):
    """S of each window: the product of `1 - 2 parity` over its negative numbers."""
    _, odd = sizes_of_signs(parity)
    negative = ops.stop_gradient(is_negative(x))
    power = over.sums(negative, _log_of_size(parity))
    return bounded_exp(power, 1.0) * sign_of_count(over.sums(negative, odd))


@custom_gradient
def _log_of_size(parity):
    """The logarithm of `|1 - 2 parity|`, with a floor that hides no slope."""
    size, odd = sizes_of_signs(parity)

    def grad(upstream):
        return -2.0 / (size * (1.0 - 2.0 * odd)) * upstream

    return ops.log(size), grad
