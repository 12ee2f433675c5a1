"""Matrix products with the operation between sum and product in place of the sum."""

import math

import numpy as np
from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import is_negative
from keras_addmul.special.dtypes import as_floats, dtype_of, working_dtype
from keras_addmul.special.elementary import cosine_of_pi
from keras_addmul.special.gradients import custom_gradient
from keras_addmul.special.kernel_shapes import check_kernel, check_vector
from keras_addmul.special.operation import joined
from keras_addmul.special.signed import signed_iterated
from keras_addmul.special.solutions import get_solution
from keras_addmul.special.weighted_sums import exact_sums, interpolated_sums

__all__ = ["addmul_matmul", "free_matmul", "product_of_signs"]


def addmul_matmul(
    x: ArrayLike,
    kernel: ArrayLike,
    n: ArrayLike,
    *,
    nodes: int | None = 16,
    solution: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Returns a matrix product with `(+)_n` in place of the sum.

        y_i = exp_iterate(sum_j kernel[j, i] exp_iterate(x_j, -n_i), n_i)

    The weights are coefficients at order 0 and exponents at order 1, where the result is
    `prod_j x_j ** kernel[j, i]`.

    Units with the same order share the iterates of the inputs. There are three cases:

    - one order for all units, or `groups` orders for as many blocks of neighbouring units:
      exact, with one elementwise pass and one product per order;
    - one order per unit, for up to `nodes` units: exact, at the same cost per order;
    - one order per unit, for more units: the iterates are computed at `nodes` fixed orders
      and interpolated, exactly at orders 0 and 1. With 16 nodes the error
      of an iterate, relative to the larger of it and 1, is 3e-7 for magnitudes
      in [0.1, 10], 1e-4 in [0.01, 100] and 3e-3 in [0.001, 1000].

    Args:
        x: Tensor of shape `(..., inputs)`, of either sign.
        kernel: Tensor of shape `(inputs, units)`.
        n: Orders in [0, 1]: a scalar, `(groups,)` where groups divides units,
            or `(units,)`.
        nodes: Number of orders to interpolate between, or None to never interpolate.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.
        epsilon: Floor on the magnitudes for orders above 0; see `signed_exp_iterate`.
        limit: Bound on the magnitude of the results, as for `exp_iterate`, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match, `nodes` is below 2, or the solution is
            unknown.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> x, kernel = np.array([[2.0, 7.0]], "float32"), np.ones((2, 3), "float32")
    >>> np.round(special.addmul_matmul(x, kernel, [0.0, 0.5, 1.0]), 3)
    array([[ 9.   , 11.904, 14.   ]], dtype=float32)
    """
    (x, kernel), dtype = as_floats(x=x, kernel=kernel)
    (n,), n_dtype = as_floats(n=n)
    inner = working_dtype(dtype, n_dtype)
    pieces = get_solution(solution)(inner)
    units, groups = _sizes(x, kernel, n)
    if nodes is not None and (not isinstance(nodes, (int, np.integer)) or nodes < 2):
        raise ValueError(
            f"Argument `nodes` must be an integer of at least 2, or None. Received: {nodes!r}"
        )
    x, orders = ops.cast(x, inner), ops.cast(n, inner)
    if nodes is not None and groups == units and units > nodes:
        total = interpolated_sums(x, kernel, orders, nodes, pieces, epsilon)
    else:
        total = exact_sums(x, kernel, orders, pieces, epsilon)
    n, orders = (ops.repeat(t, units // groups) if len(n.shape) else t for t in (n, orders))
    y = joined(ops.cast(total, inner), orders, None, pieces, limit)
    return ops.cast(y * ops.cast(product_of_signs(x, kernel, n), inner), dtype)


def product_of_signs(x: Tensor, kernel: Tensor, n: Tensor) -> Tensor:
    """Returns `cos(pi n (x < 0) @ kernel)`.

    At order 1 and integer exponents this is the sign of the product. It costs a matrix
    product only if a number is negative.

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor of shape `(inputs, units)`, the exponents.
        n: Orders: a scalar, or shape `(units,)`.

    Returns:
        Tensor of shape `(..., units)` in the dtype of `n`.
    """
    dtype = dtype_of(n)
    inner = working_dtype(dtype)

    def cosine(t):
        return ops.cast(cosine_of_pi(ops.cast(t, inner)), dtype)

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
                turn = turn * cosine(n * count + 0.5)
                in_kernel = ops.matmul(ops.transpose(flat), turn * n)
                return in_kernel, ops.sum(turn * count, axis=0)

            def nothing():
                return ops.zeros_like(kernel), ops.zeros_like(n)

            return None, *ops.cond(some, slopes, nothing)

        signs = ops.cond(
            some, lambda: cosine(n * ops.matmul(negative, kernel)), lambda: ops.ones(shape, n.dtype)
        )
        return signs, grad

    return f(ops.cast(is_negative(x), dtype), kernel, n)


def _sizes(x, kernel, n):
    """Returns the number of units and the number of groups with one order."""
    check_kernel(x, kernel)
    units = kernel.shape[1]
    groups = n.shape[0] if len(n.shape) == 1 else 1
    if len(n.shape) > 1 or groups == 0 or units % groups:
        raise ValueError(
            "Argument `n` must be a scalar or have shape (groups,), where groups divides the "
            f"{units} units. Received: n of shape {tuple(n.shape)}"
        )
    return units, groups


def free_matmul(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike | None,
    n_in: ArrayLike,
    n_out: ArrayLike,
    *,
    solution: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Dense layer between iterates: iterates inputs, multiplies, adds a bias, iterates outputs.

        y = exp_iterate(exp_iterate(x, n_in) @ kernel + bias, n_out)

    With all orders 0 it is a dense layer. With `n_in = -1` and `n_out = 1` it is a product of
    powers of the inputs, including their signs.

    Args:
        x: Tensor of shape `(..., inputs)`, of either sign.
        kernel: Tensor of shape `(inputs, units)`.
        bias: Tensor of shape `(units,)`, or None.
        n_in: Orders: a scalar, or shape `(inputs,)`.
        n_out: Orders: a scalar, or shape `(units,)`.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.
        epsilon: Floor on the magnitudes for orders below 0; see `signed_exp_iterate`.
        limit: Bound on the magnitude of the results, as for `exp_iterate`, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match, or `solution` is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> x, kernel = np.array([[3.0, -2.0]], "float32"), np.array([[1.0], [3.0]], "float32")
    >>> special.free_matmul(x, kernel, [0.5], 0.0, 0.0).numpy()
    array([[-2.5]], dtype=float32)
    >>> special.free_matmul(x, kernel, None, -1.0, 1.0).numpy().round(3)
    array([[-24.]], dtype=float32)
    """
    (x, kernel), dtype = as_floats(x=x, kernel=kernel)
    (n_in, n_out), n_dtype = as_floats(n_in=n_in, n_out=n_out)
    (bias,), _ = as_floats(bias=0.0 if bias is None else bias)
    inner = working_dtype(dtype, n_dtype)
    pieces = get_solution(solution)(inner)
    check_kernel(x, kernel)
    inputs, units = kernel.shape
    check_vector("n_in", n_in, inputs, "input")
    for name, vector in (("n_out", n_out), ("bias", bias)):
        check_vector(name, vector, units, "column of the kernel")

    def iterate(x, n):
        return signed_iterated(ops.cast(x, inner), ops.cast(n, inner), pieces, epsilon, limit)

    total = ops.matmul(ops.cast(iterate(x, n_in), dtype), kernel) + ops.cast(bias, dtype)
    # The further an input was taken towards the logarithm, the more of its sign is missing.
    owed = ops.cast(ops.reshape(ops.maximum(-n_in, 0.0), (-1, 1)), dtype) * kernel
    signs = product_of_signs(x, owed, ops.maximum(n_out, 0.0))
    return ops.cast(iterate(total, n_out) * ops.cast(signs, inner), dtype)
