"""The operation over chosen inputs: each is taken, inverted or left out.

References:
    - The gate `w x + 1 - w`, for products and weights in [0, 1], is that of
      [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016).
"""

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import held, magnitude, signed_product
from keras_addmul.special.dtypes import dtype_of, output_bound
from keras_addmul.special.gradients import differentiated_as
from keras_addmul.special.kernel_shapes import check_kernel, check_vector
from keras_addmul.special.operation import identity_element, reduced
from keras_addmul.special.signed import magnitude_towards_log, towards_exp
from keras_addmul.special.solutions import with_solution

__all__ = ["addmul_select"]


def addmul_select(
    x: ArrayLike,
    kernel: ArrayLike,
    n: ArrayLike,
    *,
    solution: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Combines chosen inputs with `(+)_n`: each is taken, inverted or left out.

        y_i = (+)_{n_i} over j of g_ij

        g_ij = w x_j + (1 - w) e              for w = kernel[j, i] >= 0
        g_ij = -w inverse(x_j) + (1 + w) e    for w < 0

    Here e is the identity element of order n_i. At order 0 it is 0, the inverse is `-x`, and
    `y = x @ kernel`. At order 1 it is 1, the inverse is `1/x`, and y is a product of inputs
    and their inverses. At every order a weight of 1 takes the input, -1 takes its inverse,
    and 0 leaves it out. At orders 0 and 1 values and slopes equal those of the sum and the
    product, for inputs and gates of either sign and for zero.

    Between orders 0 and 1 `special.inverse` exists only for small inputs. Here the inverse of
    every positive input is `signed_exp_iterate(-exp_iterate(x, -n), n)`, which equals it for
    `x <= e` and continues it along the tangent beyond, with moderate slopes.

    If a unit takes or inverts a negative input, its output between orders 0 and 1 is the linear
    interpolation `(1 - n) sum + n product`. A gate passes through zero on its way from 1 to a
    negative input, and any function of its logarithm would be a barrier there.

    Args:
        x: Tensor of shape `(..., inputs)`, of either sign.
        kernel: Tensor of shape `(inputs, units)`, in [-1, 1].
        n: Orders in [0, 1]: a scalar, or shape `(units,)`.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.
        epsilon: Floor on the magnitudes whose inverse or logarithm is taken.
        limit: Bound on the magnitude of the results, as for `exp_iterate`, or None.

    Returns:
        Tensor of shape `(..., units)`.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If the shapes do not match, or `solution` is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> x, kernel = np.array([[6.0, 3.0]], "float32"), np.array([[1.0], [-1.0]], "float32")
    >>> [float(special.addmul_select(x, kernel, n)[0, 0]) for n in (0.0, 1.0)]
    [3.0, 2.0]
    """

    def with_pieces(x, kernel, n, pieces):
        check_kernel(x, kernel)
        check_vector("n", n, kernel.shape[1], "column of the kernel")
        bound = limit or output_bound(dtype_of(x))
        taken = kernel >= 0.0  # so that the slope at 0 is that of taking the input, not zero
        size = ops.where(taken, kernel, -kernel)
        at_sum = held(ops.matmul(x, kernel), limit)
        at_product = _product(x[..., None], size, taken, epsilon, bound)
        negative = ops.logical_and(x[..., None] < 0.0, size > 0.0)
        across = ops.any(negative, axis=-2)
        # Negative inputs take the other branch, and 1 stands for them in this one. At orders
        # 0 and 1 this branch supplies the slope in the order, and the ends supply the others.
        end = ops.logical_or(n == 0.0, n == 1.0)
        other = ops.where(x < 0.0, ops.ones_like(x), x)[..., None]
        other, share = (ops.where(end, ops.stop_gradient(v), v) for v in (other, size))
        between = _between(other, share, taken, n, pieces, epsilon, limit)
        ends = ops.where(n == 0.0, at_sum, at_product)
        ends = ends + differentiated_as(ops.zeros_like(between), between)
        along = ops.where(end, ends, between)
        return ops.where(across, (1.0 - n) * at_sum + n * at_product, along)

    return with_solution(with_pieces, solution, x=x, kernel=kernel, n=n)


def _product(x, size, taken, epsilon, bound):
    """The result at order 1: the product of the gates, bounded."""
    part = ops.maximum(magnitude(x), epsilon)
    divisor = ops.where(taken, ops.ones_like(part), part)
    part = ops.where(taken, x, ops.where(x < 0.0, -1.0 / divisor, 1.0 / divisor))
    gates = size * part + (1.0 - size)
    return signed_product(gates, -2, bound)


def _between(x, size, taken, n, pieces, epsilon, limit):
    """The result by the definition, for nonnegative inputs."""
    terms = magnitude_towards_log(x, n, pieces, epsilon)
    part = ops.where(taken, x, towards_exp(-terms, n, pieces))
    gates = size * part + (1.0 - size) * identity_element(n, pieces)
    return reduced(gates, n, -2, pieces, epsilon, limit)
