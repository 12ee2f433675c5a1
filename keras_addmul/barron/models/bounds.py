"""Bounds of a tensor in two models at once: its range, and the difference between the models.

The numbers of a model are seen twice: in exact arithmetic, as its weights define them, and as
floating point computes them. Proofs compare four tensors: exact and computed, in the original
and in the converted model.

The bounds themselves are computed in double precision, which rounds to nearest. Every rule
therefore widens its result by a margin: for a sum of n terms, `n + 4` times 2^-52 of the
sum of their magnitudes, at least twice the possible loss in double precision.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "DOUBLE_MARGIN",
    "Bounds",
    "Unproved",
    "largest",
    "refuse_overflow",
    "smallest",
    "unit_roundoff",
]

# Twice the unit roundoff of the double precision in which bounds are computed.
DOUBLE_MARGIN: float = 2.0**-52

# Half the distance from 1 to the next number; what underflow may cost: float16 counts down to
# its subnormal numbers, the others may be flushed to 0; and the largest number.
_FORMATS = {
    "float16": (2.0**-11, 2.0**-24, 65504.0),
    "bfloat16": (2.0**-8, 2.0**-126, 2.0**127 * (2 - 2.0**-7)),
    "float32": (2.0**-24, 2.0**-126, 2.0**127 * (2 - 2.0**-23)),
    "float64": (2.0**-53, 2.0**-1022, float(np.finfo(float).max)),
}


class Unproved(Exception):
    """Raised by a rule that can prove no bound; the message says why."""


def unit_roundoff(dtype: str) -> float:
    """Returns half the distance from 1 to the next number of a float dtype; 0 for integers."""
    return _format(dtype)[0]


def smallest(dtype: str) -> float:
    """Returns an upper bound of the loss of one operation by underflow."""
    return _format(dtype)[1]


def largest(dtype: str) -> float:
    """Returns the largest finite number of a float dtype."""
    return _format(dtype)[2]


def _format(dtype):
    if dtype in _FORMATS:
        return _FORMATS[dtype]
    if dtype == "bool" or "int" in dtype:
        return 0.0, 0.0, np.inf
    raise Unproved(f"how {dtype} rounds is not known")


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Elementwise bounds of one tensor, arrays of shape `(1, ..., features)` of doubles.

    Attributes:
        low: Lower bound of the exact value in the original model.
        high: Upper bound of the exact value in the original model.
        error: Largest difference between the exact values in the two models.
        rounding: Largest difference, in either model, between computed and exact value.
        dtype: The dtype of the tensor.
    """

    low: np.ndarray
    high: np.ndarray
    error: np.ndarray
    rounding: np.ndarray
    dtype: str = "float32"

    @classmethod
    def of_box(cls, low: Any, high: Any, dtype: str = "float32") -> "Bounds":
        """Makes the bounds of an input, which is exact and the same in both models."""
        low, high = np.asarray(low, float), np.asarray(high, float)
        return cls(low, high, np.zeros_like(low), np.zeros_like(low), dtype)

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The four arrays, in the order of their declaration."""
        return self.low, self.high, self.error, self.rounding

    @property
    def apart(self) -> np.ndarray:
        """The largest difference between the computed values of the two models."""
        return self.error + 2 * self.rounding

    @property
    def size(self) -> np.ndarray:
        """An upper bound of the magnitudes of all four values, exact and computed."""
        return np.maximum(np.abs(self.low), np.abs(self.high)) + self.error + self.rounding

    @property
    def wide(self) -> tuple[np.ndarray, np.ndarray]:
        """The ends of the interval that contains all four values."""
        reach = (self.error + self.rounding) * (1 + 8 * DOUBLE_MARGIN)
        reach = reach + 4 * DOUBLE_MARGIN * np.maximum(np.abs(self.low), np.abs(self.high))
        return self.low - reach, self.high + reach

    def each(self, function: Callable[[np.ndarray], Any]) -> "Bounds":
        """Applies a function that only moves, copies or drops numbers to all four arrays."""
        low, high, error, rounding = (np.asarray(function(v), float) for v in self.arrays)
        return Bounds(low, high, error, rounding, self.dtype)

    def cast(self, dtype: str) -> "Bounds":
        """Returns the bounds after a cast of the computed values to another dtype."""
        if _holds_all(dtype, self.dtype, self.size):
            return dataclasses.replace(self, dtype=dtype)
        refuse_overflow(self.size, dtype)
        lost = unit_roundoff(dtype) * self.size * (1 + 4 * DOUBLE_MARGIN) + smallest(dtype)
        return dataclasses.replace(self, rounding=self.rounding + lost, dtype=dtype)

    def computed(
        self,
        magnitude: Any,
        roundings: int,
        dtype: str,
        underflow: Any = None,
    ) -> "Bounds":
        """Adds the rounding errors of these values, and those of the bounds themselves.

        Args:
            magnitude: The sum of the magnitudes of all terms of a value.
            roundings: The largest number of operations that round any one term.
            dtype: The dtype of the computation.
            underflow: The number of operations that may underflow; None for as many as
                `roundings`.

        Raises:
            Unproved: If there are too many roundings for a bound, or a sum may overflow.
        """
        share = roundings * unit_roundoff(dtype)
        if share >= 0.5:
            raise Unproved(f"sums of {roundings} terms in {dtype} have no digit that is certain")
        refuse_overflow(magnitude * (1 + 2 * share), dtype)
        underflow = roundings if underflow is None else underflow
        margin = (roundings + 4) * DOUBLE_MARGIN
        here = margin * magnitude
        lost = share / (1 - share) * magnitude + smallest(dtype) * underflow
        grown = 1 + margin
        return Bounds(
            self.low - here,
            self.high + here,
            self.error * grown,
            (self.rounding + lost) * grown,
            dtype,
        )


def _holds_all(wide, narrow, size):
    """Tells whether a dtype represents all numbers of another one, at these magnitudes."""
    wider = {"float16": ["float32", "float64"], "bfloat16": ["float32", "float64"]}
    wider["float32"] = ["float64"]
    if wide == narrow or wide in wider.get(narrow, []):
        return True
    whole = narrow == "bool" or "int" in narrow
    return whole and unit_roundoff(wide) * float(np.max(size, initial=0.0)) <= 1.0


def refuse_overflow(magnitude: Any, dtype: str) -> None:
    """Raises if a magnitude may overflow a dtype.

    Raises:
        Unproved: If one is too large.
    """
    most = float(np.max(magnitude, initial=0.0))
    if not most < largest(dtype):
        raise Unproved(f"numbers up to {most:.3g} may overflow {dtype}")
