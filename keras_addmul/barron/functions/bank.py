"""A bank of RePU units of one variable, in plain numbers."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_addmul.barron.functions.per_feature import PerFeature

__all__ = ["Bank", "bank_of", "from_taylor", "padded"]


@dataclasses.dataclass(frozen=True)
class Bank:
    """`q(z) = bias + sum_j coefficients[j] max(0, side_j (z - knots[j]))^degree`.

    Attributes:
        degree: Degree of the units, a positive integer.
        knots: Array of shape `(units,)`.
        coefficients: Array of shape `(units,)`.
        bias: The constant term.
        low: The left end of the interval for which the bank was made.
        high: The right end of that interval.
        outside: `"clip"`, which clips `z` to the interval first, or `"extrapolate"`.
        left: Number of units, the last ones, that open to the left: their side is -1.
    """

    degree: int
    knots: np.ndarray
    coefficients: np.ndarray
    bias: float
    low: float
    high: float
    outside: str = "clip"
    left: int = 0

    @property
    def units(self) -> int:
        """The number of units."""
        return len(self.knots)

    @property
    def side(self) -> np.ndarray:
        """1 for each unit that opens to the right, -1 for the others."""
        return np.where(np.arange(self.units) < self.units - self.left, 1.0, -1.0)

    def __call__(self, z: Any) -> np.ndarray:
        return self.derivative(z, 0)

    def derivative(self, z: Any, k: int) -> np.ndarray:
        """Returns the k-th derivative of the sum, from the right; for k > 0 without clipping."""
        z = np.asarray(z, float)
        if self.outside == "clip" and k == 0:
            z = np.clip(z, self.low, self.high)
        start = float(self.bias) if k == 0 else 0.0
        if k > self.degree:
            return np.zeros(z.shape)
        weights = self.coefficients * self._falling(k) * self.side**k
        return start + self._sum(z, weights, self.degree - k)

    def terms(self, z: Any, k: int) -> np.ndarray:
        """Returns the sum of the magnitudes of the terms of `derivative(z, k)`, k up to degree."""
        z = np.asarray(z, float)
        if self.outside == "clip" and k == 0:
            z = np.clip(z, self.low, self.high)
        start = abs(self.bias) if k == 0 else 0.0
        return start + self._sum(z, np.abs(self.coefficients) * self._falling(k), self.degree - k)

    def _falling(self, k):
        return math.factorial(self.degree) / math.factorial(self.degree - k)

    def magnitude(self, low: Any, high: Any) -> np.ndarray:
        """Bounds `|bias| + sum_j |coefficients[j]| max(0, ...)^degree` between two arrays."""
        if self.outside == "clip":
            low, high = (np.clip(v, self.low, self.high) for v in (low, high))
        sizes, right = np.abs(self.coefficients), self.side > 0
        grows = self._sum(np.asarray(high, float), sizes * right, self.degree)
        falls = self._sum(np.asarray(low, float), sizes * ~right, self.degree) if self.left else 0.0
        return abs(self.bias) + grows + falls

    def _sum(self, z, weights, power):
        """`sum_j weights[j] max(0, side_j (z - knots[j]))^power`, and 0^0 = 1 on the right."""
        flat = z.reshape(-1)
        out = np.empty(flat.shape)
        # One slice at a time, so that points times units fits in memory.
        step = max(1, 2_000_000 // max(1, self.units))
        for start in range(0, len(flat), step):
            y = (flat[start : start + step, None] - self.knots) * self.side
            if power == 0:
                y = ((y > 0) | ((y == 0) & (self.side > 0))).astype(float)
            else:
                y = np.maximum(y, 0.0) ** power
            out[start : start + step] = y @ weights
        return out.reshape(z.shape)

    def rounded(self, dtype: str) -> "Bank":
        """Returns the bank as a layer of this variable dtype stores it."""
        from keras import ops

        def store(v, dtype=dtype):
            return np.asarray(ops.cast(ops.cast(np.asarray(v, float), dtype), "float64"))

        single = dtype if dtype == "float64" else "float32"  # in which a layer clips

        return dataclasses.replace(
            self,
            knots=store(self.knots),
            coefficients=store(self.coefficients),
            bias=float(store(self.bias)),
            low=float(store(self.low, single)),
            high=float(store(self.high, single)),
        )


def from_taylor(
    degree: int,
    taylor: Sequence[float],
    low: float,
    high: float,
    knots: Any,
    coefficients: Any,
    outside: str,
) -> Bank:
    """Returns the bank of a polynomial about `low`, `sum_k taylor[k] (z - low)^k`, and more units.

    The terms `k = 1..degree` become `degree` units with knots at low, low - d, ...: the
    weights `a_j` solve `C(degree, k) sum_j a_j (j d)^(degree - k) = taylor[k]`; the constant
    becomes the bias. All open to the right, which loses few digits. With `"extrapolate"` as many
    units again open to the left, so that the polynomial continues below `low`.
    """
    width = high - low
    distance = width / degree
    steps = np.arange(degree, dtype=float)
    k = np.arange(1, degree + 1)
    rows = steps[None, :] ** (degree - k)[:, None]
    choose = np.array([math.comb(degree, int(i)) for i in k], float)
    wanted = np.asarray(taylor[1:], float) / (choose * distance ** (degree - k))
    a = np.linalg.solve(rows, wanted)
    anchors = low - distance * steps
    bias = taylor[0] - float(np.sum(a * (distance * steps) ** degree))
    parts = [(anchors, a), (np.asarray(knots, float), np.asarray(coefficients, float))]
    left = 0
    if outside == "extrapolate":
        parts.append((anchors, a * (-1.0) ** degree))
        left = degree
    return Bank(
        degree,
        np.concatenate([p[0] for p in parts]),
        np.concatenate([p[1] for p in parts]),
        bias,
        low,
        high,
        outside,
        left,
    )


def padded(bank: Bank, units: int) -> Bank:
    """Returns the same function with more units, which contribute nothing."""
    more, at = units - bank.units, bank.units - bank.left
    return dataclasses.replace(
        bank,
        knots=np.insert(bank.knots, at, [bank.high] * more),
        coefficients=np.insert(bank.coefficients, at, [0.0] * more),
    )


def bank_of(layer: Any) -> Any:
    """Reads the weights of a `RePUBank` as a `Bank`, or as one for each feature."""
    numbers = [np.asarray(w, float) for w in (layer.knots, layer.coefficients, layer.bias)]
    rows = [numbers] if layer.shared else zip(*numbers, strict=True)
    banks = tuple(
        Bank(
            layer.s,
            knots,
            coefficients,
            float(bias),
            layer.low,
            layer.high,
            layer.outside,
            layer.left,
        )
        for knots, coefficients, bias in rows
    )
    return banks[0] if layer.shared else PerFeature(banks, np.arange(len(banks)))
