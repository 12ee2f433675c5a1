"""What is known of a tensor in two models at once: where it lies, and how far apart they are."""

import dataclasses

import numpy as np

__all__ = ["Bounds", "unit_roundoff"]


def unit_roundoff(dtype):
    """Half the distance from 1 to the next number of a float dtype."""
    return {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float64": 2.0**-53}.get(dtype, 2.0**-24)


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Elementwise bounds, in arrays of shape `(1, ..., features)` and double precision.

    Attributes:
        low, high: Hold the tensor's value in the original model, in exact arithmetic.
        error: How far the value in the converted model may be from it, in exact arithmetic.
        rounding: How much further apart the two may be as they are computed: the sum of
            what floating point may lose in the one and in the other.
    """

    low: np.ndarray
    high: np.ndarray
    error: np.ndarray
    rounding: np.ndarray

    @classmethod
    def of_box(cls, low, high):
        """Of an input, which is the same in both models."""
        return cls(low, high, np.zeros_like(low), np.zeros_like(low))

    @property
    def apart(self):
        """Error and rounding together."""
        return self.error + self.rounding

    @property
    def size(self):
        """The largest magnitude in either model."""
        return np.maximum(np.abs(self.low), np.abs(self.high)) + self.apart

    @property
    def wide(self):
        """Ends of what holds the value in both models."""
        return self.low - self.apart, self.high + self.apart

    def each(self, function):
        """Applies one monotone, linear or shape-changing function to all four arrays."""
        return Bounds(*(np.asarray(function(v), float) for v in dataclasses.astuple(self)))
