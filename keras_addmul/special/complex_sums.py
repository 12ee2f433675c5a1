"""Matrix products of complex numbers with the operation between sum and product."""

from keras import ops

from keras_addmul.special import pairs
from keras_addmul.special.bounding import bounded
from keras_addmul.special.complex_iterate import iterated_pair
from keras_addmul.special.complex_solutions import get_complex_solution
from keras_addmul.special.dtypes import LARGEST, dtype_of, output_bound
from keras_addmul.special.gradients import clipped_gradient
from keras_addmul.special.pairs import Pair

__all__ = ["complex_matmul"]


def complex_matmul(
    x: Pair,
    kernel: Pair,
    n: Pair,
    solution: str = "kneser",
    limit: float | None = None,
) -> Pair:
    """`exp_iterate(sum_j kernel[j, i] exp_iterate(x_j, -n_i), n_i)` of complex numbers.

    Args:
        x: Pair of shape `(rows, inputs)`.
        kernel: Pair of shape `(inputs, units)`.
        n: Orders: a pair of shape `()` or `(units,)`.
        solution: `"kneser"` or `"schroeder"`, as for `complex_exp_iterate`.
        limit: Bound on the real and imaginary parts of the results, or None.

    Returns:
        Pair of shape `(rows, units)`. All are of one dtype, float32 or float64; values and
        gradients are finite.
    """
    dtype, plane = dtype_of(x[0]), get_complex_solution(solution)
    steepest = output_bound(dtype)
    most = limit or LARGEST[dtype] / 8.0
    # Nothing larger than the results may be goes in, and no steeper slope comes out.
    x = _each(lambda part: bounded(part, -most, most), x)
    minus = -n[0], -n[1]
    if len(n[0].shape) == 0:
        terms = iterated_pair(x, minus, plane, dtype)
        terms = _each(lambda part: clipped_gradient(part, steepest), terms)
        total = _products(terms, kernel)
    else:
        terms = iterated_pair(_each(lambda part: part[..., None], x), minus, plane, dtype)
        terms = _each(lambda part: clipped_gradient(part, steepest), terms)
        total = _each(lambda part: ops.sum(part, axis=-2), pairs.multiply(terms, kernel))
    total = _each(lambda part: bounded(part, -most, most), total)
    y = iterated_pair(total, n, plane, dtype)
    return _each(lambda part: bounded(part, -most, most), y)


def _each(function, pair):
    return function(pair[0]), function(pair[1])


def _products(a: Pair, b: Pair) -> Pair:
    """The matrix product of two pairs."""
    return (
        ops.matmul(a[0], b[0]) - ops.matmul(a[1], b[1]),
        ops.matmul(a[0], b[1]) + ops.matmul(a[1], b[0]),
    )
