"""The multiplication units of the literature, as functions of tensors.

Each takes inputs of shape `(..., inputs)` and a kernel of shape `(inputs, units)`, and
returns `(..., units)`. The values follow the papers' definitions, except where these give
nan, infinity, or a gradient that is wrongly zero:

- a magnitude has the slope 1 at 0 and below `epsilon`, not 0, so that training can move an
  input away from zero;
- a product with a factor of zero has the right gradient, and no product overflows:
  see `bounding.gated_product`;
- a `limit` bounds the results, and at the bound keeps the gradients that lead back inside.
"""

import math

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import (
    bounded,
    bounded_exp,
    floored,
    gated_product,
    is_negative,
    magnitude,
)
from keras_addmul.special.dtypes import as_floats, in_working_dtype
from keras_addmul.special.elementary import cosine_of_pi
from keras_addmul.special.kernel_shapes import check_kernel, check_vector

__all__ = ["bilinear", "nmru", "nmu", "npu", "product_unit"]


def bilinear(
    x: ArrayLike,
    kernel: ArrayLike,
    gate_kernel: ArrayLike,
    bias: ArrayLike = 0.0,
    gate_bias: ArrayLike = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Product of two linear units: `(x @ kernel + bias) * (x @ gate_kernel + gate_bias)`.

    The matrix products are computed in the dtype of the arguments.

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel, gate_kernel: Tensors of shape `(inputs, units)`.
        bias, gate_bias: Numbers, or tensors of shape `(units,)`.
        limit: Bound on the magnitude of the factors and of the result, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match.

    Example:

    >>> from keras_addmul import special
    >>> special.bilinear([[2.0, -3.0]], [[1.0], [0.0]], [[0.0], [1.0]]).numpy()
    array([[-6.]], dtype=float32)

    References:
        - [Shazeer, 2020](https://arxiv.org/abs/2002.05202)
    """
    (x, kernel, gate_kernel, bias, gate_bias), _ = as_floats(
        x=x, kernel=kernel, gate_kernel=gate_kernel, bias=bias, gate_bias=gate_bias
    )
    check_kernel(x, kernel)
    check_kernel(x, gate_kernel, "gate_kernel")
    factors = ops.matmul(x, kernel) + bias, ops.matmul(x, gate_kernel) + gate_bias
    if limit is None:
        return factors[0] * factors[1]
    value, gate = (bounded(factor, -limit, limit) for factor in factors)
    return bounded(value * gate, -limit, limit)


def nmu(
    x: ArrayLike,
    kernel: ArrayLike,
    noise: ArrayLike | None = None,
    limit: float | None = None,
) -> Tensor:
    """Neural multiplication unit (NMU): `prod_j (W_ji x_j + 1 - W_ji)`.

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor of shape `(inputs, units)`; 1 takes an input, 0 leaves it out.
        noise: Positive factors of the shape of `x`, or None. Each input is multiplied by its
            factor, and the product is divided by that of the gated factors (sNMU), which
            is exact where the weights are 0 or 1.
        limit: Bound on the magnitude of the result, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match.

    Example:

    >>> from keras_addmul import special
    >>> special.nmu([[2.0, 3.0, 5.0]], [[1.0], [0.0], [1.0]]).numpy()
    array([[10.]], dtype=float32)

    References:
        - [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016)
        - sNMU: [Mistry, Farrahi & Hare, 2022](https://arxiv.org/abs/2211.05624)
    """

    def in_dtype(dtype, x, kernel, *noise):
        check_kernel(x, kernel)
        if not noise:
            return gated_product(x, kernel, limit)
        (factors,) = noise
        return gated_product(x * factors, kernel, limit) / gated_product(factors, kernel, limit)

    given = {} if noise is None else {"noise": noise}
    return in_working_dtype(in_dtype, x=x, kernel=kernel, **given)


def nmru(
    x: ArrayLike, kernel: ArrayLike, epsilon: float = 0.0, limit: float | None = None
) -> Tensor:
    """Neural multiplicative reciprocal unit (NMRU): an NMU of inputs and reciprocals.

    It multiplies the magnitudes. Where the weights are 0 or 1, the result has the sign of the
    product. With `z = [x, 1/x]` it is

        prod_j (W_ji |z_j| + 1 - W_ji) * cos(pi sum_j W_ji [z_j < 0])

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor of shape `(2 * inputs, units)`: the weights of the inputs, then the
            weights of their reciprocals.
        epsilon: Floor on the magnitudes that are divided by.
        limit: Bound on the magnitude of the result, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match.

    Example:

    >>> from keras_addmul import special
    >>> special.nmru([[6.0, -3.0]], [[1.0], [0.0], [0.0], [1.0]]).numpy()
    array([[-2.]], dtype=float32)

    References:
        - [Mistry, Farrahi & Hare, 2021](https://arxiv.org/abs/2110.05177)
    """

    def in_dtype(dtype, x, kernel):
        check_kernel(x, kernel, copies=2)
        size = magnitude(x)
        both = ops.concatenate([size, 1.0 / floored(size, epsilon)], axis=-1)
        negative = is_negative(x)
        phase = ops.matmul(ops.concatenate([negative, negative], axis=-1), kernel)
        return gated_product(both, kernel, limit) * cosine_of_pi(phase)

    return in_working_dtype(in_dtype, x=x, kernel=kernel)


def npu(
    x: ArrayLike,
    kernel: ArrayLike,
    gate: ArrayLike,
    imaginary: ArrayLike | None = None,
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Neural power unit (NPU): the real part of `prod_j x_j ** W_ji`, with gated inputs.

    With gates `g` clipped to [0, 1], `r = g (|x| + epsilon) + 1 - g` and
    `k = pi g [x < 0]`:

        exp(log(r) W - k V) * cos(k W + log(r) V)

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor W of shape `(inputs, units)`, the exponents.
        gate: Tensor of shape `(inputs,)`; 0 leaves an input out.
        imaginary: Tensor V like `kernel`, the imaginary part of the exponents, or None for
            zero.
        epsilon: Added to the magnitudes.
        limit: Bound on the magnitude of the result, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match.

    Example:

    >>> from keras_addmul import special
    >>> special.npu([[-2.0, 3.0]], [[3.0], [1.0]], [1.0, 0.0]).numpy().round(4)
    array([[-8.]], dtype=float32)

    References:
        - [Heim, Pevny & Smidl, 2020](https://arxiv.org/abs/2006.01681)
    """

    def in_dtype(dtype, x, kernel, gate, *imaginary):
        check_kernel(x, kernel)
        check_vector("gate", gate, kernel.shape[0], "input")
        gate = ops.clip(gate, 0.0, 1.0)
        size = ops.log(gate * (magnitude(x) + epsilon) + (1.0 - gate))
        turn = gate * is_negative(x)
        power, phase = ops.matmul(size, kernel), ops.matmul(turn, kernel)
        for part in imaginary:
            check_kernel(x, part, "imaginary")
            power = power - math.pi * ops.matmul(turn, part)
            phase = phase + ops.matmul(size, part) / math.pi
        return bounded_exp(power, limit) * cosine_of_pi(phase)

    given = {} if imaginary is None else {"imaginary": imaginary}
    return in_working_dtype(in_dtype, x=x, kernel=kernel, gate=gate, **given)


def product_unit(
    x: ArrayLike, kernel: ArrayLike, epsilon: float = 0.0, limit: float | None = None
) -> Tensor:
    """Product unit: `prod_j x_j ** W_ji`, or its real part if an input is negative.

        exp(sum_j W_ji log|x_j|) * cos(pi sum_j W_ji [x_j < 0])

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor of shape `(inputs, units)`, the exponents.
        epsilon: Floor on the magnitudes whose logarithm is taken.
        limit: Bound on the magnitude of the result, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match.

    Example:

    >>> from keras_addmul import special
    >>> special.product_unit([[-2.0, 4.0]], [[1.0], [0.5]]).numpy().round(4)
    array([[-4.]], dtype=float32)

    References:
        - Durbin & Rumelhart, Neural Computation 1, 1989, doi 10.1162/neco.1989.1.1.133.
    """

    def in_dtype(dtype, x, kernel):
        check_kernel(x, kernel)
        power = ops.matmul(ops.log(floored(magnitude(x), epsilon)), kernel)
        return bounded_exp(power, limit) * cosine_of_pi(ops.matmul(is_negative(x), kernel))

    return in_working_dtype(in_dtype, x=x, kernel=kernel)
