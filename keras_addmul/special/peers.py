"""The arithmetic units of other papers, as functions of tensors.

Each takes inputs of shape `(..., inputs)` and a kernel of shape `(inputs, units)`, and
returns `(..., units)`. The values are the papers' definitions. What is mended is where
those give nan, infinity, or a gradient of zero that should not be one:

- a magnitude has the slope 1 at 0 and below `epsilon`, not 0, so that an input at zero
  can be moved away from it;
- a product of factors of which one is zero has the right gradient, and none overflows:
  see `bounded.gated_product`;
- with a `limit`, results are bounded by it, and the slope at the bound is kept where it
  leads back inside.
"""

import math

from keras import ops

from keras_addmul.special.bounding import (
    bounded,
    bounded_exp,
    floored,
    gated_product,
    is_negative,
    magnitude,
)
from keras_addmul.special.dtypes import in_working_dtype
from keras_addmul.special.horner import polynomial
from keras_addmul.special.signed import cos_pi

__all__ = [
    "inalu",
    "nac_weights",
    "nalu",
    "nmru",
    "nmu",
    "npu",
    "product_unit",
    "soft_exponential",
]

# Taylor coefficients of expm1(z) / z and of -log1p(-u) / u, for |z|, |u| < 1/8.
_EXPM1 = [1.0 / math.factorial(k + 1) for k in range(13)]
_LOG1P = [1.0 / (k + 1) for k in range(18)]
_SERIES = 0.125


def nmu(x, kernel, noise=None, limit=None):
    """Neural multiplication unit: `prod_j (W_ji x_j + 1 - W_ji)`.

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor of shape `(inputs, units)`; 1 takes an input, 0 leaves it out.
        noise: Positive factors like `x`, or None. Each input is multiplied by its
            factor, and the product divided by that of the gated factors (sNMU): exact
            where the weights are 0 or 1.
        limit: Bound of the result's magnitude, or None.

    >>> from keras_addmul import special
    >>> special.nmu([[2.0, 3.0, 5.0]], [[1.0], [0.0], [1.0]]).numpy()
    array([[10.]], dtype=float32)
    """
    noise = 1.0 if noise is None else noise

    def in_dtype(dtype, x, kernel, noise):
        plain = len(noise.shape) == 0
        product = gated_product(x if plain else x * noise, kernel, limit)
        return product if plain else product / gated_product(noise, kernel, limit)

    return in_working_dtype(in_dtype, x=x, kernel=kernel, noise=noise)


def nmru(x, kernel, epsilon=0.0, limit=None):
    """Neural multiplicative reciprocal unit: an NMU of the inputs and their reciprocals.

    The magnitudes are multiplied, and the sign is that of the product where the weights
    are 0 or 1: with `z = [x, 1/x]`,

        prod_j (W_ji |z_j| + 1 - W_ji) * cos(pi sum_j W_ji [z_j < 0])

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor of shape `(2 * inputs, units)`: which inputs multiply, then which
            divide.
        epsilon: Smallest magnitude that is divided by.
        limit: Bound of the result's magnitude, or None.

    >>> from keras_addmul import special
    >>> special.nmru([[6.0, -3.0]], [[1.0], [0.0], [0.0], [1.0]]).numpy()
    array([[-2.]], dtype=float32)
    """

    def in_dtype(dtype, x, kernel):
        size = magnitude(x)
        both = ops.concatenate([size, 1.0 / floored(size, epsilon)], axis=-1)
        negative = is_negative(x)
        phase = ops.matmul(ops.concatenate([negative, negative], axis=-1), kernel)
        return gated_product(both, kernel, limit) * cos_pi(phase)

    return in_working_dtype(in_dtype, x=x, kernel=kernel)


