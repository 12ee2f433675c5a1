"""The factors that a formula may have: the columns themselves, and transformations of them."""

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["Feature", "columns_only", "in_print", "values_of", "with_transformation"]

# The exponential of this is finite, and so are powers of it.
_LARGEST = 200.0


@dataclasses.dataclass(frozen=True)
class Feature:
    """A column or a transformation of it, which formulas raise to a power.

    Attributes:
        column: Index of the column.
        transformation: The `Transformation`, or None for the column itself.
        unit: What an exponent is divided by: the spread of the function whose exponential this is.

    Example:

    >>> import numpy as np, sympy
    >>> from keras_addmul.discover.search.features import Feature
    >>> from keras_addmul.discover.transformations.growth import GROWTH
    >>> growth = Feature(0, GROWTH, 2.0)
    >>> growth.values(np.array([[0.0], [4.0]])).round(3)
    array([1.   , 7.389])
    >>> growth.power(sympy.Symbol("t"), 3.0)
    exp(3*t/2)
    """

    column: int
    transformation: Transformation | None = None
    unit: float = 1.0

    @property
    def rate(self) -> bool:
        """Whether its exponent is a rate, which may be any number."""
        return self.transformation is not None and self.transformation.exponent

    def values(self, x: np.ndarray) -> np.ndarray:
        """Returns the feature of rows `(rows, columns)`; nan where it is not defined."""
        if self.transformation is None:
            return x[:, self.column]
        with np.errstate(all="ignore"):
            found = self.transformation.numpy(x[:, self.column])
            return np.exp(found / self.unit) if self.rate else found

    def power(self, symbol: Any, exponent: float) -> Any:
        """Writes a power of the feature as a `sympy.Expr` in the symbol of the column."""
        import sympy

        found = symbol if self.transformation is None else self.transformation.sympy(symbol)
        if self.rate:
            return sympy.exp(in_print(exponent / self.unit) * found)
        return found ** in_print(exponent)

    def tensor(self, column: Any, scale: float) -> Any:
        """Returns the feature over a scale, of a tensor of Keras, in numbers near one."""
        if self.transformation is None:
            return column / scale
        found = self.transformation.keras(column)
        if self.rate:
            import keras

            # Apart, either could be too large for a float32.
            return keras.ops.exp(found / self.unit - float(np.log(scale)))
        return found / scale

    def label(self, name: str) -> str:
        """Says what its exponent is, such as "exponent of x" or "rate of 1/x"."""
        import sympy

        if self.transformation is None:
            return f"exponent of {name}"
        inner = self.transformation.sympy(sympy.Symbol(name))
        return f"rate of {inner}" if self.rate else f"exponent of {inner}"


def in_print(exponent: float) -> Any:
    """Writes a fraction as such, and tenths and other numbers as decimals.

    Example:

    >>> from keras_addmul.discover.search.features import in_print
    >>> in_print(2 / 3), in_print(0.8)
    (2/3, 0.800000000000000)
    """
    import sympy

    fraction = Fraction(float(exponent)).limit_denominator(12)
    same = abs(float(fraction) - exponent) <= 1e-15 * abs(exponent)
    if same and fraction.denominator not in (5, 10):
        return sympy.Rational(fraction.numerator, fraction.denominator)
    return sympy.Float(float(exponent))


def columns_only(columns: int) -> tuple[Feature, ...]:
    """Returns the columns themselves."""
    return tuple(Feature(j) for j in range(columns))


def with_transformation(x: np.ndarray, one: Transformation) -> tuple[Feature, ...]:
    """Returns the columns, and one transformation of each that allows it.

    Args:
        x: The rows, of shape `(rows, columns)`.
        one: The `Transformation`.
    """
    made = []
    for j in range(x.shape[1]):
        column = x[:, j]
        if not one.able(column):
            continue
        feature = Feature(j, one)
        if one.exponent:
            inner = one.numpy(column)
            unit = max(float(np.std(inner)), float(np.abs(inner).max()) / _LARGEST)
            feature = Feature(j, one, unit)
        values = feature.values(x)
        if np.isfinite(values).all() and np.ptp(values) > 0:
            made.append(feature)
    return (*columns_only(x.shape[1]), *made)


def values_of(features: Sequence[Feature], x: np.ndarray) -> np.ndarray:
    """Returns the features of rows, of shape `(rows, features)`."""
    return np.stack([feature.values(x) for feature in features], axis=1)
