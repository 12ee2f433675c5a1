"""Activations with all their derivatives, and bounds of these, in NumPy."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_addmul.activations.registry import Activation, Line, record_of
from keras_addmul.barron.functions.derivatives import DERIVATIVES
from keras_addmul.barron.functions.polynomials import MARGIN, UNIT

__all__ = ["SMOOTH", "Smooth", "rectified_power"]


@dataclasses.dataclass(frozen=True)
class Smooth:
    """A function of one number that the Taylor remainder can turn into RePU units.

    Attributes:
        name: Name of the function.
        derivative: `derivative(z, k)` returns the k-th derivative at an array; at a kink,
            the one from the right.
        upper: `upper(k, low, high)` bounds the magnitude of the k-th derivative on
            [low, high], kinks apart, for k from 1 to 3 at least, up to the last
            roundings; `bound` is rigorous.
        smoothness: Number of continuous derivatives; infinite if all are continuous.
        kinks: Points where the next derivative jumps.
        monotone: Whether the function is nondecreasing.
        lines: Slope and offset of the asymptotes on the left and on the right; None for a
            side without one.
        lipschitz: Lipschitz constant, or infinity if that is left to `upper`.
        degree: Degree of the function if it is a RePU, else None.
        why: The reason that limits the degree of RePU it embeds into, in words.
        terms: None, or for a function that is a long sum `terms(z, k)`: the number of terms
            of the k-th derivative times the sum of their magnitudes.
    """

    name: str
    derivative: Callable[[Any, int], Any]
    upper: Callable[[int, float, float], float]
    smoothness: float = math.inf
    kinks: tuple[float, ...] = ()
    monotone: bool = False
    lines: tuple[Line | None, Line | None] = (None, None)
    lipschitz: float = math.inf
    degree: int | None = None
    why: str = ""
    terms: Callable[[Any, int], Any] | None = None

    def __call__(self, z: Any) -> Any:
        return self.derivative(np.asarray(z, float), 0)

    @property
    def limits(self) -> tuple[bool, bool]:
        """Whether it has a finite limit on the left, and on the right."""
        left, right = (line is not None and line[0] == 0 for line in self.lines)
        return left, right

    @property
    def max_degree(self) -> int | None:
        """The largest degree of RePU that it embeds into, or None for every degree.

        Units can represent derivatives up to the one that jumps: each jump of the s-th derivative
        is a unit of degree s.
        """
        return None if math.isinf(self.smoothness) else int(self.smoothness) + 1

    def bound(self, k: int, low: float, high: float) -> float:
        """Returns a rigorous bound of the magnitude of the k-th derivative on [low, high].

        Args:
            k: Order of the derivative, 1 or more.
            low: The left end of the interval.
            high: The right end of the interval.
        """
        most = self.upper(k, low, high)
        return float(min(most, self.lipschitz) if k == 1 else most) * MARGIN

    def rounding(self, z: np.ndarray, k: int) -> Any:
        """Returns a bound of the rounding error of `derivative(z, k)`, for k from 0 to 3.

        Values are assumed accurate to 16 units of their size and 1, derivatives to 64 units
        of the largest there are; the tests compare with fifty digits.
        """
        if self.terms is not None:
            return 4 * UNIT * self.terms(z, k)
        if k == 0:
            return 16 * UNIT * (1.0 + np.abs(self.derivative(z, 0)))
        return 64 * UNIT * self.bound(k, float(np.min(z)), float(np.max(z)))

    def left_derivative(self, z: Any, k: int) -> Any:
        """Returns the k-th derivative from the left."""
        return self.derivative(np.nextafter(np.asarray(z, float), -np.inf), k)

    def jump(self, kink: float, k: int) -> float:
        """Returns the jump of the k-th derivative at a kink."""
        return float(self.derivative(np.array(kink), k) - self.left_derivative(kink, k))


def rectified_power(degree: int) -> Smooth:
    """Returns `max(0, z)^degree`, which embeds into RePU of every lower degree.

    Args:
        degree: A positive integer.
    """
    relu = _known(keras.activations.relu)

    def derivative(z, k):
        if k > degree:
            return np.zeros_like(z)
        falling = math.factorial(degree) / math.factorial(degree - k)
        return np.where(z >= 0, falling * np.maximum(z, 0.0) ** (degree - k), 0.0)

    def upper(k, low, high):
        return float(derivative(np.array(max(high, 0.0)), k)) if high >= 0 else 0.0

    name = relu.name if degree == 1 else f"repu of degree {degree}"
    facts = _facts(relu) | {"lipschitz": math.inf, "smoothness": degree - 1}
    lines = relu.left, relu.right if degree == 1 else None
    facts |= {"name": name, "lines": lines, "why": _why(degree - 1, relu.knots)}
    return Smooth(derivative=derivative, upper=upper, degree=degree, **facts)


def _known(function: Callable[..., Any]) -> Activation:
    record = record_of(function)
    if record is None:
        raise ValueError(f"There is no record of this function. Received: {function!r}")
    return record


def _facts(row: Activation) -> dict[str, Any]:
    """Returns the facts needed here from the record of an activation."""
    return {
        "name": row.name,
        "smoothness": row.smoothness,
        "kinks": row.knots,
        "monotone": row.monotone,
        "lines": (row.left, row.right),
        "lipschitz": row.lipschitz,
        "why": _why(row.smoothness, row.knots),
    }


def _why(smoothness, kinks):
    if math.isinf(smoothness):
        return ""
    words = ("slope", "second derivative", "third derivative")
    which = words[smoothness] if smoothness < 3 else f"{smoothness + 1}th derivative"
    return f"its {which} jumps at {' and '.join(f'{t:g}' for t in kinks)}"


# The convertible activations by name, each from its record and a row of `DERIVATIVES`.
SMOOTH: dict[str, Smooth] = {
    record.name: Smooth(derivative=derivative, upper=upper, **_facts(record))
    for record, derivative, upper in (
        (_known(function), derivative, upper) for function, derivative, upper in DERIVATIVES
    )
}
