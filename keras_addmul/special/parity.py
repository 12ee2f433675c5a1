"""Signs in a product of powers, and what they add to the operation between sum and product.

Beside each exponent stands its parity v: 1 if it is odd, so that the sign of a negative input
counts, 0 if it is even. Between them the factor of the sign is 1 - 2 v. The product of the
factors of the negative inputs is

    S_i = prod_{j: x_j < 0} (1 - 2 v_ji).
"""

import math

from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.special.bounding import held, is_negative, sign_of_count
from keras_addmul.special.dtypes import LARGEST, dtype_of, output_bound
from keras_addmul.special.gradients import custom_gradient

__all__ = ["combined", "parity_of", "signs"]

# Floor on |1 - 2 v|: a factor of 0 would hide the slopes of all the others.
_LEAST = 1e-3


def parity_of(kernel: Tensor) -> Tensor:
    """Returns the parity of exponents: 1 where the nearest whole number is odd, else 0."""
    whole = ops.round(ops.stop_gradient(kernel))
    return 0.5 - 0.5 * sign_of_count(whole)


def signs(x: Tensor, parity: Tensor, share: Tensor) -> Tensor:
    """Returns `1 - share + share * S`, for `x` of shape `(rows, inputs)`.

    Args:
        x: Tensor of shape `(rows, inputs)`.
        parity: Tensor of shape `(inputs, units)`.
        share: Tensor of shape `(units,)`.

    Returns:
        Tensor of shape `(rows, units)`. All are of one dtype; half precision cannot count.
    """

    @custom_gradient
    def f(x, parity, share):
        negative, some = is_negative(x), ops.any(x < 0.0)
        shape = (ops.shape(x)[0], parity.shape[1])

        def counted():
            return _product_of_signs(negative, parity)

        sign = ops.cond(some, counted, lambda: ops.ones(shape, x.dtype))

        def grad(upstream):

            def slope():
                return _slope_in_parity(negative, upstream * share * sign, parity)

            in_parity = ops.cond(some, slope, lambda: ops.zeros_like(parity))
            return None, in_parity, ops.sum(upstream * (sign - 1.0), axis=0)

        return 1.0 + share * (sign - 1.0), grad

    return f(x, parity, share)


def combined(
    x: Tensor,
    kernel: Tensor,
    parity: Tensor,
    n: Tensor,
    positive: Tensor | None = None,
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Returns the mixture of sum and product, or what negative inputs make of the operation.

    With s(x) = x @ kernel, p the product of the powers of the magnitudes, and S the signs, the
    mixture is `(1 - n) s(x) + n p S`. Given the operation on the magnitudes, the result is

        positive + (1 - n) (s(x) - s(|x|)) + n p (S - 1).

    Args:
        x: Tensor of shape `(rows, inputs)` in the working dtype.
        kernel: Tensor of shape `(inputs, units)`; its dtype is that of the products.
        parity: Tensor of shape `(inputs, units)` in the working dtype.
        n: Orders of shape `(units,)` in the working dtype.
        positive: Tensor of shape `(rows, units)`: the operation on the magnitudes; or None.
        epsilon: Floor on the magnitudes whose logarithm is taken.
        limit: Bound on the magnitude of the results, or None.

    Returns:
        Tensor of shape `(rows, units)` in the working dtype.
    """
    correcting = positive is not None
    dtype, inner = kernel.dtype, x.dtype
    floor = max(epsilon, 1e-37)
    most = limit or LARGEST[dtype_of(x)] / 8.0
    steepest = output_bound(dtype_of(kernel))

    def product(left, right):
        return ops.cast(ops.matmul(ops.cast(left, dtype), ops.cast(right, dtype)), inner)

    @custom_gradient
    def f(x, kernel, parity, n, *positive):
        negative, some = is_negative(x), ops.any(x < 0.0)
        logs = ops.log(ops.maximum(ops.abs(x), floor))
        terms = 2.0 * ops.minimum(x, 0.0) if correcting else x
        shape = (ops.shape(x)[0], kernel.shape[1])

        def counted():
            return _product_of_signs(negative, parity)

        def branches():
            size = ops.exp(ops.minimum(product(logs, kernel), math.log(most)))
            return ops.clip(product(terms, kernel), -most, most), size

        if correcting:
            zeros, ones = ops.zeros(shape, inner), ops.ones(shape, inner)
            total, size, sign = ops.cond(
                some, lambda: (*branches(), counted()), lambda: (zeros, zeros, ones)
            )
        else:
            total, size = branches()
            sign = ops.cond(some, counted, lambda: ops.ones(shape, inner))
        signed = size * (sign - 1.0 if correcting else sign)
        value = (1.0 - n) * total + n * signed
        if correcting:  # at order 1 nothing may be lost between infinities
            value = ops.where(n == 1.0, positive[0] * sign, positive[0] + value)

        def grad(upstream):
            to_total = ops.clip((1.0 - n) * upstream, -steepest, steepest)
            to_power = ops.clip(n * signed * upstream, -steepest, steepest)

            def slopes():
                back = ops.transpose(kernel)
                in_x = product(to_total, back)
                if correcting:
                    in_x = ops.where(x < 0.0, 2.0 * in_x, ops.zeros_like(in_x))
                inside = ops.abs(x) > floor
                divisor = ops.where(inside, x, ops.ones_like(x))
                by_power = product(to_power, back) / divisor
                in_x = in_x + ops.where(inside, by_power, ops.zeros_like(x))
                in_kernel = product(ops.transpose(terms), to_total)
                in_kernel = in_kernel + product(ops.transpose(logs), to_power)
                return ops.clip(in_x, -steepest, steepest), ops.cast(in_kernel, dtype)

            def gates():
                flow = ops.clip(n * size * sign * upstream, -steepest, steepest)
                return _slope_in_parity(negative, flow, parity)

            none = ops.zeros_like(x), ops.zeros_like(kernel), ops.zeros_like(parity)
            if correcting:
                slopes_of = ops.cond(some, lambda: (*slopes(), gates()), lambda: none)
            else:
                slopes_of = (*slopes(), ops.cond(some, gates, lambda: none[2]))
            in_n = ops.clip(upstream * (signed - total), -steepest, steepest)
            return *slopes_of, ops.sum(in_n, axis=0), *(upstream for _ in positive)

        return value, grad

    y = f(x, kernel, parity, n, *([positive] if correcting else []))
    return held(y, limit)


def _factors(parity):
    """Magnitudes of 1 - 2 v, with their floor, and which are negative."""
    factor = 1.0 - 2.0 * parity
    return ops.maximum(ops.abs(factor), _LEAST), is_negative(factor)


def _product_of_signs(negative, parity):
    """S, as an exponential of a sum of logarithms and a count."""
    size, odd = _factors(parity)
    power, count = ops.matmul(negative, ops.log(size)), ops.matmul(negative, odd)
    return ops.exp(power) * sign_of_count(count)


def _slope_in_parity(negative, flow, parity):
    """The gradient of the parity, given what flows to the logarithm of S."""
    size, odd = _factors(parity)
    return -2.0 / (size * (1.0 - 2.0 * odd)) * ops.matmul(ops.transpose(negative), flow)
