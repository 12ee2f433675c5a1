"""The operation between sum and product over the members of segments, as in graphs and sets."""

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import bounded_exp, is_negative, sign_of_count
from keras_addmul.special.gradients import custom_gradient
from keras_addmul.special.operation import gathered
from keras_addmul.special.solutions import with_path

__all__ = ["addmul_segment"]


def addmul_segment(
    x: ArrayLike,
    ids: ArrayLike,
    count: int | Tensor,
    n: ArrayLike,
    *,
    path: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Combines the rows of each segment with `(+)_n`: their sum at order 0, product at order 1.

    It is `addmul_reduce` for sets of different sizes. The result of a segment without rows is
    the identity of the operation, `identity(n)`.

    Args:
        x: Tensor of shape `(rows, ...)`, of either sign.
        ids: Integers of shape `(rows,)`: the segment of each row, in any order. Rows with a number
            below 0, or of at least `count`, are left out.
        count: The number of segments.
        n: Orders in [0, 1]: a scalar, or broadcast against the axes of `x` after the first.
        path: `"kneser"`, `"linear"` or `"mixture"`, as for `addmul`.
        epsilon: Floor on the magnitudes between orders 0 and 1, whose logarithm is taken.
        limit: Bound on the magnitude of the result, or None.

    Returns:
        Tensor of shape `(count, ...)`. Products come from sums of logarithms: their relative
        error is about eps times the sum of the magnitudes of these.

    Raises:
        TypeError: If `x` or `n` does not hold real numbers.
        ValueError: If `path` is unknown, or `n` has an axis for the segments.

    Example:

    >>> from keras_addmul import special
    >>> x, ids = [[2.0], [-3.0], [5.0], [7.0]], [0, 0, 2, 0]
    >>> special.addmul_segment(x, ids, 3, 0.0).numpy().round(3).ravel()
    array([6., 0., 5.], dtype=float32)
    >>> special.addmul_segment(x, ids, 3, 1.0).numpy().round(3).ravel()
    array([-42.,   1.,   5.], dtype=float32)
    """
    ids = ops.cast(ids, "int32")
    # One segment more takes the rows that are left out.
    ids = ops.where(ops.logical_and(ids >= 0, ids < count), ids, count)

    def with_pieces(x, n, pieces):
        if len(n.shape) >= len(x.shape):
            raise ValueError(
                "Argument `n` must be a scalar, or have fewer axes than `x`. Received: n of shape "
                f"{tuple(n.shape)}, x of shape {tuple(x.shape)}"
            )

        def sum_of(values):
            return ops.segment_sum(values, ids, count + 1)

        def product_of(values, bound):
            return _product(values, ids, sum_of, bound)

        return gathered(x, n, n, sum_of, product_of, pieces, epsilon, limit)[:count]

    return with_path(with_pieces, path, x=x, n=n)


def _product(x, ids, sum_of, bound):
    """The product of each segment, bounded. Its slopes are exact at zeros, too."""

    def parts(x):
        zero = x == 0.0
        logs = ops.log(ops.abs(ops.where(zero, ops.ones_like(x), x)))
        return zero, logs, sum_of(logs), sum_of(ops.cast(zero, x.dtype))

    def sign_of(x):
        return sign_of_count(sum_of(is_negative(x)))

    @custom_gradient
    def f(x):
        _, _, total, zeros = parts(x)
        value = ops.where(zeros > 0.0, 0.0, sign_of(x) * bounded_exp(total, bound))

        def grad(upstream):
            zero, logs, total, zeros = parts(x)
            # Beside the one zero of a segment stands the product of the others.
            others = ops.take(zeros, ids, axis=0) - ops.cast(zero, x.dtype)
            size = bounded_exp(ops.take(total, ids, axis=0) - logs, bound)
            sign = ops.take(sign_of(x), ids, axis=0) * (1.0 - 2.0 * is_negative(x))
            slope = ops.where(others > 0.0, 0.0, sign * size)
            return slope * ops.take(upstream, ids, axis=0)

        return value, grad

    return f(x)
