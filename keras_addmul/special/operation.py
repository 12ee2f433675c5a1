"""The operation between sum and product.

    x (+)_n y = exp_iterate(exp_iterate(x, -n) + exp_iterate(y, -n), n)

is the sum at order 0 and the product at order 1. Every function here goes the
same way: `to_sums` carries numbers to the scale on which the operation is a
sum, `from_sums` carries the sum back. Negative numbers follow `signed.py`, and
the product of their signs enters with the order, as cos(pi n (how many are
negative)).

References:
    - [Urban & van der Smagt, 2015](https://arxiv.org/abs/1503.05724)
    - [Koepp, van der Smagt & Urban, 2016](https://arxiv.org/abs/1604.03736)
"""

from keras import ops

from keras_addmul.special.dtypes import as_floats
from keras_addmul.special.iterate import exp_iterate
from keras_addmul.special.signed import cos_pi, towards_exp, towards_log

__all__ = ["addmul", "addmul_reduce", "from_sums", "identity", "inverse", "to_sums"]


def addmul(x, y, n, solution="kneser"):
    """`x (+)_n y`: the sum at order 0, the product at order 1, smooth between.

    Args:
        x, y: Tensors of floats of either sign, broadcast against each other.
        n: Tensor of orders in [0, 1], broadcast against `x` and `y`.
        solution: `"kneser"` or `"linear"`, as for `exp_iterate`.

    Returns:
        Tensor with the broadcast shape of the arguments.

    Raises:
        TypeError: If an argument does not hold numbers.
        ValueError: If the solution is unknown.

    Example:
    >>> import numpy as np
    >>> from keras_addmul import special
    >>> np.round(special.addmul(2.0, 7.0, np.array([0.0, 0.5, 1.0], "float32")), 3)
    array([ 9.   , 11.904, 14.   ], dtype=float32)
    """
    (x, y, n), _ = as_floats(x=x, y=y, n=n)
    total = to_sums(x, n, solution=solution) + to_sums(y, n, solution=solution)
    return from_sums(total, n, _is_negative(x) + _is_negative(y), solution=solution)


def addmul_reduce(x, n, axis=-1, mask=None, epsilon=0.0, limit=None, solution="kneser"):
    """Combines all numbers along an axis by `(+)_n`: `sum` at order 0, `prod` at order 1.

    Args:
        x: Tensor of floats of either sign.
        n: Tensor of orders in [0, 1], broadcast against the result.
        axis: The axis that is combined.
        mask: Booleans like `x`; numbers where it is False take no part.
        epsilon: Floor of the magnitudes towards order 1; see `signed_exp_iterate`.
        limit: Bound of the result's magnitude, as for `exp_iterate`, or None.
        solution: As for `addmul`.

    Returns:
        Tensor like `x` without `axis`.

    Example:
    >>> from keras_addmul import special
    >>> x = [[2.0, 3.0, 4.0]]
    >>> special.addmul_reduce(x, 0.0).numpy(), special.addmul_reduce(x, 1.0).numpy().round(4)
    (array([9.], dtype=float32), array([24.], dtype=float32))
    """
    (x, n), _ = as_floats(x=x, n=n)
    along = ops.expand_dims(n, axis) if len(n.shape) else n
    terms, negative = to_sums(x, along, epsilon, solution), _is_negative(x)
    if mask is not None:
        terms = ops.where(mask, terms, ops.zeros_like(terms))
        negative = ops.where(mask, negative, ops.zeros_like(negative))
    return from_sums(ops.sum(terms, axis), n, ops.sum(negative, axis), solution, limit)


def identity(n, solution="kneser"):
    """The number that leaves every other as it is, `e (+)_n x = x` for `x >= e`.

    0 at order 0, 1 at order 1.

    >>> from keras_addmul import special
    >>> special.identity([0.0, 0.5, 1.0]).numpy().round(4)
    array([0.    , 0.4986, 1.    ], dtype=float32)
    """
    (n,), _ = as_floats(n=n)
    return exp_iterate(ops.zeros_like(n), n, solution)


def inverse(x, n, solution="kneser"):
    """What `(+)_n` undoes `x` with: `-x` at order 0, `1/x` at order 1.

    `x (+)_n inverse(x, n) = identity(n)` wherever no negative number is met.

    >>> from keras_addmul import special
    >>> special.inverse(4.0, [0.0, 1.0]).numpy()
    array([-4.  ,  0.25], dtype=float32)
    """
    (x, n), _ = as_floats(x=x, n=n)
    terms = to_sums(x, n, solution=solution)
    return from_sums(-terms, n, _is_negative(x), solution=solution)


def to_sums(x, n, epsilon=0.0, solution="kneser"):
    """Carries `x` to the scale on which `(+)_n` is a sum: `x` at 0, `log(abs(x))` at 1."""
    return towards_log(x, n, epsilon, solution)


def from_sums(total, n, negatives=None, solution="kneser", limit=None):
    """Carries a sum back from that scale: `total` at 0, `exp(total)` at 1.

    Args:
        total: Tensor of floats.
        n: Tensor of orders, broadcast against `total`.
        negatives: How many of the operands are negative, each counted with its
            exponent; None for none.
        solution, limit: As for `exp_iterate`.
    """
    (total, n), dtype = as_floats(total=total, n=n)
    y = towards_exp(total, n, solution, limit)
    return y if negatives is None else y * cos_pi(n * ops.cast(negatives, dtype))


def _is_negative(x):
    return ops.cast(x < 0.0, x.dtype)
