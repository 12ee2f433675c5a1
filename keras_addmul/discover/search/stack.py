"""The family of formulas to search: a stack of three layers with a learnable operation.

`y = prod_g (sum_k c_k prod_j x_j^e_kj)^p_g` is `AddMulDense` at order 1 (exponents e), at
order 0 (coefficients c) and at order 1 again (powers p). At these ends the layers have
closed forms, so here the stack is NumPy in double precision with its Jacobian in closed
form, for many settings of its parameters at once; `discover.keras_model` builds the layers.
"""

import dataclasses
from typing import Self

import numpy as np

__all__ = ["Inputs", "Stack"]

# Its exponential is finite, and so is the product of several.
_LARGEST = 150.0
_TINY = 1e-290
# The logarithm of zero: every positive power of it is zero, also a small one.
_ZERO = -1e6


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Input rows of a stack.

    Attributes:
        logs: Logarithms of the magnitudes, of shape `(rows, columns)`.
        negative: Which values are negative, as 0 and 1.
        signed: Which columns of the table have a negative value: their exponents are whole.
        zero: Which columns of the table have a zero: their exponents are not negative.
        rate: Which exponents are rates, which may be any number, or None if no such.
    """

    logs: np.ndarray
    negative: np.ndarray
    signed: np.ndarray
    zero: np.ndarray
    rate: np.ndarray | None = None

    @classmethod
    def of(cls, x: np.ndarray, rate: np.ndarray | None = None) -> Self:
        """Converts an array `(rows, columns)`."""
        with np.errstate(divide="ignore"):
            logs = np.where(x == 0, _ZERO, np.log(np.maximum(np.abs(x), _TINY)))
        signed, zero = np.any(x < 0, axis=0), np.any(x == 0, axis=0)
        return cls(logs, (x < 0).astype(float), signed, zero, rate)

    def take(self, rows: np.ndarray) -> "Inputs":
        """Selects rows by index."""
        return dataclasses.replace(self, logs=self.logs[rows], negative=self.negative[rows])

    @property
    def slopes(self) -> np.ndarray:
        """The logarithms, but 0 for zero, whose powers do not change with the exponent."""
        return np.where(self.logs == _ZERO, 0.0, self.logs)

    def __len__(self) -> int:
        return len(self.logs)


@dataclasses.dataclass(frozen=True)
class Stack:
    """The shape of a formula: the number of terms in each sum, and of columns.

    The parameters are one vector: exponents (terms x columns), coefficients (terms), powers
    (sums), and a number to add if there is one (`plus`). Functions take many vectors at once, of
    shape `(settings, size)`.
    """

    sums: tuple[int, ...]
    columns: int
    plus: bool = False

    @property
    def terms(self) -> int:
        """The total number of terms."""
        return sum(self.sums)

    @property
    def owner(self) -> np.ndarray:
        """The index of the sum that each term belongs to."""
        return np.repeat(np.arange(len(self.sums)), self.sums)

    @property
    def size(self) -> int:
        """The number of parameters."""
        return self.first_power + len(self.sums) + int(self.plus)

    @property
    def first_power(self) -> int:
        """The place of the first power among the parameters."""
        return self.terms * self.columns + self.terms

    def split(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns views of exponents `(..., terms, columns)`, coefficients and powers."""
        ends = self.terms * self.columns, self.terms * self.columns + self.terms
        exponents = parameters[..., : ends[0]]
        exponents = exponents.reshape(*parameters.shape[:-1], self.terms, self.columns)
        powers = parameters[..., ends[1] : ends[1] + len(self.sums)]
        return exponents, parameters[..., ends[0] : ends[1]], powers

    def join(
        self,
        exponents: np.ndarray,
        coefficients: np.ndarray,
        powers: np.ndarray,
        plus: np.ndarray | None = None,
    ) -> np.ndarray:
        """Joins exponents, coefficients, powers, and what is added, into parameter vectors."""
        flat = exponents.reshape(*exponents.shape[:-2], -1)
        parts = [flat, coefficients, powers]
        if self.plus:
            parts.append(np.zeros_like(powers[..., :1]) if plus is None else plus)
        return np.concatenate(parts, axis=-1)

    def lowest(self, inputs: Inputs) -> np.ndarray:
        """Returns the least value of each parameter: 0 for exponents of columns with a zero."""
        bound = np.full(self.size, -np.inf)
        self.split(bound)[0][:, inputs.zero] = 0.0
        return bound

    def products(
        self, exponents: np.ndarray, inputs: Inputs
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the terms `(settings, terms, rows)` without coefficients, and slopes by turn.

        For a negative value the sign turns with its exponent, as `cos(pi e)`. The slopes are None
        if no value is negative.
        """
        size = np.exp(np.clip(exponents @ inputs.logs.T, -_LARGEST, _LARGEST))
        if not inputs.negative.any():
            return size, None
        turns = exponents @ inputs.negative.T
        return size * np.cos(np.pi * turns), -np.pi * size * np.sin(np.pi * turns)

    def _forward(
        self, parameters: np.ndarray, inputs: Inputs
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
        exponents, coefficients, powers = self.split(parameters)
        products, turned = self.products(exponents, inputs)
        terms = coefficients[..., None] * products
        starts = np.concatenate([[0], np.cumsum(self.sums)[:-1]])
        sums = np.add.reduceat(terms, starts, axis=-2)
        sums = np.where(np.abs(sums) < _TINY, _TINY, sums)
        logs = np.log(np.abs(sums))
        value = np.exp(np.clip((powers[..., None] * logs).sum(-2), -_LARGEST, _LARGEST))
        # No rounding at halves: a huge coefficient would make a formula of it.
        turn = np.where(powers % 1 == 0.5, 0.0, np.cos(np.pi * powers))
        sign = np.where(sums < 0, turn[..., None], 1.0).prod(-2)
        return value * sign, sums, products, turned

    def values(self, parameters: np.ndarray, inputs: Inputs) -> np.ndarray:
        """Returns the predictions of the formulas, of shape `(settings, rows)`."""
        return self._forward(parameters, inputs)[0] + self.added(parameters)[..., None]

    def added(self, parameters: np.ndarray) -> np.ndarray:
        """Returns the number that is added to the formula, 0 if there is none."""
        return parameters[..., -1] if self.plus else np.zeros(parameters.shape[:-1])

    def slopes(self, parameters: np.ndarray, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
        """Returns values `(settings, rows)` and Jacobian `(settings, size, rows)`.

        The slope by the power of a sum that is negative anywhere is 0: such powers are whole.
        """
        value, sums, products, turned = self._forward(parameters, inputs)
        _, coefficients, powers = self.split(parameters)
        outer = (powers[..., None] / sums * value[..., None, :])[..., self.owner, :]
        by_coefficient = outer * products
        outer = outer * coefficients[..., None]
        by_exponent = (outer * products)[..., None, :] * inputs.slopes.T
        if turned is not None:
            by_exponent = by_exponent + (outer * turned)[..., None, :] * inputs.negative.T
        by_exponent = by_exponent.reshape(*value.shape[:-1], -1, value.shape[-1])
        positive = (sums > 0).all(axis=-1, keepdims=True)
        by_power = np.where(positive, np.log(np.abs(sums)) * value[..., None, :], 0.0)
        parts = [by_exponent, by_coefficient, by_power]
        if self.plus:
            parts.append(np.ones_like(by_power[..., :1, :]))
        return value + self.added(parameters)[..., None], np.concatenate(parts, axis=-2)