def npu(x, kernel, gate, imaginary=None, epsilon=0.0, limit=None):
    """Neural power unit: `prod_j x_j ** W_ji` of gated inputs, its real part.

    With gates `g` clipped to [0, 1], `r = g (|x| + epsilon) + 1 - g` and
    `k = pi g [x < 0]`:

        exp(log(r) W - k V) * cos(k W + log(r) V)

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor W of shape `(inputs, units)`, the exponents.
        gate: Tensor of shape `(inputs,)`; 0 leaves an input out.
        imaginary: Tensor V like `kernel`, the exponents' imaginary part; None for zero.
        epsilon: Added to the magnitudes.
        limit: Bound of the result's magnitude, or None.

    >>> from keras_addmul import special
    >>> special.npu([[-2.0, 3.0]], [[3.0], [1.0]], [1.0, 0.0]).numpy().round(4)
    array([[-8.]], dtype=float32)
    """
    imaginary = 0.0 if imaginary is None else imaginary

    def in_dtype(dtype, x, kernel, gate, imaginary):
        gate = ops.clip(gate, 0.0, 1.0)
        size = ops.log(gate * (magnitude(x) + epsilon) + (1.0 - gate))
        turn = gate * is_negative(x)
        power, phase = ops.matmul(size, kernel), ops.matmul(turn, kernel)
        if len(imaginary.shape):
            power = power - math.pi * ops.matmul(turn, imaginary)
            phase = phase + ops.matmul(size, imaginary) / math.pi
        return bounded_exp(power, limit) * cos_pi(phase)

    return in_working_dtype(in_dtype, x=x, kernel=kernel, gate=gate, imaginary=imaginary)


def product_unit(x, kernel, epsilon=0.0, limit=None):
    """Product unit: `prod_j x_j ** W_ji`, the real part where an input is negative.

        exp(sum_j W_ji log|x_j|) * cos(pi sum_j W_ji [x_j < 0])

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor of shape `(inputs, units)`, the exponents.
        epsilon: Magnitudes below it count as it.
        limit: Bound of the result's magnitude, or None.

    >>> from keras_addmul import special
    >>> special.product_unit([[-2.0, 4.0]], [[1.0], [0.5]]).numpy().round(4)
    array([[-4.]], dtype=float32)
    """

    def in_dtype(dtype, x, kernel):
        power = ops.matmul(ops.log(floored(magnitude(x), epsilon)), kernel)
        return bounded_exp(power, limit) * cos_pi(ops.matmul(is_negative(x), kernel))

    return in_working_dtype(in_dtype, x=x, kernel=kernel)


def nac_weights(w_hat, m_hat):
    """`tanh(w_hat) * sigmoid(m_hat)`, which tends to -1, 0 and 1.

    >>> from keras_addmul import special
    >>> special.nac_weights([-99.0, 0.0, 99.0], [99.0, 99.0, -99.0]).numpy()
    array([-1.,  0.,  0.], dtype=float32)
    """
    return in_working_dtype(
        lambda dtype, w, m: ops.tanh(w) * ops.sigmoid(m), w_hat=w_hat, m_hat=m_hat
    )


def nalu(x, kernel, gate, epsilon=0.0, limit=None):
    """Neural arithmetic logic unit: a gate between a sum and a product of powers.

        g * (x W) + (1 - g) * exp(log(|x| + epsilon) W),    g = sigmoid(x G)

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor W of shape `(inputs, units)`; see `nac_weights`.
        gate: Tensor G of shape `(inputs, units)`.
        epsilon: Added to the magnitudes.
        limit: Bound of the product's magnitude, or None.

    The product has no sign, by definition: `inalu` repairs that.

    >>> from keras_addmul import special
    >>> special.nalu([[2.0, 3.0]], [[1.0], [1.0]], [[99.0], [99.0]]).numpy()
    array([[5.]], dtype=float32)
    """

    def in_dtype(dtype, x, kernel, gate):
        g = ops.sigmoid(ops.matmul(x, gate))
        multiplied = bounded_exp(ops.matmul(ops.log(magnitude(x) + epsilon), kernel), limit)
        return g * ops.matmul(x, kernel) + (1.0 - g) * multiplied

    return in_working_dtype(in_dtype, x=x, kernel=kernel, gate=gate)


