"""The family of formulas that is searched: a stack of three layers of the learnable operation.

`y = prod_g (sum_k c_k prod_j x_j^e_kj)^p_g` is `AddMulDense` at order 1 (exponents e), at
order 0 (coefficients c) and at order 1 again (powers p). At these ends the layers have
closed forms, so here the stack is NumPy in double precision with its Jacobian in closed
form, for many settings of its parameters at once; `discover.keras_model` builds the layers.
"""

import dataclasses
from typing import Self

import numpy as np

__all__ = ["Inputs", "Stack"]

# exp of it is finite, and so is the product of several.
_LARGEST = 150.0
_TINY = 1e-290


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Rows as the stack wants them: `logs` of the magnitudes and where they are `negative`."""

    logs: np.ndarray
    negative: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray) -> Self:
        """Makes them of an array (rows, columns); zero counts as the smallest number."""
        return cls(np.log(np.maximum(np.abs(x), _TINY)), (x < 0).astype(float))

    def take(self, rows: np.ndarray) -> "Inputs":
        """Picks rows by their indices."""
        return Inputs(self.logs[rows], self.negative[rows])

    def __len__(self) -> int:
        return len(self.logs)


@dataclasses.dataclass(frozen=True)
class Stack:
    """A shape: how many terms each sum has, on how many columns.

    Its parameters are one vector: exponents (terms x columns), coefficients (terms),
    powers (sums). Functions take many vectors at once, (settings, size).
    """

    sums: tuple[int, ...]
    columns: int

    @property
    def terms(self) -> int:
        """How many terms there are in all."""
        return sum(self.sums)

    @property
    def owner(self) -> np.ndarray:
        """The sum that each term belongs to."""
        return np.repeat(np.arange(len(self.sums)), self.sums)

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return self.terms * self.columns + self.terms + len(self.sums)

    def split(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Views of exponents (..., terms, columns), coefficients and powers."""
        ends = self.terms * self.columns, self.terms * self.columns + self.terms
        exponents = parameters[..., : ends[0]]
        exponents = exponents.reshape(*parameters.shape[:-1], self.terms, self.columns)
        return exponents, parameters[..., ends[0] : ends[1]], parameters[..., ends[1] :]

    def join(
        self, exponents: np.ndarray, coefficients: np.ndarray, powers: np.ndarray
    ) -> np.ndarray:
        """One vector of parameters, or many, from its parts."""
        flat = exponents.reshape(*exponents.shape[:-2], -1)
        return np.concatenate([flat, coefficients, powers], axis=-1)

    def products(
        self, exponents: np.ndarray, inputs: Inputs
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The terms without their coefficients, (settings, terms, rows), and how they turn.

        Where a column is negative the sign turns with its exponent, as `cos(pi e)`.
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
        sign = np.where(sums < 0, np.cos(np.pi * powers)[..., None], 1.0).prod(-2)
        return value * sign, sums, products, turned

    def values(self, parameters: np.ndarray, inputs: Inputs) -> np.ndarray:
        """Predictions of the formulas, (settings, rows)."""
        return self._forward(parameters, inputs)[0]

    def slopes(self, parameters: np.ndarray, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
        """Values (settings, rows) and Jacobian (settings, size, rows).

        Powers are chosen, not trained: their rows are zero.
        """
        value, sums, products, turned = self._forward(parameters, inputs)
        _, coefficients, powers = self.split(parameters)
        outer = (powers[..., None] / sums * value[..., None, :])[..., self.owner, :]
        by_coefficient = outer * products
        outer = outer * coefficients[..., None]
        by_exponent = (outer * products)[..., None, :] * inputs.logs.T
        if turned is not None:
            by_exponent = by_exponent + (outer * turned)[..., None, :] * inputs.negative.T
        by_exponent = by_exponent.reshape(*value.shape[:-1], -1, value.shape[-1])
        by_power = np.zeros((*powers.shape, value.shape[-1]))
        return value, np.concatenate([by_exponent, by_coefficient, by_power], axis=-2)
