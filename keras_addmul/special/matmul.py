"""The matrix product whose sums are the operation between sum and product."""

import functools
import math

import numpy as np
from keras import ops

from keras_addmul.special.dtypes import as_floats, guarded, in_working_dtype
from keras_addmul.special.gradients import custom_gradient
from keras_addmul.special.iterate import exp_iterate
from keras_addmul.special.operation import from_sums
from keras_addmul.special.signed import cos_pi, signed_exp_iterate, towards_log

__all__ = ["addmul_matmul", "free_matmul", "product_of_signs"]

# Interpolating the logarithmic growth of an input in its order is easiest relative
# to that of this one; measured, as the next, in tests/benchmarks/interpolation.py.
_TYPICAL = 20.0
# How near to order 1 the nodes stop crowding, so that the slope stays bounded there.
_CROWDING = 2.0**-10


def addmul_matmul(x, kernel, n, *, nodes=16, epsilon=0.0, limit=None, solution="kneser"):
    """`y_i = (+)_{n_i} over j of x_j`, each weighted by `kernel[j, i]`.

        y_i = exp_iterate(sum_j kernel[j, i] exp_iterate(x_j, -n_i), n_i)

    Weights are coefficients at order 0 and exponents at order 1, where the
    result is `prod_j x_j ** kernel[j, i]`.

    Units of one order share the iterates of the inputs. There are three cases:

    - one order for all units, or `groups` orders for as many blocks of
      neighbouring units: exact, one elementwise pass and one product for each;
    - an order for each unit, up to `nodes` of them: exact, likewise;
    - an order for each of more units: the iterates are taken at `nodes` fixed
      orders and interpolated, exactly at orders 0 and 1. With 16 nodes the error
      of an iterate, relative to the larger of it and 1, is 3e-7 for magnitudes
      in [0.1, 10], 1e-4 in [0.01, 100] and 3e-3 in [0.001, 1000].

    Args:
        x: Tensor of shape `(..., inputs)`, of either sign.
        kernel: Tensor of shape `(inputs, units)`.
        n: Orders in [0, 1]: a scalar, `(groups,)` where groups divides units,
            or `(units,)`.
        nodes: How many orders are interpolated between; None for never.
        epsilon: Floor of the magnitudes towards order 1; see `signed_exp_iterate`.
        limit: Bound of the results' magnitude, as for `exp_iterate`, or None.
        solution: `"kneser"` or `"linear"`.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        ValueError: If the shapes do not fit, or `nodes` are fewer than 2.

    Example:
    >>> import numpy as np
    >>> from keras_addmul import special
    >>> x, kernel = np.array([[2.0, 7.0]], "float32"), np.ones((2, 3), "float32")
    >>> np.round(special.addmul_matmul(x, kernel, [0.0, 0.5, 1.0]), 3)
    array([[ 9.   , 11.904, 14.   ]], dtype=float32)
    """
    (x, kernel), dtype = as_floats(x=x, kernel=kernel)
    (n,), _ = as_floats(n=n)
    units, groups = _sizes(x, kernel, n)
    if nodes is not None and (not isinstance(nodes, (int, np.integer)) or nodes < 2):
        raise ValueError(
            f"Argument `nodes` must be an integer of at least 2, or None. Received: {nodes!r}"
        )
    if nodes is not None and groups == units and units > nodes:
        total = interpolated_sums(x, kernel, n, nodes, epsilon, solution)
    else:
        total = exact_sums(x, kernel, n, epsilon, solution)
    orders = ops.repeat(n, units // groups) if len(n.shape) else n
    y = from_sums(total, orders, None, solution, limit)
    return ops.cast(y * ops.cast(product_of_signs(x, kernel, orders), y.dtype), dtype)


def product_of_signs(x, kernel, n):
    """`cos(pi n (x < 0) @ kernel)`: at order 1 and whole exponents, the sign of the product.

    It costs a matrix product where a number is negative, and nothing elsewhere.
    """
    kernel, n = ops.cast(kernel, n.dtype), ops.broadcast_to(n, kernel.shape[-1:])

    @custom_gradient
    def f(negative, kernel, n):
        some = ops.any(negative > 0.0)
        shape = (*ops.shape(negative)[:-1], kernel.shape[1])

        def grad(upstream):

            def slopes():
                flat = ops.reshape(negative, (-1, kernel.shape[0]))
                count = ops.matmul(flat, kernel)
                # -sin(pi t) = cos(pi (t + 1/2))
                turn = ops.reshape(upstream, (-1, kernel.shape[1])) * math.pi
                turn = turn * cos_pi(n * count + 0.5)
                in_kernel = ops.matmul(ops.transpose(flat), turn * n)
                return in_kernel, ops.sum(turn * count, axis=0)

            def nothing():
                return ops.zeros_like(kernel), ops.zeros_like(n)

            return None, *ops.cond(some, slopes, nothing)

        signs = ops.cond(
            some, lambda: cos_pi(n * ops.matmul(negative, kernel)), lambda: ops.ones(shape, n.dtype)
        )
        return signs, grad

    return f(ops.cast(x < 0.0, n.dtype), kernel, n)


def _sizes(x, kernel, n):
    if len(kernel.shape) != 2 or len(x.shape) < 1 or x.shape[-1] != kernel.shape[0]:
        raise ValueError(
            "Argument `kernel` must have shape (inputs, units), with inputs the last dimension of "
            f"`x`. Received: x of shape {tuple(x.shape)}, kernel of shape {tuple(kernel.shape)}"
        )
    units = kernel.shape[1]
    groups = n.shape[0] if len(n.shape) == 1 else 1
    if len(n.shape) > 1 or groups == 0 or units % groups:
        raise ValueError(
            "Argument `n` must be a scalar or have shape (groups,), where groups divides the "
            f"{units} units. Received: n of shape {tuple(n.shape)}"
        )
    return units, groups


def exact_sums(x, kernel, n, epsilon, solution):
    def terms(x, n):
        return ops.cast(towards_log(x, n, epsilon, solution), kernel.dtype)

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


def interpolated_sums(x, kernel, n, nodes, epsilon, solution):
    """`exact_sums` for an order per unit, in `nodes` passes and products."""
    inputs, units = kernel.shape
    at, _, _ = nodes_of(nodes)
    orders = ops.convert_to_tensor(at[:, None, None], n.dtype)
    terms = towards_log(ops.reshape(x, (-1, inputs)), orders, epsilon, solution)
    # One tall product: the nodes are stacked on the batch, and weighted unit by unit after.
    products = ops.matmul(ops.cast(ops.reshape(terms, (-1, inputs)), kernel.dtype), kernel)
    products = ops.reshape(products, (nodes, -1, units))
    weights = in_working_dtype(lambda dtype, n: _cardinal(n, nodes, solution, dtype), n=n)
    # Guarded: the slopes of the weights alternate, and huge flows would meet as inf - inf.
    weights = ops.cast(guarded(weights), kernel.dtype)[:, None, :]
    return ops.reshape(ops.sum(weights * products, axis=0), (*ops.shape(x)[:-1], units))


def _cardinal(n, nodes, solution, dtype):
    """Matrix `(nodes, units)`: what each node counts for at each order.

    Lagrange's polynomials in a coordinate that crowds the nodes towards order 1, where
    the logarithm is. At a node they are exact, and so is their slope.
    """
    at, places, scales = (
        ops.convert_to_tensor(numbers[:, None], dtype) for numbers in nodes_of(nodes)
    )
    apart = _coordinate(n) - places
    own = np.eye(nodes, dtype=bool)[:, :, None]
    factors = ops.where(own, ops.ones_like(apart[None]), apart[None])
    cardinal = scales * functools.reduce(ops.multiply, ops.unstack(factors, nodes, axis=1))
    typical = exp_iterate(_TYPICAL, -n, solution)
    weights = cardinal * typical / exp_iterate(_TYPICAL, -at, solution)
    here = ops.equal(n, at)
    exact = ops.where(ops.any(here, axis=0), ops.cast(here, dtype), weights)
    return weights + ops.stop_gradient(exact - weights)


@functools.cache
def nodes_of(count):
    """Orders, their coordinates (Chebyshev-Lobatto points), and scales of Lagrange's products."""
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


def free_matmul(x, kernel, bias, n_in, n_out, *, epsilon=0.0, limit=None, solution="kneser"):
    """`exp_iterate(exp_iterate(x, n_in) @ kernel + bias, n_out)`, for either sign.

    Zeros make it a dense layer; `n_in = -1` and `n_out = 1` multiply powers of the
    inputs, with their signs.

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor of shape `(inputs, units)`.
        bias: Tensor of shape `(units,)`, or None.
        n_in: Orders of shape `(inputs,)`.
        n_out: Orders of shape `(units,)`.
        epsilon: Floor of the magnitudes towards order -1; see `signed_exp_iterate`.
        limit: Bound of the results' magnitude, as for `exp_iterate`, or None.
        solution: `"kneser"` or `"linear"`.

    Returns:
        Tensor of shape `(..., units)`.
    """
    (x, kernel), dtype = as_floats(x=x, kernel=kernel)
    (n_in, n_out), _ = as_floats(n_in=n_in, n_out=n_out)
    _sizes(x, kernel, n_out)
    terms = ops.cast(signed_exp_iterate(x, n_in, epsilon, solution, limit), dtype)
    total = ops.matmul(terms, kernel)
    total = total if bias is None else total + bias
    y = signed_exp_iterate(total, n_out, epsilon, solution, limit)
    # How far towards the logarithm an input went is how far its sign is still owed.
    owed = ops.cast(ops.maximum(-n_in, 0.0), dtype)[:, None] * kernel
    signs = product_of_signs(x, owed, ops.maximum(n_out, 0.0))
    return ops.cast(y * ops.cast(signs, y.dtype), dtype)
