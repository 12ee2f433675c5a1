"""The iterates of exp in the complex plane, by name, and their common interface."""

from typing import Protocol

from keras import ops

from keras_addmul.special import kneser_plane, koenigs, pairs
from keras_addmul.special.pairs import Pair

__all__ = ["COMPLEX_SOLUTIONS", "ComplexSolution", "KneserPlane", "Schroeder"]
__all__ += ["get_complex_solution"]

# Orders beyond this count as this.
_REACH = 1e6


class ComplexSolution(Protocol):
    """A coordinate of the plane in which exp is a fixed map: iterates are computed there.

    Everything is a pair of tensors of one dtype, float32 or float64.
    """

    def enter(self, z: Pair, dtype: str, /) -> tuple[Pair, Pair]:
        """The coordinate of `z`, and the logarithm of its derivative."""
        ...

    def leave(self, entered: Pair, n: Pair, dtype: str, /) -> tuple[Pair, Pair, Pair, Pair]:
        """The iterate of order `n` of what has this coordinate.

        Returns:
            The iterate `y`; a logarithm `s`; a factor `f`; and a logarithm `m`, with
            `dy/dn = f exp(s)` and `dy/d(coordinate) = exp(s + m)`.
        """
        ...


class Schroeder:
    """Regular iteration at the fixed point L: the coordinate chi, which exp multiplies with L."""

    def enter(self, z: Pair, dtype: str) -> tuple[Pair, Pair]:
        """chi(z), and the logarithm of its derivative."""
        return koenigs.with_log_slope(z, dtype)

    def leave(self, entered: Pair, n: Pair, dtype: str) -> tuple[Pair, Pair, Pair, Pair]:
        """chi^-1(L^n chi), and its slopes."""
        n = ops.clip(n[0], -_REACH, _REACH), ops.clip(n[1], -_REACH, _REACH)
        turned = pairs.multiply(koenigs.power_of_multiplier(n, dtype), entered)
        turned = koenigs.shortened(turned)
        y, slope = koenigs.inverse_with_log_slope(turned, dtype)
        fixed = koenigs.L.real, koenigs.L.imag
        return y, slope, pairs.multiply(turned, fixed), pairs.multiply(n, fixed)


class KneserPlane:
    """Kneser's solution: the coordinate S, to which exp adds 1. Positive numbers stay real."""

    def enter(self, z: Pair, dtype: str) -> tuple[Pair, Pair]:
        """S(z) on the sheet right of L, and the logarithm of its derivative."""
        v = kneser_plane.right_superlog(z, dtype)
        slope = kneser_plane.superexp_with_log_slope(v, dtype)[1]
        return v, (-slope[0], -slope[1])

    def leave(self, entered: Pair, n: Pair, dtype: str) -> tuple[Pair, Pair, Pair, Pair]:
        """T(S + n), and its slopes."""
        v = pairs.add(entered, n)
        y, slope = kneser_plane.superexp_with_log_slope(v, dtype)
        zero = 0.0 * n[0]
        return y, slope, (zero + 1.0, zero), (zero, zero)


COMPLEX_SOLUTIONS: dict[str, ComplexSolution] = {
    "schroeder": Schroeder(),
    "kneser": KneserPlane(),
}


def get_complex_solution(name: str) -> ComplexSolution:
    """Returns the solution called `name`.

    Raises:
        ValueError: If the name is unknown; the message lists the known ones.
    """
    if not isinstance(name, str) or name not in COMPLEX_SOLUTIONS:
        known = ", ".join(repr(n) for n in COMPLEX_SOLUTIONS)
        raise ValueError(f"Argument `solution` must be one of {known}. Received: {name!r}")
    return COMPLEX_SOLUTIONS[name]
