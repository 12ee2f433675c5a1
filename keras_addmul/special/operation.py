"""The operation between sum and product.

    x (+)_n y = exp_iterate(exp_iterate(x, -n) + exp_iterate(y, -n), n)

is the sum at order 0 and the product at order 1. For operands of either sign it acts on the
magnitudes, and what the signs make of the sum and of the product is added to it:

    K(|x|, |y|) + (1 - n) (x + y - |x| - |y|) + n (x y - |x y|).

That is exact at both ends, and continuous where an operand passes through zero.

References:
    - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    - [Koepp, van der Smagt & Urban, 2016](https://arxiv.org/abs/1604.03736)
"""

from collections.abc import Callable

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import held, magnitude, signed_product
from keras_addmul.special.dtypes import LARGEST, dtype_of
from keras_addmul.special.gradients import clipped_gradient, differentiated_as
from keras_addmul.special.iterate import iterated
from keras_addmul.special.shared import broadcast
from keras_addmul.special.signed import magnitude_towards_log, towards_exp
from keras_addmul.special.solutions import Solution, with_path, with_solution

__all__ = [
    "addmul",
    "addmul_reduce",
    "gathered",
    "identity",
    "identity_element",
    "inverse",
    "reduced",
]


def addmul(x: ArrayLike, y: ArrayLike, n: ArrayLike, path: str = "kneser") -> Tensor:
    """Returns `x (+)_n y`: the sum at order 0, the product at order 1, smooth in between.

    Args:
        x, y: Tensors of floats of either sign, broadcast against each other.
        n: Tensor of orders in [0, 1], broadcast against `x` and `y`.
        path: The way from sum to product: a solution of Abel's equation, `"kneser"` or
            `"linear"`, as for `exp_iterate`, or `"mixture"`, their mean
            `(1 - n) (x + y) + n x y`, which solves no equation.

    Returns:
        Tensor with the broadcast shape of the arguments.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If `path` is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> np.round(special.addmul(2.0, 7.0, np.array([0.0, 0.5, 1.0], "float32")), 3)
    array([ 9.   , 11.904, 14.   ], dtype=float32)
    >>> np.round(special.addmul(2.0, -7.0, np.array([0.0, 0.5, 1.0], "float32")), 3)
    array([ -5.   ,  -9.096, -14.   ], dtype=float32)
    """

    def with_pieces(x, y, n, pieces):
        x, y, n = broadcast(x, y, n)
        return reduced(ops.stack([x, y]), n, 0, pieces)

    return with_path(with_pieces, path, x=x, y=y, n=n)


