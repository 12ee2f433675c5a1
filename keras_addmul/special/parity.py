"""Signs in a product of powers, and what they add to the operation between sum and product.

Beside each exponent stands its parity v: 1 if it is odd, so that the sign of a negative input
counts, 0 if it is even. Between them the factor of the sign is 1 - 2 v. The product of the
factors of the negative inputs is

    S_i = prod_{j: x_j < 0} (1 - 2 v_ji).
"""

import math

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import held, is_negative, sign_of_count
from keras_addmul.special.branching import if_any
from keras_addmul.special.dtypes import LARGEST, as_floats, dtype_of, output_bound
from keras_addmul.special.gradients import custom_gradient
from keras_addmul.tracing import traced

__all__ = ["combined", "parity_of", "rounded_parity", "signs", "sizes_of_signs"]

# Floor on |1 - 2 v|: a factor of 0 would hide the slopes of all the others.
_LEAST = 1e-3


def parity_of(kernel: ArrayLike) -> Tensor:
    """Returns the parity of exponents: 1 where the nearest whole number is odd, else 0.

    Where a model has seen no negative inputs, nothing has taught it whether their signs count.
    This is what the exponents themselves say, for instance as
    `layer.parity.assign(special.parity_of(layer.kernel))`.

    Args:
        kernel: Tensor of exponents, any shape.

    Returns:
        Tensor like `kernel`, without a gradient.

    Raises:
        TypeError: If `kernel` does not hold real numbers.

    Example:

    >>> from keras_addmul import special
    >>> special.parity_of([1.0, 2.0, -0.9, 0.3]).numpy()
    array([1., 0., 1., 0.], dtype=float32)
    """
    (kernel,), _ = as_floats(kernel=kernel)
    return rounded_parity(kernel)


def rounded_parity(kernel: Tensor) -> Tensor:
    """`parity_of` for a tensor that is known to hold floats."""
    return 0.5 - 0.5 * sign_of_count(ops.round(ops.stop_gradient(kernel)))


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
        sign = _sign(x, parity)

        def grad(upstream):
            in_share = ops.sum(upstream * (sign - 1.0), axis=0)
            return None, _slope_of_sign(x, parity, upstream * share * sign), in_share

        return 1.0 + share * (sign - 1.0), grad

    return f(x, parity, share)


