"""The solutions of Abel's equation, by name, and their common interface.

A solution is a class, called with a dtype, that computes the superlog S and the superexp T on
one stretch of the line; see `Solution`. To add one, write its file and list it in `SOLUTIONS`:
every function and layer finds it there.
"""

import functools
from collections.abc import Callable
from typing import Protocol

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.dtypes import in_working_dtype
from keras_addmul.special.kneser import Kneser
from keras_addmul.special.linear import Linear

__all__ = [
    "MIXTURE",
    "SOLUTIONS",
    "Solution",
    "get_path",
    "get_solution",
    "with_path",
    "with_solution",
]


class Solution(Protocol):
    """The pieces of a solution in one dtype, float32 or float64.

    S is the superlog, with S(exp(x)) = S(x) + 1, S(0) = 0 and S(1) = 1; T is its inverse.
    All methods work elementwise. They are finite wherever they are called, even outside their
    own interval, where the value is not used.

    Attributes:
        levels: Number of logarithms that bring the largest number of the dtype below `top`.
        bottom: Start of the stretch on which `superlog` is defined, in [-0.5, 0).
        top: End of this stretch.
        end: `superlog(top)`, the end of the stretch on which `superexp` is defined.
        lowest: The point below which exp leaves the normal numbers.
        huge: Nearly the largest number of the dtype; bounds slopes.

    Example:

    >>> import keras
    >>> from keras_addmul import special
    >>> pieces = special.SOLUTIONS["kneser"]("float64")
    >>> x = keras.ops.array([0.25, 1.0, 1.5], dtype="float64")
    >>> round_trip = pieces.superexp(pieces.superlog(x))
    >>> bool(keras.ops.max(keras.ops.abs(round_trip - x)) < 1e-15)
    True
    """

    levels: int
    bottom: float
    top: float
    end: float
    lowest: float
    huge: float

    def superlog(self, x: Tensor, /) -> Tensor:
        """S(x) for `bottom <= x <= top`."""
        ...

    def superlog_of_number(self, number: float, /) -> float:
        """S of a Python number above 1.6."""
        ...

    def superexp(self, v: Tensor, /) -> Tensor:
        """T(v) for `-0.4 <= v <= end`."""
        ...

    def slope(self, v: Tensor, /) -> Tensor:
        """1 / T'(v), which is S'(T(v)), for `superlog(bottom) <= v <= end`."""
        ...

    def ratio(self, w: Tensor, /) -> Tensor:
        """T(w) / T'(w) for `0 <= w <= 0.62`."""
        ...

    def tangent(self, n: Tensor, /) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Value and slope at x = 0 of the iterate of order n in [0, 1], and their slopes in n."""
        ...


SOLUTIONS: dict[str, Callable[[str], Solution]] = {"kneser": Kneser, "linear": Linear}

# The path from sum to product that no equation gives: their weighted mean.
MIXTURE = "mixture"


def get_solution(name: str) -> Callable[[str], Solution]:
    """Returns a function from a dtype to the pieces of the solution called `name`.

    Raises:
        ValueError: If the name is unknown; the message lists the known ones.
    """
    if not isinstance(name, str) or name not in SOLUTIONS:
        known = ", ".join(repr(n) for n in SOLUTIONS)
        raise ValueError(f"Argument `solution` must be one of {known}. Received: {name!r}")
    return functools.partial(_pieces, SOLUTIONS[name])


def with_solution(
    function: Callable[..., Tensor], solution: str, /, **tensors: ArrayLike
) -> Tensor:
    """Calls `function(*tensors, pieces)` in a working dtype, for a public function.

    It looks up the solution, and checks and converts each tensor, once.

    Args:
        function: Takes the tensors in order, and the pieces of the solution.
        solution: Name of the solution.
        **tensors: The tensors, by the names to use in error messages.

    Returns:
        The result in the dtype of the arguments.

    Raises:
        TypeError: If one of the tensors does not hold real numbers.
        ValueError: If `solution` is unknown.
    """
    pieces_of = get_solution(solution)
    return in_working_dtype(lambda dtype, *values: function(*values, pieces_of(dtype)), **tensors)


def get_path(name: str) -> Callable[[str], Solution] | None:
    """Returns `get_solution(name)`, or None for the mixture of sum and product.

    Raises:
        ValueError: If the name is unknown; the message lists the known ones.
    """
    if name == MIXTURE:
        return None
    if not isinstance(name, str) or name not in SOLUTIONS:
        known = ", ".join(repr(n) for n in (*SOLUTIONS, MIXTURE))
        raise ValueError(f"Argument `path` must be one of {known}. Received: {name!r}")
    return get_solution(name)


def with_path(function: Callable[..., Tensor], path: str, /, **tensors: ArrayLike) -> Tensor:
    """`with_solution` for a path from sum to product; the mixture has None for pieces."""
    pieces_of = get_path(path)

    def with_pieces(dtype, *values):
        return function(*values, None if pieces_of is None else pieces_of(dtype))

    return in_working_dtype(with_pieces, **tensors)


@functools.cache
def _pieces(solution: Callable[[str], Solution], dtype: str) -> Solution:
    return solution(dtype)