def addmul_reduce(
    x: ArrayLike,
    n: ArrayLike,
    axis: int = -1,
    mask: ArrayLike | None = None,
    *,
    path: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Reduces an axis with `(+)_n`: `sum` at order 0, `prod` at order 1.

    Args:
        x: Tensor of floats of either sign.
        n: Tensor of orders in [0, 1], broadcast against the result.
        axis: The axis to reduce.
        mask: Booleans like `x`, or None. Numbers where it is False are left out.
        path: `"kneser"`, `"linear"` or `"mixture"`, as for `addmul`.
        epsilon: Floor on the magnitudes between orders 0 and 1, whose logarithm is taken.
        limit: Bound on the magnitude of the result, or None.

    Returns:
        Tensor like `x` without `axis`.

    Raises:
        TypeError: If `x` or `n` does not hold real numbers.
        ValueError: If `path` is unknown.

    Example:

    >>> from keras_addmul import special
    >>> x = [[2.0, -3.0, 4.0]]
    >>> special.addmul_reduce(x, 0.0).numpy(), special.addmul_reduce(x, 1.0).numpy()
    (array([3.], dtype=float32), array([-24.], dtype=float32))
    """

    def with_pieces(x, n, pieces):
        return reduced(x, n, axis, pieces, epsilon, limit, mask)

    return with_path(with_pieces, path, x=x, n=n)


def reduced(
    x: Tensor,
    n: Tensor,
    axis: int,
    pieces: Solution | None,
    epsilon: float = 0.0,
    limit: float | None = None,
    mask: ArrayLike | None = None,
) -> Tensor:
    """`addmul_reduce` of tensors in the working dtype of the pieces, which are None for a mixture.

    At orders 0 and 1 the sum and the product themselves are the value and give the slopes in
    `x`; the path gives the slope in the order, and everything between.
    """

    def kept(values, neutral):
        return values if mask is None else ops.where(mask, values, neutral * ops.ones_like(values))

    def sum_of(values):
        return ops.sum(kept(values, 0.0), axis)

    def product_of(values, bound):
        return signed_product(kept(values, 1.0), axis, bound)

    along = _behind(n, axis, len(x.shape))
    return gathered(x, n, along, sum_of, product_of, pieces, epsilon, limit)


def gathered(
    x: Tensor,
    n: Tensor,
    along: Tensor,
    sum_of: Callable[[Tensor], Tensor],
    product_of: Callable[[Tensor, float], Tensor],
    pieces: Solution | None,
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Combines numbers with `(+)_n`, given how they are added and how they are multiplied.

    Args:
        x: Tensor in the working dtype of the pieces.
        n: Orders that broadcast against the results.
        along: The same orders as they broadcast against `x`.
        sum_of: Adds the members of each result, of a tensor like `x`.
        product_of: Multiplies them, up to a bound on the magnitude.
        pieces: The solution, or None for a mixture.
        epsilon, limit: As for `addmul_reduce`.
    """
    largest = LARGEST[dtype_of(x)]
    total = held(sum_of(x), limit)
    product = product_of(x, limit or largest)
    if pieces is None:
        return (1.0 - n) * total + n * product
    terms = magnitude_towards_log(magnitude(_between_ends(x, along)), along, pieces, epsilon)
    positive = towards_exp(sum_of(terms), n, pieces, limit)
    of_sum = sum_of(ops.minimum(x, 0.0))
    of_product = ops.clip(product, -largest / 8.0, 0.0)  # inf - inf would be nan
    between = positive + 2.0 * (
        (1.0 - n) * _between_ends(of_sum, n) + n * _between_ends(of_product, n)
    )
    exact = ops.where(n == 0.0, total, product)
    exact = exact + differentiated_as(ops.zeros_like(between), between)
    return ops.where(_is_end(n), exact, held(between, limit))


def _is_end(n):
    return ops.logical_or(n == 0.0, n == 1.0)


def _between_ends(x, n):
    """Returns `x`, without a gradient at orders 0 and 1."""
    return ops.where(_is_end(n), ops.stop_gradient(x), x)


def _behind(n, axis, rank):
    """Returns orders of results so that they broadcast along the axis that is reduced."""
    if len(n.shape) == 0:
        return n
    n = ops.reshape(n, (1,) * (rank - 1 - len(n.shape)) + tuple(ops.shape(n)))
    return ops.expand_dims(n, axis)


def identity(n: ArrayLike, solution: str = "kneser") -> Tensor:
    """Returns the identity element of `(+)_n`: 0 at order 0, 1 at order 1.

    It is `e = exp_iterate(0, n)`, and `addmul(x, e, n) = x` for every `x >= e`. At orders 0
    and 1 this holds for every `x`.

    Args:
        n: Tensor of orders in [0, 1].
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.

    Returns:
        Tensor like `n`.

    Raises:
        TypeError: If `n` does not hold real numbers.
        ValueError: If `solution` is unknown.

    Example:

    >>> from keras_addmul import special
    >>> special.identity([0.0, 0.5, 1.0]).numpy().round(4)
    array([0.    , 0.4986, 1.    ], dtype=float32)
    """
    return with_solution(identity_element, solution, n=n)


def inverse(x: ArrayLike, n: ArrayLike, solution: str = "kneser") -> Tensor:
    """Returns the inverse of `x` under `(+)_n`: `-x` at order 0, `1/x` at order 1.

    Where it exists, `addmul(x, inverse(x, n), n) = identity(n)`. It is

    - at order 0 for every `x`: `-x`;
    - at order 1 for every `x` but 0: `1/x`;
    - between them for `0 <= x <= inverse(0, n)`: `exp_iterate(-exp_iterate(x, -n), n)`.

    Elsewhere no formula gives one: beyond `inverse(0, n)` this one would give a negative number,
    and with negative operands `addmul` no longer follows it.

    Args:
        x: Tensor of floats.
        n: Tensor of orders in [0, 1], broadcast against `x`.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.

    Returns:
        Tensor with the broadcast shape of `x` and `n`: nan where there is no formula,
        inf for 0 at order 1. Its gradients are finite for every finite `x`: 0 where the
        result is nan, and bounded by the largest number of the dtype.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If `solution` is unknown.

    Example:

    >>> from keras_addmul import special
    >>> special.inverse(4.0, [0.0, 0.5, 1.0]).numpy()
    array([-4.  ,   nan,  0.25], dtype=float32)
    >>> y = special.inverse(0.75, 0.5)
    >>> special.addmul(0.75, y, 0.5).numpy().round(4), special.identity(0.5).numpy().round(4)
    (np.float32(0.4986), np.float32(0.4986))
    """
    return with_solution(_inverse, solution, x=x, n=n)


def identity_element(n: Tensor, pieces: Solution) -> Tensor:
    """`identity` of tensors in the working dtype of the pieces."""
    return iterated(ops.zeros_like(n), n, pieces)


def _inverse(x, n, pieces):
    x, n = clipped_gradient(x, pieces.huge), clipped_gradient(n, pieces.huge)
    at_sum, at_product = n == 0.0, n == 1.0
    end = ops.logical_or(at_sum, at_product)
    ones = ops.ones_like(x)
    # At orders 0 and 1 the formula supplies only the slope in the order, where there is one.
    start = ops.where(x < 0.0, ones, x)
    start = ops.where(end, ops.stop_gradient(start), start)
    formula = iterated(-iterated(start, -n, pieces), n, pieces)
    exists = ops.logical_and(x >= 0.0, formula >= 0.0)
    between = ops.where(exists, formula, ops.full_like(formula, float("nan")))
    divisor = ops.where(at_product, x, ones)
    ends = ops.where(at_product, 1.0 / divisor, -x)
    zeros = ops.zeros_like(formula)
    sloped = ops.where(ops.logical_and(at_product, exists), formula, zeros)
    return ops.where(end, ends + differentiated_as(zeros, sloped), between)
