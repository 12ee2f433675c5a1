"""The operation over a choice of the inputs: each is taken, inverted or left out.

References:
    - The gate `w x + 1 - w` of [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016),
      who have it for products of weights in [0, 1].
"""

import math

from keras import ops

from keras_addmul.special.dtypes import in_working_dtype, output_bound
from keras_addmul.special.iterate import exp_iterate
from keras_addmul.special.operation import from_sums, identity
from keras_addmul.special.signed import cos_pi

__all__ = ["addmul_select"]


def addmul_select(x, kernel, n, *, epsilon=0.0, limit=None, solution="kneser"):
    """`y_i = (+)_{n_i} over j of g_ij`, where the kernel says what part input j takes in unit i.

        g_ij = w x_j + (1 - w) e              for w = kernel[j, i] >= 0
        g_ij = -w inverse(x_j) + (1 + w) e    for w < 0

    with e the identity element and the inverse of order n_i: 0 and `-x` at order 0,
    where `y = x @ kernel`, and 1 and `1/x` at order 1, where it is a product of
    inputs and their inverses. A weight of 1 takes the input, -1 its inverse, and 0
    leaves it out, at every order. At orders 0 and 1 values and slopes are those of
    the sum and of the product, for inputs and gates of either sign and for zero.

    Where a unit takes or inverts a negative input, it is between the orders what lies
    between sum and product on the straight line, `(1 - n) sum + n product`: a gate
    goes through zero on its way from 1 to a negative input, and any function of its
    logarithm would have a wall there.

    Args:
        x: Tensor of shape `(..., inputs)`, of either sign.
        kernel: Tensor of shape `(inputs, units)`, in [-1, 1].
        n: Orders in [0, 1]: a scalar, or shape `(units,)`.
        epsilon: Floor of the magnitudes that are inverted, or whose logarithm is taken.
        limit: Bound of the results' magnitude, as for `exp_iterate`, or None.
        solution: `"kneser"` or `"linear"`.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        ValueError: If the shapes do not fit.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> x, kernel = np.array([[6.0, 3.0]], "float32"), np.array([[1.0], [-1.0]], "float32")
    >>> [float(special.addmul_select(x, kernel, n)[0, 0]) for n in (0.0, 1.0)]
    [3.0, 2.0]
    """

    def in_dtype(dtype, x, kernel, n):
        _check_shapes(x, kernel, n)
        bound = limit or output_bound(dtype)
        taken = kernel >= 0.0  # so that at 0 the slope is that of taking, and not none
        size = ops.where(taken, kernel, -kernel)
        at_sum = _held(ops.matmul(x, kernel), limit)
        at_product = _product(x[..., None], size, taken, epsilon, bound, solution)
        negative = ops.logical_and(x[..., None] < 0.0, size > 0.0)
        across = ops.any(negative, axis=-2)
        # Negative inputs go the other way, and 1 stands for them on this one. At an end
        # it has the slope in the order, and the end itself the others.
        end = ops.logical_or(n == 0.0, n == 1.0)
        other = ops.where(x < 0.0, ops.ones_like(x), x)[..., None]
        other, share = (ops.where(end, ops.stop_gradient(v), v) for v in (other, size))
        between = _between(other, share, taken, n, epsilon, limit, solution)
        ends = ops.where(n == 0.0, at_sum, at_product) + _only_slope(between)
        along = ops.where(end, ends, between)
        return ops.where(across, (1.0 - n) * at_sum + n * at_product, along)

    return in_working_dtype(in_dtype, x=x, kernel=kernel, n=n)


def _check_shapes(x, kernel, n):
    if len(kernel.shape) != 2 or len(x.shape) < 1 or x.shape[-1] != kernel.shape[0]:
        raise ValueError(
            "Argument `kernel` must have shape (inputs, units), with inputs the last dimension of "
            f"`x`. Received: x of shape {tuple(x.shape)}, kernel of shape {tuple(kernel.shape)}"
        )
    if tuple(n.shape) not in ((), (1,), (kernel.shape[1],)):
        raise ValueError(
            f"Argument `n` must be a scalar or have shape ({kernel.shape[1]},), one order for each "
            f"column of the kernel. Received: n of shape {tuple(n.shape)}"
        )


def _held(y, limit):
    """`y` held at the limit, with its slope."""
    return y if limit is None else ops.clip(ops.stop_gradient(y), -limit, limit) + _only_slope(y)


def _product(x, size, taken, epsilon, bound, solution):
    """The result at order 1: the product of the gates, bounded."""
    magnitude = ops.maximum(ops.where(x < 0.0, -x, x), epsilon)
    divisor = ops.where(taken, ops.ones_like(magnitude), magnitude)
    part = ops.where(taken, x, ops.where(x < 0.0, -1.0 / divisor, 1.0 / divisor))
    gates = size * part + (1.0 - size)
    # The product itself has the right slope at zero, where the logarithm has none. No
    # partial product may overflow, which is what its gradient is made of.
    logs = ops.log(ops.maximum(ops.abs(gates), max(epsilon, 1e-30)))
    fits = ops.sum(ops.abs(logs), axis=-2, keepdims=True) < math.log(bound)
    product = ops.prod(ops.where(fits, gates, ops.ones_like(gates)), axis=-2)
    total = ops.sum(ops.where(fits, ops.zeros_like(logs), logs), axis=-2)
    negatives = ops.sum(ops.cast(gates < 0.0, gates.dtype), axis=-2)
    beyond = exp_iterate(total, 1.0, solution, bound) * cos_pi(negatives)
    return ops.where(ops.squeeze(fits, axis=-2), product, beyond)


def _between(x, size, taken, n, epsilon, limit, solution):
    """The definition itself, for inputs that are not negative."""
    terms = _to_sums(x, n, epsilon, solution)
    part = ops.where(taken, x, from_sums(-terms, n, None, solution))
    gates = size * part + (1.0 - size) * identity(n, solution)
    total = ops.sum(_to_sums(gates, n, epsilon, solution), axis=-2)
    negatives = ops.sum(ops.cast(gates < 0.0, gates.dtype), axis=-2)
    return from_sums(total, n, negatives, solution, limit)


def _to_sums(x, n, epsilon, solution):
    """`special.to_sums`, whose slope in the order is the true one at order 0 too."""
    negative, zero = x < 0.0, n == 0.0
    floor = ops.where(zero, ops.zeros_like(n), ops.full_like(n, epsilon))
    iterate = exp_iterate(ops.maximum(ops.where(negative, -x, x), floor), -n, solution)
    turned = ops.where(negative, iterate, ops.zeros_like(iterate)) * cos_pi(1.0 - n)
    return ops.where(negative, turned, iterate)


def _only_slope(y):
    """Zero, with the gradient of `y`."""
    return y - ops.stop_gradient(y)
