"""The arithmetic logic units of the literature, as functions of tensors.

A gate chooses between a sum and a product. Shapes, limits and gradients are as in
`multiplication_units.py`.
"""

import math

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import bounded, bounded_exp, floored, gated_product, magnitude
from keras_addmul.special.dtypes import in_working_dtype
from keras_addmul.special.kernel_shapes import check_kernel, check_vector

__all__ = ["inalu", "nac_weights", "nalu"]


def nac_weights(w_hat: ArrayLike, m_hat: ArrayLike) -> Tensor:
    """Returns `tanh(w_hat) * sigmoid(m_hat)`, which tends to -1, 0 and 1.

    Args:
        w_hat: Tensor of floats, any shape.
        m_hat: Tensor, broadcast against `w_hat`.

    Returns:
        Tensor with the broadcast shape of the arguments, in [-1, 1].

    Raises:
        TypeError: If an argument does not hold real numbers.

    Example:

    >>> from keras_addmul import special
    >>> special.nac_weights([-99.0, 0.0, 99.0], [99.0, 99.0, -99.0]).numpy()
    array([-1.,  0.,  0.], dtype=float32)

    References:
        - [Trask et al., 2018](https://arxiv.org/abs/1808.00508)
    """
    return in_working_dtype(
        lambda dtype, w, m: ops.tanh(w) * ops.sigmoid(m), w_hat=w_hat, m_hat=m_hat
    )


def nalu(
    x: ArrayLike,
    kernel: ArrayLike,
    gate: ArrayLike,
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Neural arithmetic logic unit (NALU): gates between a sum and a product of powers.

        g * (x W) + (1 - g) * exp(log(|x| + epsilon) W),    g = sigmoid(x G)

    By definition the product has no sign; `inalu` adds one.

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor W of shape `(inputs, units)`; see `nac_weights`.
        gate: Tensor G of shape `(inputs, units)`.
        epsilon: Added to the magnitudes.
        limit: Bound on the magnitude of the product, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match.

    Example:

    >>> from keras_addmul import special
    >>> special.nalu([[2.0, 3.0]], [[1.0], [1.0]], [[99.0], [99.0]]).numpy()
    array([[5.]], dtype=float32)

    References:
        - [Trask et al., 2018](https://arxiv.org/abs/1808.00508)
    """

    def in_dtype(dtype, x, kernel, gate):
        check_kernel(x, kernel)
        check_kernel(x, gate, "gate")
        g = ops.sigmoid(ops.matmul(x, gate))
        multiplied = bounded_exp(ops.matmul(ops.log(magnitude(x) + epsilon), kernel), limit)
        return g * ops.matmul(x, kernel) + (1.0 - g) * multiplied

    return in_working_dtype(in_dtype, x=x, kernel=kernel, gate=gate)


def inalu(
    x: ArrayLike,
    add_kernel: ArrayLike,
    multiply_kernel: ArrayLike,
    gate: ArrayLike,
    epsilon: float = 1e-7,
    omega: float = 20.0,
) -> Tensor:
    """Improved NALU (iNALU), with separate weights per path, a gate per unit, and signs.

        g * (x A) + (1 - g) * exp(min(log(max(|x|, epsilon)) M, omega)) * s
        s_i = prod_j (sign(x_j) |M_ji| + 1 - |M_ji|),    g = sigmoid(gate)

    Args:
        x: Tensor of shape `(..., inputs)`.
        add_kernel: Tensor A of shape `(inputs, units)`; see `nac_weights`.
        multiply_kernel: Tensor M of the same shape.
        gate: Tensor of shape `(units,)`.
        epsilon: Floor on the magnitudes whose logarithm is taken.
        omega: Upper bound on the argument of the exponential.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match.

    Example:

    >>> from keras_addmul import special
    >>> one = [[1.0], [1.0]]
    >>> special.inalu([[2.0, -3.0]], one, one, [-99.0]).numpy().round(4)
    array([[-6.]], dtype=float32)

    References:
        - [Schloer, Ring & Hotho, 2020](https://arxiv.org/abs/2003.07629)
    """

    def in_dtype(dtype, x, add_kernel, multiply_kernel, gate):
        check_kernel(x, add_kernel, "add_kernel")
        check_kernel(x, multiply_kernel, "multiply_kernel")
        check_vector("gate", gate, add_kernel.shape[1], "unit")
        g = ops.sigmoid(gate)
        logs = ops.log(floored(magnitude(x), epsilon))
        size = ops.exp(bounded(ops.matmul(logs, multiply_kernel), -math.inf, omega))
        sign = gated_product(ops.sign(x), ops.abs(multiply_kernel), None)
        return g * ops.matmul(x, add_kernel) + (1.0 - g) * size * sign

    return in_working_dtype(
        in_dtype, x=x, add_kernel=add_kernel, multiply_kernel=multiply_kernel, gate=gate
    )