def combined(
    x: Tensor,
    kernel: Tensor,
    parity: Tensor,
    n: Tensor,
    positive: Tensor | None = None,
    power: Tensor | None = None,
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
        power: Tensor of shape `(rows, units)` in the working dtype: the logarithm of p, if it is
            known and `positive` is given; or None.
        epsilon: Floor on the magnitudes whose logarithm is taken.
        limit: Bound on the magnitude of the results, or None.

    Returns:
        Tensor of shape `(rows, units)` in the working dtype.
    """
    floor, given = max(epsilon, 1e-37), [t for t in (positive, power) if t is not None]
    most, steepest = limit or LARGEST[dtype_of(x)] / 8.0, output_bound(dtype_of(kernel))

    @custom_gradient
    def f(x, kernel, parity, n, *given):
        value, *parts = _parts(x, kernel, parity, n, *given, floor=floor, most=most)

        def grad(upstream):
            how = {"given": len(given), "floor": floor, "steepest": steepest}
            *flows, to_power = _flows(x, kernel, parity, n, *parts, upstream, **how)
            return *flows, *(upstream, to_power)[: len(given)]

        return value, grad

    return held(f(x, kernel, parity, n, *given), limit)


def _shapes_of_results(x, kernel, *others):
    return [(x.shape[0], kernel.shape[1])] * 4


@traced(shape=_shapes_of_results)
def _parts(x, kernel, parity, n, *given, floor, most):
    """The value of `combined`, and what it is made of: the sum, the size of the product, S."""
    shape = (ops.shape(x)[0], ops.shape(kernel)[1])

    def ones():
        return ops.ones(shape, x.dtype)

    def product(left):
        return _product(left, kernel, kernel.dtype, x.dtype)

    def branches():
        power = given[1] if len(given) > 1 else product(_logs(x, floor))
        size = ops.exp(ops.minimum(power, math.log(most)))
        total = product(_terms(x, given))
        return ops.clip(total, -most, most), size

    def signed():
        return _product_of_signs(x, parity)

    if given:

        def unsigned():
            # Three tensors of its own: ONNX has no branch that passes one on twice.
            return ops.zeros(shape, x.dtype), ops.zeros(shape, x.dtype), ones()

        total, size, sign = if_any(x < 0.0, lambda: (*branches(), signed()), unsigned)
        value = given[0] + (1.0 - n) * total + n * size * (sign - 1.0)
        # At order 1 nothing may be lost between infinities.
        value = ops.where(n == 1.0, given[0] * sign, value)
    else:
        total, size = branches()
        sign = if_any(x < 0.0, signed, ones)
        value = (1.0 - n) * total + n * size * sign
    return [value, total, size, sign]


def _shapes_of_arguments(*tensors):
    return [tuple(t.shape) for t in (*tensors[:4], tensors[-1])]


@traced(shape=_shapes_of_arguments)
def _flows(x, kernel, parity, n, total, size, sign, upstream, *, given, floor, steepest):
    """The gradients of `combined` in x, kernel, parity, n and power."""
    correcting = given > 0
    signed = size * (sign - 1.0 if correcting else sign)
    to_total = ops.clip((1.0 - n) * upstream, -steepest, steepest)
    to_power = ops.clip(n * signed * upstream, -steepest, steepest)
    to_sign = ops.clip(n * size * sign * upstream, -steepest, steepest)

    def slopes():
        narrow, back = kernel.dtype, ops.transpose(kernel)
        in_x = _product(to_total, back, narrow, x.dtype)
        if correcting:
            in_x = ops.where(x < 0.0, 2.0 * in_x, ops.zeros_like(in_x))
        terms = ops.transpose(_terms(x, correcting))
        in_kernel = _product(terms, to_total, narrow, narrow)
        if given > 1:  # the rest goes through the power
            return ops.clip(in_x, -steepest, steepest), in_kernel
        inside = ops.abs(x) > floor
        by_power = _product(to_power, back, narrow, x.dtype)
        by_power = by_power / ops.where(inside, x, ops.ones_like(x))
        in_x = in_x + ops.where(inside, by_power, ops.zeros_like(x))
        logs = ops.transpose(_logs(x, floor))
        in_kernel = in_kernel + _product(logs, to_power, narrow, narrow)
        return ops.clip(in_x, -steepest, steepest), in_kernel

    def gates():
        return _slope_in_parity(x, parity, to_sign)

    none = ops.zeros_like(x), ops.zeros_like(kernel), ops.zeros_like(parity)
    if correcting:
        found = if_any(x < 0.0, lambda: (*slopes(), gates()), lambda: none)
    else:
        found = (*slopes(), if_any(x < 0.0, gates, lambda: none[2]))
    in_n = ops.clip(upstream * (signed - total), -steepest, steepest)
    return [*found, ops.sum(in_n, axis=0), to_power]


def _terms(x, correcting):
    """The terms of the sum: those of the mixture, or by how much signs change it."""
    return 2.0 * ops.minimum(x, 0.0) if correcting else x


def _logs(x, floor):
    return ops.log(ops.maximum(ops.abs(x), floor))


def _product(left, right, narrow, dtype):
    """The matrix product in the dtype `narrow` of the kernel, returned in another."""
    return ops.cast(ops.matmul(ops.cast(left, narrow), ops.cast(right, narrow)), dtype)


@traced(shape=lambda x, parity: (x.shape[0], parity.shape[1]))
def _sign(x, parity):
    """S for each row."""
    shape = (ops.shape(x)[0], ops.shape(parity)[1])
    return if_any(x < 0.0, lambda: _product_of_signs(x, parity), lambda: ops.ones(shape, x.dtype))


@traced(shape=lambda x, parity, flow: tuple(parity.shape))
def _slope_of_sign(x, parity, flow):
    """The gradient of the parity, given what flows to the logarithm of S."""
    return if_any(
        x < 0.0, lambda: _slope_in_parity(x, parity, flow), lambda: ops.zeros_like(parity)
    )


def sizes_of_signs(parity: Tensor) -> tuple[Tensor, Tensor]:
    """Magnitudes of 1 - 2 v, with their floor, and which are negative."""
    factor = 1.0 - 2.0 * parity
    return ops.maximum(ops.abs(factor), _LEAST), is_negative(factor)


def _product_of_signs(x, parity):
    """S, as an exponential of a sum of logarithms and a count."""
    size, odd = sizes_of_signs(parity)
    negative = is_negative(x)
    power, count = ops.matmul(negative, ops.log(size)), ops.matmul(negative, odd)
    return ops.exp(power) * sign_of_count(count)


def _slope_in_parity(x, parity, flow):
    size, odd = sizes_of_signs(parity)
    counted = ops.matmul(ops.transpose(is_negative(x)), flow)
    return -2.0 / (size * (1.0 - 2.0 * odd)) * counted