def inalu(x, add_kernel, multiply_kernel, gate, epsilon=1e-7, omega=20.0):
    """Improved NALU, with weights for each path, gates for each unit, and signs.

        g * (x A) + (1 - g) * exp(min(log(max(|x|, epsilon)) M, omega)) * s
        s_i = prod_j (sign(x_j) |M_ji| + 1 - |M_ji|),    g = sigmoid(gate)

    Args:
        x: Tensor of shape `(..., inputs)`.
        add_kernel: Tensor A of shape `(inputs, units)`; see `nac_weights`.
        multiply_kernel: Tensor M like it.
        gate: Tensor of shape `(units,)`.
        epsilon: Magnitudes below it count as it.
        omega: The exponential's argument is at most this.

    >>> from keras_addmul import special
    >>> one = [[1.0], [1.0]]
    >>> special.inalu([[2.0, -3.0]], one, one, [-99.0]).numpy().round(4)
    array([[-6.]], dtype=float32)
    """

    def in_dtype(dtype, x, add_kernel, multiply_kernel, gate):
        g = ops.sigmoid(gate)
        logs = ops.log(floored(magnitude(x), epsilon))
        size = ops.exp(bounded(ops.matmul(logs, multiply_kernel), -math.inf, omega))
        sign = gated_product(ops.sign(x), ops.abs(multiply_kernel), None)
        return g * ops.matmul(x, add_kernel) + (1.0 - g) * size * sign

    return in_working_dtype(
        in_dtype, x=x, add_kernel=add_kernel, multiply_kernel=multiply_kernel, gate=gate
    )


def soft_exponential(x, alpha, epsilon=0.0, limit=None):
    """Soft exponential, from the logarithm to the exponential.

        alpha < 0:  -log(1 - alpha (x + alpha)) / alpha
        alpha = 0:  x
        alpha > 0:  (exp(alpha x) - 1) / alpha + alpha

    Its slope in alpha at 0 is `1 + x^2 / 2` from either side, and that is what is
    returned there.

    Args:
        x: Tensor of floats.
        alpha: Tensor, broadcast against `x`.
        epsilon: The logarithm's argument counts as at least this.
        limit: Bound of the result's magnitude, or None.

    >>> from keras_addmul import special
    >>> special.soft_exponential(1.0, [-1.0, 0.0, 1.0]).numpy().round(4)
    array([0.    , 1.    , 2.7183], dtype=float32)
    """

    def in_dtype(dtype, x, alpha):
        x = x if limit is None else bounded(x, -limit, limit)
        up = alpha >= 0.0
        zero = ops.zeros_like(x * alpha)
        grow = ops.where(up, alpha * x, zero)
        grow = grow if limit is None else bounded(grow, -math.inf, math.log(limit))
        shifted = x + alpha
        shrink = ops.where(up, zero, alpha * shifted)
        y = ops.where(up, x * _expm1_ratio(grow) + alpha, shifted * _log1p_ratio(shrink, epsilon))
        return y if limit is None else bounded(y, -limit, limit)

    return in_working_dtype(in_dtype, x=x, alpha=alpha)


def _expm1_ratio(z):
    """expm1(z) / z, with an accurate derivative at 0."""
    near = ops.abs(z) < _SERIES
    far = ops.where(near, ops.ones_like(z), z)
    series = polynomial(ops.where(near, z, ops.zeros_like(z)), _EXPM1)
    return ops.where(near, series, ops.expm1(far) / far)


def _log1p_ratio(u, epsilon):
    """-log(max(1 - u, epsilon)) / u, with an accurate derivative at 0."""
    near = ops.abs(u) < _SERIES
    far = ops.where(near, -ops.ones_like(u), u)
    series = polynomial(ops.where(near, u, ops.zeros_like(u)), _LOG1P)
    return ops.where(near, series, -ops.log(floored(1.0 - far, epsilon)) / far)
