"""Weighted sums of iterates as a few matrix products, whatever the number of orders.

The iterate of order -n of a magnitude x is nearly a short sum of products of a function of n
and a function of x,

    exp_iterate(x, -n) = c_x(n) x + c_log(n) log(x) + c_0(n) + sum_k c_k(n) b_k(x),

so that a sum over inputs, for units that each have their own order, is a sum over products of
the kernel with `x`, `log(x)` and the few `b_k(x)`. The coefficients are exact at both ends: only
`c_x` is left at order 0, and only `c_log` at order 1.

- The functions b_k mix poles, `a / (x + a)`. They are bounded and smooth for `x >= 0`.
- `c_x` and `c_log` mix powers of `1 - n` and `n`. They are never negative, so that
  far outside the fitted range, where the b_k no longer change, the sum still grows with x.
- The other coefficients are `n (1 - n)` times a polynomial.

`_precompute/write_sums.py` fits all of them.
"""

import numpy as np
from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special._sums_tables import CROWDING, PLACE_OFFSET, PLACE_SCALE, SUMS
from keras_addmul.special.dtypes import clipped_for_squares, dtype_of, output_bound
from keras_addmul.special.gradients import custom_gradient, differentiated_as
from keras_addmul.special.horner import polynomial
from keras_addmul.special.kernel_shapes import in_rows, like_rows_of
from keras_addmul.tracing import traced

__all__ = ["coefficients", "functions", "products_within", "separable_sums"]


def products_within(most: int) -> int:
    """The number of matrix products to use if there may be `most`: that of the best table."""
    return max((count for count in SUMS if count <= most), default=min(SUMS))


def separable_sums(
    magnitudes: Tensor, kernel: Tensor, n: Tensor, products: int, epsilon: float = 0.0
) -> tuple[Tensor, Tensor, Tensor]:
    """`sum_j kernel[j, i] exp_iterate(x_j, -n_i)` of Kneser's solution, in a few products.

    Args:
        magnitudes: The numbers x, at least 0: tensor of shape `(..., inputs)`, float32 or
            float64.
        kernel: Tensor of shape `(inputs, units)`; its dtype is that of the products.
        n: Orders in [0, 1], of shape `(units,)` and the dtype of the magnitudes. One outside is
            taken as the end next to it, with the slope there.
        products: The number of matrix products, a key of `SUMS`.
        epsilon: Floor on the magnitudes whose logarithm is taken. Without one it is the
            smallest normal number.

    Returns:
        Three tensors of shape `(..., units)` in the dtype of the kernel: the sums, and what they
        are at orders 0 and 1, `magnitudes @ kernel` and `log(magnitudes) @ kernel`.
    """
    # Clipped: the slopes of the coefficients differ in sign, and inf - inf is no gradient.
    weights = clipped_for_squares(coefficients(n, products))
    found = _product(in_rows(magnitudes), kernel, weights, products, epsilon)
    total, linear, logs = (like_rows_of(magnitudes, t) for t in found)
    return total, linear, logs


def coefficients(n: Tensor, products: int) -> Tensor:
    """The rows c_x, c_log, c_0, c_1, ... at each of the orders, in the dtype of `n`."""
    of_x, of_log, between = _coefficients(n, products=products)
    return ops.concatenate([of_x[None], of_log[None], between])


@traced(shape=lambda n: [tuple(n.shape), tuple(n.shape), (None, *n.shape)])
def _coefficients(n, *, products):
    # Returned apart, since a traced function must not concatenate.
    table = SUMS[products]
    inside = differentiated_as(ops.clip(n, 0.0, 1.0), n)
    rest = 1.0 - inside
    # Crowds the orders near 1, where the logarithm is, and maps them to [-1, 1].
    place = ops.sqrt(rest + CROWDING) * PLACE_SCALE + PLACE_OFFSET
    powers = np.array(table["orders"]).T[..., None]
    powers = [ops.convert_to_tensor(column, dtype=dtype_of(n)) for column in powers]
    between = inside * rest * polynomial(place, powers)
    return [_mixed_powers(rest, table["x"]), _mixed_powers(inside, table["log"]), between]


def functions(x: Tensor, products: int) -> tuple[Tensor, Tensor]:
    """The functions b_k of `x`, of shape `(batch, inputs)`, and their slopes.

    Both have the shape `(batch, k, inputs)`.
    """
    table = SUMS[products]

    def column(numbers):
        return ops.convert_to_tensor(np.array(numbers)[:, None], dtype=dtype_of(x))

    value, slope = column(table["offsets"]), 0.0
    for a, share in zip(table["poles"], zip(*table["mixture"], strict=True), strict=True):
        pole = a / (x[:, None, :] + a)
        value = value + column(share) * pole
        slope = slope - column(np.array(share) / a) * (pole * pole)
    return value, slope


