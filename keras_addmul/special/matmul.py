"""Matrix products with the operation between sum and product in place of the sum."""

import numpy as np
from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import magnitude
from keras_addmul.special.dtypes import as_floats, working_dtype
from keras_addmul.special.kernel_shapes import (
    check_kernel,
    check_parity,
    check_vector,
    for_each_unit,
    in_rows,
    like_rows_of,
)
from keras_addmul.special.parity import combined, rounded_parity, signs
from keras_addmul.special.separable import products_within, separable_sums
from keras_addmul.special.signed import signed_iterated, towards_exp
from keras_addmul.special.solutions import get_path, get_solution
from keras_addmul.special.weighted_sums import exact_sums, interpolated_sums

__all__ = ["addmul_matmul", "free_matmul"]

# Between how many orders iterates are interpolated at least: with fewer, the separable sums are
# nearer; measured in tests/benchmarks/interpolation.py.
_ORDERS = 16


def addmul_matmul(
    x: ArrayLike,
    kernel: ArrayLike,
    n: ArrayLike,
    parity: ArrayLike | None = None,
    *,
    nodes: int | None = 6,
    path: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Returns a matrix product with `(+)_n` in place of the sum.

        y_i = exp_iterate(sum_j kernel[j, i] exp_iterate(x_j, -n_i), n_i)

    The weights are coefficients at order 0 and exponents at order 1, where the result is
    `prod_j x_j ** kernel[j, i]`.

    For inputs of either sign this formula, called K, is applied to the magnitudes, and what
    the signs make of the sum s(x) = `x @ kernel` and of the product p is added to it:

        y = K(|x|) + (1 - n) (s(x) - s(|x|)) + n p(|x|) (S - 1)

    S is the product of `1 - 2 parity[j, i]` over the negative inputs j: a parity of 1 says that
    the exponent is odd and the sign counts, 0 that it is even. The result is K where all inputs
    are positive, exact at orders 0 and 1, and continuous where an input with a positive weight
    passes through zero.

    Units with the same order share the iterates of the inputs. There are three cases:

    - one order for all units, or `groups` orders for as many blocks of neighbouring units:
      exact, with one elementwise pass and one product per order;
    - one order per unit, for up to `nodes` units: exact, at the same cost per order;
    - one order per unit, for more units: the iterates of the inputs are approximated, in at most
      `nodes` matrix products: by 4, 6 or 8 fixed functions of the inputs, or, with 16 products or
      more, between as many orders. Orders 0 and 1 stay exact. The error of an iterate, relative
      to the larger of it and 1, is, for magnitudes between

          products    0.1 and 10    0.01 and 100    0.001 and 1000
          4           6e-3          0.22            2
          6           3e-4          0.11            0.8
          8           1.2e-4        0.025           0.4
          16          3e-7          1e-4            3e-3

      With up to 8 products, the iterates still grow with the magnitude far outside these
      ranges; with 16 they do not. The linear solution is not smooth and takes 16 products at
      least; its error is 8e-4, 1.3e-3 and 3e-3.

    Args:
        x: Tensor of shape `(..., inputs)`, of either sign.
        kernel: Tensor of shape `(inputs, units)`.
        n: Orders in [0, 1]: a scalar, `(groups,)` where groups divides units,
            or `(units,)`.
        parity: Tensor like `kernel`, in [0, 1], or None for the parity of each exponent, rounded
            to a whole number. Between 0 and 1 an exponent is neither odd nor even.
        nodes: How many matrix products the approximation may use, at least 2 (4 are used even so),
            or None to compute all iterates exactly.
        path: `"kneser"` or `"linear"`, the solutions of Abel's equation as for `exp_iterate`; or
            `"mixture"`, `(1 - n) s(x) + n p(|x|) S`: it solves no equation, and costs only two
            matrix products and the signs.
        epsilon: Floor on the magnitudes for orders above 0.
        limit: Bound on the magnitude of the results, as for `exp_iterate`, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match, `nodes` is below 2, or `path` is unknown.

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
    pieces_of = get_path(path)
    units, groups = _sizes(x, kernel, n)
    parity = _parity(parity, kernel, inner)
    if nodes is not None and (not isinstance(nodes, (int, np.integer)) or nodes < 2):
        raise ValueError(
            f"Argument `nodes` must be an integer of at least 2, or None. Received: {nodes!r}"
        )
    rows = in_rows(ops.cast(x, inner))
    orders = ops.cast(n, inner)
    by_unit = for_each_unit(orders, units) if groups > 1 else orders
    positive = power = None
    if pieces_of is not None:
        pieces = pieces_of(inner)
        total, power = _sums(magnitude(rows), kernel, orders, path, pieces, nodes, epsilon)
        positive = towards_exp(ops.cast(total, inner), by_unit, pieces, limit)
    by_unit = for_each_unit(by_unit, units)
    y = combined(rows, kernel, parity, by_unit, positive, power, epsilon, limit)
    return ops.cast(like_rows_of(x, y), dtype)


def _sums(x, kernel, n, path, pieces, nodes, epsilon):
    """The sums on the scale of each unit's order, approximated if that saves products.

    Beside them, the sums of logarithms if they are at hand, or None.
    """
    units = kernel.shape[1]
    if nodes is not None and n.shape == (units,):
        separable = path == "kneser" and nodes < _ORDERS
        products = products_within(nodes) if separable else max(nodes, _ORDERS)
        if units > max(nodes, products):
            if separable:
                total, _, logs = separable_sums(x, kernel, n, products, epsilon)
                return total, ops.cast(logs, n.dtype)
            return interpolated_sums(x, kernel, n, products, pieces, epsilon), None
    return exact_sums(x, kernel, n, pieces, epsilon), None


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


def _parity(parity, kernel, dtype):
    """The parity of the exponents in the working dtype, given or rounded."""
    if parity is None:
        return ops.cast(rounded_parity(kernel), dtype)
    (parity,), _ = as_floats(parity=parity)
    check_parity(parity, kernel)
    return ops.cast(parity, dtype)


def free_matmul(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike | None,
    n_in: ArrayLike,
    n_out: ArrayLike,
    parity: ArrayLike | None = None,
    *,
    solution: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Dense layer between iterates: iterates inputs, multiplies, adds a bias, iterates outputs.

        y = exp_iterate(exp_iterate(x, n_in) @ kernel + bias, n_out)

    With all orders 0 it is a dense layer. With `n_in = -1` and `n_out = 1` it is a product of
    powers of the inputs, including their signs: negative inputs multiply the output by

        1 - n_out + n_out * S,    S = prod over j with x_j < 0 of (1 + 2 parity[j, i] n_in_j),

    where orders `n_in` above 0 and `n_out` below 0 count as 0. The formula is exact at these ends;
    between them the output may jump where an input changes its sign.

    Args:
        x: Tensor of shape `(..., inputs)`, of either sign.
        kernel: Tensor of shape `(inputs, units)`.
        bias: Tensor of shape `(units,)`, or None.
        n_in: Orders: a scalar, or shape `(inputs,)`.
        n_out: Orders: a scalar, or shape `(units,)`.
        parity: Tensor like `kernel`, in [0, 1], or None; see `addmul_matmul`.
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

    rows = in_rows(x)
    total = ops.matmul(ops.cast(iterate(rows, n_in), dtype), kernel) + ops.cast(bias, dtype)
    # The further an input was taken towards the logarithm, the more of its sign is missing.
    missing = ops.reshape(ops.clip(ops.cast(-n_in, inner), 0.0, 1.0), (-1, 1))
    share = for_each_unit(ops.clip(ops.cast(n_out, inner), 0.0, 1.0), units)
    gates = missing * _parity(parity, kernel, inner)
    y = iterate(total, n_out) * signs(ops.cast(rows, inner), gates, share)
    return ops.cast(like_rows_of(x, y), dtype)
