"""The operation between sum and product.

    x (+)_n y = exp_iterate(exp_iterate(x, -n) + exp_iterate(y, -n), n)

is the sum at order 0 and the product at order 1. Every function here takes the same steps:
`to_sums` maps numbers to the scale on which the operation is a sum, and `from_sums` maps the
sum back. Negative numbers follow `signed.py`. The product of their signs enters with the
order, as cos(pi n m) for m negative numbers.

References:
    - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    - [Koepp, van der Smagt & Urban, 2016](https://arxiv.org/abs/1604.03736)
"""

from keras import ops

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.bounding import is_negative
from keras_addmul.special.elementary import cosine_of_pi
from keras_addmul.special.gradients import clipped_gradient, differentiated_as
from keras_addmul.special.iterate import iterated
from keras_addmul.special.signed import towards_exp, towards_log
from keras_addmul.special.solutions import Solution, with_solution

__all__ = [
    "addmul",
    "addmul_reduce",
    "from_sums",
    "identity",
    "identity_element",
    "inverse",
    "joined",
    "to_sums",
]


def addmul(x: ArrayLike, y: ArrayLike, n: ArrayLike, solution: str = "kneser") -> Tensor:
    """Returns `x (+)_n y`: the sum at order 0, the product at order 1, smooth in between.

    Args:
        x, y: Tensors of floats of either sign, broadcast against each other.
        n: Tensor of orders in [0, 1], broadcast against `x` and `y`.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.

    Returns:
        Tensor with the broadcast shape of the arguments.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If `solution` is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_addmul import special
    >>> np.round(special.addmul(2.0, 7.0, np.array([0.0, 0.5, 1.0], "float32")), 3)
    array([ 9.   , 11.904, 14.   ], dtype=float32)
    """

    def with_pieces(x, y, n, pieces):
        total = towards_log(x, n, pieces) + towards_log(y, n, pieces)
        return joined(total, n, is_negative(x) + is_negative(y), pieces)

    return with_solution(with_pieces, solution, x=x, y=y, n=n)


def addmul_reduce(
    x: ArrayLike,
    n: ArrayLike,
    axis: int = -1,
    mask: ArrayLike | None = None,
    *,
    solution: str = "kneser",
    epsilon: float = 0.0,
    limit: float | None = None,
) -> Tensor:
    """Reduces an axis with `(+)_n`: `sum` at order 0, `prod` at order 1.

    Args:
        x: Tensor of floats of either sign.
        n: Tensor of orders in [0, 1], broadcast against the result.
        axis: The axis to reduce.
        mask: Booleans like `x`, or None. Numbers where it is False are left out.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.
        epsilon: Floor on the magnitudes for orders above 0; see `signed_exp_iterate`.
        limit: Bound on the magnitude of the result, as for `exp_iterate`, or None.

    Returns:
        Tensor like `x` without `axis`.

    Raises:
        TypeError: If `x` or `n` does not hold real numbers.
        ValueError: If `solution` is unknown.

    Example:

    >>> from keras_addmul import special
    >>> x = [[2.0, 3.0, 4.0]]
    >>> special.addmul_reduce(x, 0.0).numpy(), special.addmul_reduce(x, 1.0).numpy().round(4)
    (array([9.], dtype=float32), array([24.], dtype=float32))
    """

    def with_pieces(x, n, pieces):
        along = ops.expand_dims(n, axis) if len(n.shape) else n
        terms, negative = towards_log(x, along, pieces, epsilon), is_negative(x)
        if mask is not None:
            terms = ops.where(mask, terms, ops.zeros_like(terms))
            negative = ops.where(mask, negative, ops.zeros_like(negative))
        return joined(ops.sum(terms, axis), n, ops.sum(negative, axis), pieces, limit)

    return with_solution(with_pieces, solution, x=x, n=n)


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

    Where it exists, `addmul(x, inverse(x, n), n) = identity(n)`. It exists

    - at order 0 for every `x`: `-x`;
    - at order 1 for every `x` but 0: `1/x`;
    - between them for `0 <= x <= inverse(0, n)`: `exp_iterate(-exp_iterate(x, -n), n)`.

    Elsewhere there is no inverse. Beyond `inverse(0, n)` the formula gives negative numbers,
    but between orders 0 and 1 `addmul` multiplies by cos(pi n) for a negative operand, and
    no second operand can undo that.

    Args:
        x: Tensor of floats.
        n: Tensor of orders in [0, 1], broadcast against `x`.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.

    Returns:
        Tensor with the broadcast shape of `x` and `n`: nan where there is no inverse,
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


def to_sums(x: ArrayLike, n: ArrayLike, solution: str = "kneser", epsilon: float = 0.0) -> Tensor:
    """Maps `x` to the scale on which `(+)_n` is a sum: `x` at order 0, `log(abs(x))` at 1.

    Args:
        x: Tensor of floats of either sign.
        n: Tensor of orders in [0, 1], broadcast against `x`.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.
        epsilon: Floor on the magnitudes for orders above 0; see `signed_exp_iterate`.

    Returns:
        Tensor with the broadcast shape of `x` and `n`.

    Raises:
        TypeError: If `x` or `n` does not hold real numbers.
        ValueError: If `solution` is unknown.

    Example:

    >>> from keras_addmul import special
    >>> special.to_sums([2.0, -3.0], [[0.0], [1.0]]).numpy().round(4)
    array([[ 2.    , -3.    ],
           [ 0.6931,  1.0986]], dtype=float32)
    """
    return with_solution(
        lambda x, n, pieces: towards_log(x, n, pieces, epsilon), solution, x=x, n=n
    )


def from_sums(
    total: ArrayLike,
    n: ArrayLike,
    negatives: ArrayLike | None = None,
    solution: str = "kneser",
    limit: float | None = None,
) -> Tensor:
    """Maps a sum of `to_sums` back: `total` at order 0, `exp(total)` at order 1.

    Args:
        total: Tensor of floats, a sum of results of `to_sums`.
        n: Tensor of orders in [0, 1], broadcast against `total`.
        negatives: Number of negative operands, each counted with its exponent, or None if
            there are none.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.
        limit: Bound on the magnitude of the result, as for `exp_iterate`, or None.

    Returns:
        Tensor with the broadcast shape of the arguments.

    Raises:
        TypeError: If an argument does not hold real numbers.
        ValueError: If `solution` is unknown.

    Example:

    >>> from keras_addmul import special
    >>> total = special.to_sums([2.0, -3.0], 1.0).numpy().sum()
    >>> special.from_sums(total, 1.0, negatives=1).numpy().round(4)
    np.float32(-6.0)
    """
    if negatives is None:
        return with_solution(
            lambda total, n, pieces: joined(total, n, None, pieces, limit),
            solution,
            total=total,
            n=n,
        )
    return with_solution(
        lambda total, n, negatives, pieces: joined(total, n, negatives, pieces, limit),
        solution,
        total=total,
        n=n,
        negatives=negatives,
    )


def joined(
    total: Tensor,
    n: Tensor,
    negatives: Tensor | None,
    pieces: Solution,
    limit: float | None = None,
) -> Tensor:
    """`from_sums` of tensors in the working dtype of the pieces."""
    y = towards_exp(total, n, pieces, limit)
    return y if negatives is None else y * cosine_of_pi(n * negatives)


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
