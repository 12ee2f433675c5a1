"""The matrix product whose sums are the operation between sum and product."""

import functools

import numpy as np
from keras import ops

from keras_addmul.special.dtypes import as_floats
from keras_addmul.special.iterate import exp_iterate
from keras_addmul.special.operation import bounded, from_sums, to_sums
from keras_addmul.special.signed import cos_pi, signed_exp_iterate

__all__ = ["addmul_matmul", "any_negative_matmul", "free_matmul"]

# Interpolating the logarithmic growth of an input in its order is easiest relative
# to that of this one; measured in tests/benchmarks/interpolation.py.
_TYPICAL = 30.0


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
      of an iterate, relative to the larger of it and 1, is 1e-6 for magnitudes
      in [0.1, 10], 5e-4 in [0.01, 100] and 1e-2 in [0.001, 1000].

    Args:
        x: Tensor of shape `(..., inputs)`, of either sign.
        kernel: Tensor of shape `(inputs, units)`.
        n: Orders in [0, 1]: a scalar, `(groups,)` where groups divides units,
            or `(units,)`.
        nodes: How many orders are interpolated between; None for never.
        epsilon: Floor of the magnitudes towards order 1; see `signed_exp_iterate`.
        limit: Bound of the results; see `bounded`. None for no bound.
        solution: `"kneser"` or `"linear"`.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        ValueError: If the shapes do not fit.

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
    if nodes is not None and groups == units and units > nodes:
        total = _interpolated(x, kernel, n, nodes, epsilon, solution)
    else:
        total = _by_groups(x, kernel, n, epsilon, solution)
    orders = ops.repeat(n, units // groups) if len(n.shape) else n
    if limit is not None:
        total = bounded(total, orders, limit, solution)
    y = from_sums(total, orders, any_negative_matmul(x, kernel), solution)
    return ops.cast(y, dtype)


def any_negative_matmul(x, kernel):
    """`matmul(x < 0, kernel)`, at no cost where no number is negative."""

    @ops.custom_gradient
    def f(negative, kernel):
        def grad(*args, upstream=None):
            if upstream is None:
                (upstream,) = args
            flat = ops.reshape(negative, (-1, kernel.shape[0]))
            flow = ops.reshape(upstream, (-1, kernel.shape[1]))
            some = ops.cond(
                ops.any(negative > 0.0),
                lambda: ops.matmul(ops.transpose(flat), flow),
                lambda: ops.zeros_like(kernel),
            )
            return None, some

        shape = (*ops.shape(negative)[:-1], kernel.shape[1])
        counts = ops.cond(
            ops.any(negative > 0.0),
            lambda: ops.matmul(negative, kernel),
            lambda: ops.zeros(shape, kernel.dtype),
        )
        return counts, grad

    return f(ops.cast(x < 0.0, kernel.dtype), kernel)


def _sizes(x, kernel, n):
    if len(kernel.shape) != 2 or len(x.shape) < 1 or x.shape[-1] != kernel.shape[0]:
        raise ValueError(
            "Argument `kernel` must have shape (inputs, units), with inputs the last dimension of "
            f"`x`. Received: x of shape {tuple(x.shape)}, kernel of shape {tuple(kernel.shape)}"
        )
    inputs, units = kernel.shape
    groups = n.shape[0] if len(n.shape) == 1 else 1
    if len(n.shape) > 1 or groups == 0 or units % groups:
        raise ValueError(
            "Argument `n` must be a scalar or have shape (groups,), where groups divides the "
            f"{units} units. Received: n of shape {tuple(n.shape)}"
        )
    return units, groups


def _by_groups(x, kernel, n, epsilon, solution):
    def terms(x, n):
        return ops.cast(to_sums(x, n, epsilon, solution), kernel.dtype)

    units = kernel.shape[1]
    groups = n.shape[0] if len(n.shape) else 1
    if groups == 1:
        return ops.matmul(terms(x, n), kernel)
    if groups == units:
        return ops.sum(terms(x[..., None], n) * kernel, axis=-2)
    blocks = zip(range(groups), ops.split(kernel, groups, axis=1), strict=True)
    return ops.concatenate([ops.matmul(terms(x, n[g]), block) for g, block in blocks], axis=-1)


def _interpolated(x, kernel, n, nodes, epsilon, solution):
    """`_by_groups` for an order per unit, in `nodes` passes and products."""
    inputs, units = kernel.shape
    at, _ = _nodes(nodes)
    orders = ops.convert_to_tensor(at[:, None], n.dtype)
    terms = ops.cast(to_sums(x[..., None, :], orders, epsilon, solution), kernel.dtype)
    weights = ops.cast(_cardinal(n, nodes, solution), kernel.dtype)
    wide = ops.reshape(weights[:, None, :] * kernel, (nodes * inputs, units))
    return ops.matmul(ops.reshape(terms, (*ops.shape(x)[:-1], nodes * inputs)), wide)


@functools.cache
def _nodes(count):
    """Orders crowded towards 1, where the logarithm is, and their barycentric weights.

    1 - (1 - t)^2 with t at the Chebyshev-Lobatto points of [0, 1].
    """
    t = (1.0 - np.cos(np.pi * np.arange(count) / (count - 1))) / 2.0
    weights = (-1.0) ** np.arange(count)
    weights[[0, -1]] /= 2.0
    return 1.0 - (1.0 - t) ** 2, (t, weights)


def _cardinal(n, nodes, solution):
    """Matrix `(nodes, units)`: what each node counts for at each order."""
    at, (t, weights) = _nodes(nodes)
    t, weights = (ops.convert_to_tensor(a[:, None], n.dtype) for a in (t, weights))
    position = 1.0 - ops.sqrt(ops.maximum(1.0 - n, 0.0))
    distance = position - t
    hit = ops.abs(distance) < 1e-7
    terms = weights / ops.where(hit, ops.ones_like(distance), distance)
    cardinal = terms / ops.sum(terms, axis=0)
    typical = exp_iterate(_TYPICAL, -n, solution)
    typical = typical / exp_iterate(_TYPICAL, ops.convert_to_tensor(-at[:, None], n.dtype), solution)
    return typical * ops.where(ops.any(hit, axis=0), ops.cast(hit, n.dtype), cardinal)


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
        limit: Bound of the results; see `bounded`. None for no bound.
        solution: `"kneser"` or `"linear"`.

    Returns:
        Tensor of shape `(..., units)`.
    """
    (x, kernel), dtype = as_floats(x=x, kernel=kernel)
    (n_in, n_out), _ = as_floats(n_in=n_in, n_out=n_out)
    _sizes(x, kernel, n_out)
    if limit is not None:
        x = bounded(x, n_in, limit, solution)
    terms = ops.cast(signed_exp_iterate(x, n_in, epsilon, solution), dtype)
    total = ops.matmul(terms, kernel)
    total = total if bias is None else total + bias
    if limit is not None:
        total = bounded(total, n_out, limit, solution)
    y = signed_exp_iterate(total, n_out, epsilon, solution)
    # How far towards the logarithm an input went is how far its sign is still owed.
    owed = any_negative_matmul(x, ops.cast(ops.maximum(-n_in, 0.0), dtype)[:, None] * kernel)
    signs = cos_pi(ops.maximum(n_out, 0.0) * ops.cast(owed, n_out.dtype))
    return ops.cast(y * ops.cast(signs, y.dtype), dtype)