def _mixed_powers(base, mixture):
    """`sum_i share_i * base**power_i` for shares that add up to 1: exactly 0 at 0 and 1 at 1."""
    (first, _), *others = mixture
    start = base**first
    return start + sum(share * (base**power - start) for power, share in others)


def _product(x, kernel, weights, products, epsilon):
    """The three results for a matrix of magnitudes; `weights` are the coefficients."""
    floor = max(epsilon, float(np.finfo(dtype_of(x)).tiny))

    @custom_gradient
    def f(x, kernel, weights):
        found = _totals(x, kernel, weights, products=products, floor=floor)

        def grad(upstream):
            how = {"products": products, "floor": floor}
            return _slopes(x, kernel, weights, *found[1:], *upstream, **how)

        return tuple(found), grad

    return f(x, kernel, weights)


def _times(a, b, outer):
    """The product of two matrices in the dtype of the kernel, returned in that of the first."""
    return ops.cast(ops.matmul(ops.cast(a, outer), ops.cast(b, outer)), a.dtype)


def _wide(kernel, weights):
    """The kernels of the b_k, weighted, side by side."""
    stacked = ops.cast(kernel, weights.dtype)[None] * weights[3:, None, :]
    return ops.reshape(stacked, (-1, ops.shape(kernel)[1]))


def _side_by_side(b):
    return ops.reshape(b, (ops.shape(b)[0], -1))


@traced(shape=lambda x, kernel, weights: [(x.shape[0], kernel.shape[1])] * 3)
def _totals(x, kernel, weights, *, products, floor):
    """The sums, and what they are at the ends.

    The values of the b_k stand side by side, and so do the weighted kernels, so that one matrix
    product also takes the sum over k.
    """
    inner, outer = dtype_of(x), dtype_of(kernel)
    linear, logs = _times(x, kernel, outer), _times(_logarithm(x, floor), kernel, outer)
    b, _ = functions(x, products)
    constant = ops.sum(ops.cast(kernel, inner), axis=0)
    rest = _times(_side_by_side(b), _wide(kernel, weights), outer)
    total = weights[0] * linear + weights[1] * logs + weights[2] * constant + rest
    return [ops.cast(t, outer) for t in (total, linear, logs)]


@traced(shape=lambda *tensors: [tuple(t.shape) for t in tensors[:3]])
def _slopes(x, kernel, weights, linear, logs, *flows, products, floor):
    """The gradients, made of products of the same size and of the two sums that are at hand."""
    inner, outer = dtype_of(x), dtype_of(kernel)
    # Bounds what is summed over the batch, so that no gradient is inf - inf.
    most = output_bound(inner) ** 2
    linear, logs, to_total, to_linear, to_logs = (
        ops.cast(t, inner) for t in (linear, logs, *flows)
    )
    wide_kernel, back = ops.cast(kernel, inner), ops.transpose(kernel)
    b, slopes = functions(x, products)
    to_linear = to_linear + weights[0] * to_total
    to_logs = to_logs + weights[1] * to_total
    through = _times(to_total, ops.transpose(_wide(kernel, weights)), outer)
    through = ops.reshape(through, ops.shape(b))
    in_log = _times(to_logs, back, outer)
    in_log = in_log * ops.where(x > floor, 1.0 / ops.maximum(x, floor), 0.0)
    in_x = _times(to_linear, back, outer)
    in_x = in_x + ops.clip(in_log, -most, most) + ops.sum(through * slopes, axis=1)
    # The same three for the kernel, and for the weights.
    each = _times(ops.transpose(_side_by_side(b)), to_total, outer)
    each = ops.reshape(each, (-1, *ops.shape(kernel)))
    count = ops.sum(to_total, axis=0)
    in_kernel = _times(ops.transpose(x), to_linear, outer)
    in_kernel = in_kernel + _times(ops.transpose(_logarithm(x, floor)), to_logs, outer)
    in_kernel = in_kernel + weights[2] * count + ops.sum(weights[3:, None] * each, axis=0)
    first = [ops.sum(ops.clip(to_total * sums, -most, most), axis=0) for sums in (linear, logs)]
    constant = ops.sum(wide_kernel, axis=0)
    others = ops.sum(each * wide_kernel, axis=1)
    in_weights = ops.concatenate([ops.stack([*first, constant * count]), others], axis=0)
    return [in_x, ops.cast(in_kernel, outer), in_weights]


def _logarithm(x, floor):
    return ops.log(ops.maximum(x, floor))
