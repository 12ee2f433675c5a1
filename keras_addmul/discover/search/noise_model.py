"""The noise of a table: how far the targets lie from a formula, and how that grows with it.

Four kinds: `additive`, of one size; `relative`, of a share of the formula's value; `factor`, the
target is the formula times a log-normal number; `both`, additive and relative together. Each may
be `heavy`: with outliers, described by Student's t with four degrees of freedom.
"""

import dataclasses
import math
from typing import Self

import numpy as np

__all__ = ["KINDS", "Noise"]

KINDS = ("additive", "relative", "factor", "both")

# Degrees of freedom of Student's t for residuals with outliers (Lange et al., JASA 84, 1989).
_NU = 4.0


@dataclasses.dataclass(frozen=True)
class Noise:
    """How residuals scatter.

    Attributes:
        kind: One of `KINDS`.
        additive: Standard deviation of the additive part, in units of the target.
        relative: Standard deviation of the relative part, as a share of the formula's value.
        heavy: Whether there are outliers, so that the residuals follow Student's t.
        known: Standard deviations of the targets up to one common factor, or None.
    """

    kind: str
    additive: float
    relative: float
    heavy: bool = False
    known: np.ndarray | None = None

    @classmethod
    def start(cls, kind: str, heavy: bool = False, known: np.ndarray | None = None) -> Self:
        """Makes a noise of a kind, in arbitrary size."""
        additive = float(kind in ("additive", "both"))
        return cls(kind, additive, float(kind != "additive"), heavy, known)

    @property
    def parameters(self) -> int:
        """The number of fitted parameters beyond one size."""
        return int(self.kind == "both")

    @property
    def logarithmic(self) -> bool:
        """Whether residuals are differences of logarithms."""
        return self.kind == "factor"

    def scale(self, told: np.ndarray) -> np.ndarray:
        """Returns the standard deviation of each residual, up to one factor for all."""
        if self.known is not None:
            return self.known
        if self.kind == "additive" or self.logarithmic:
            return np.ones_like(told)
        size = np.abs(told)
        size = np.maximum(size, 1e-12 * size.max(initial=1e-300))
        if self.kind == "relative":
            return size
        return np.hypot(self.additive, self.relative * size)

    def residuals(self, y: np.ndarray, told: np.ndarray) -> np.ndarray:
        """Returns the residuals in units of their `scale`."""
        with np.errstate(all="ignore"):
            if self.logarithmic:
                return np.where(y * told > 0, np.log(y / told), np.inf)
            return (y - told) / self.scale(told)

    def outlying(self, residuals: np.ndarray) -> np.ndarray:
        """Returns the weight of each row: below 1 for outliers, if the noise is heavy."""
        if not self.heavy:
            return np.ones_like(residuals)
        spread = t_scale(residuals)
        return (_NU + 1) / (_NU + (residuals / spread) ** 2)

    @property
    def widening(self) -> float:
        """Returns what outliers multiply the variance of an estimate by, beyond their weights."""
        return (_NU + 3) / (_NU + 1) if self.heavy else 1.0

    def fitted(self, y: np.ndarray, told: np.ndarray) -> Self:
        """Estimates the ratio of the two parts of `both`, by maximum likelihood."""
        if self.kind != "both" or self.known is not None:
            return self
        size = np.abs(told)
        square = (y - told) ** 2
        typical = math.exp(float(np.mean(np.log(np.maximum(size, 1e-300)))))
        best = np.inf, self
        for share in np.linspace(0.05, 0.95, 19):
            angle = share * math.pi / 2
            a, b = math.cos(angle) * typical, math.sin(angle)
            variance = a**2 + (b * size) ** 2
            height = 0.5 * np.sum(np.log(variance)) + 0.5 * len(y) * math.log(
                float(np.mean(square / variance)) + 1e-300
            )
            if height < best[0]:
                best = height, dataclasses.replace(self, additive=a, relative=b)
        return best[1]

    def sized(self, size: float) -> Self:
        """Returns the noise with its parts, given the size of the residuals in its scale."""
        if self.kind == "additive" or self.known is not None:
            return dataclasses.replace(self, additive=size, relative=0.0)
        if self.kind == "both":
            parts = self.additive * size, self.relative * size
            return dataclasses.replace(self, additive=parts[0], relative=parts[1])
        return dataclasses.replace(self, additive=0.0, relative=size)

    def surprise(
        self, y: np.ndarray, told: np.ndarray, residuals: np.ndarray, floor: float
    ) -> np.ndarray:
        """Returns minus the log-likelihood of each row, in nats.

        Args:
            y: Targets, of shape `(rows,)`.
            told: Predictions of the formula.
            residuals: The residuals to judge by, such as those of left-out rows.
            floor: The least standard deviation, that of rounding.
        """
        units = np.log(np.abs(y)) if self.logarithmic else np.log(self.scale(told))
        if not self.heavy:
            size = math.sqrt(float(np.mean(residuals**2)) + floor**2)
            return units + math.log(size) + 0.5 * (residuals / size) ** 2 + 0.919
        size = math.hypot(t_scale(residuals), floor)
        constant = math.lgamma((_NU + 1) / 2) - math.lgamma(_NU / 2)
        constant -= 0.5 * math.log(_NU * math.pi)
        grown = (_NU + 1) / 2 * np.log1p((residuals / size) ** 2 / _NU)
        return units + math.log(size) + grown - constant


def t_scale(residuals: np.ndarray) -> float:
    """Returns the scale of Student's t that fits residuals best."""
    spread = float(np.median(np.abs(residuals))) * 1.35 + 1e-300
    for _ in range(20):
        weights = (_NU + 1) / (_NU + (residuals / spread) ** 2)
        spread = math.sqrt(float(np.mean(weights * residuals**2))) + 1e-300
    return spread
