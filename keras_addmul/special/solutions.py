"""The solutions of Abel's equation, by name, and what each of them gives.

A solution is a class, called with a dtype, that gives the superlog S and the superexp
T on one stretch of the line; see `Solution`. To add one, write its file and name it in
`SOLUTIONS`: every function and layer takes it from there.
"""

import functools
from collections.abc import Callable
from typing import Protocol

from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.dtypes import in_working_dtype
from keras_addmul.special.kneser import Kneser
from keras_addmul.special.linear import Linear

__all__ = ["SOLUTIONS", "Solution", "get_solution", "with_solution"]


class Solution(Protocol):
    """The pieces of a solution in one dtype, float32 or float64.

    S is the superlog, with S(exp(x)) = S(x) + 1, S(0) = 0 and S(1) = 1; T is its inverse.
    All methods work element by element, and are finite wherever they are called: beyond
    their own interval, too, where the value is not used.

    Attributes:
        levels: How many logarithms bring the largest number of the dtype below `top`.
        bottom: Where the stretch begins on which `superlog` is given: in [-0.5, 0).
        top: Where it ends.
        end: `superlog(top)`, up to which `superexp` is given.
        lowest: Below it exp leaves the normal numbers.
        huge: Nearly the largest number, which bounds slopes.
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
    """Calls `function(*tensors, pieces)` in a working dtype: the door of a public function.

    It looks the solution up, and checks and converts each tensor, once.

    Args:
        function: Takes the tensors in order, and the pieces of the solution.
        solution: Name of the solution.
        **tensors: What is passed, by the names that an error is to give.

    Returns:
        The result in the dtype of the arguments.

    Raises:
        TypeError: If one of the tensors does not hold real numbers.
        ValueError: If the solution is unknown.
    """
    pieces_of = get_solution(solution)
    return in_working_dtype(lambda dtype, *values: function(*values, pieces_of(dtype)), **tensors)


@functools.cache
def _pieces(solution: Callable[[str], Solution], dtype: str) -> Solution:
    return solution(dtype)
