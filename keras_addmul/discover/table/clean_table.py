"""The table to search for a formula: columns of numbers without gaps."""

import dataclasses
from collections.abc import Mapping

import numpy as np

__all__ = ["Table"]


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Columns of numbers without gaps, and the target to explain with them.

    Attributes:
        names: Name of each column, without duplicates.
        x: Float64 array of shape `(rows, columns)`, finite.
        y: Float64 array of shape `(rows,)`, finite.
        target: Name of `y`.
        notes: Sentences that say how the input was cleaned.
        eps: Relative rounding of the numbers as given, that of the coarsest dtype.
        sigma: Standard errors of the targets, up to one factor, or None.
        units: Unit of each column that has one, the target among them, by name.
        since: First date of each column of dates, by name; its values are days since then.
    """

    names: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    target: str
    notes: tuple[str, ...] = ()
    eps: float = 2.0**-52
    sigma: np.ndarray | None = None
    units: Mapping[str, str] = dataclasses.field(default_factory=dict)
    since: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def domain(self) -> tuple[tuple[float, float], ...]:
        """The lowest and the highest value of each column, as a tuple of pairs."""
        low, high = self.x.min(axis=0), self.x.max(axis=0)
        return tuple((float(a), float(b)) for a, b in zip(low, high, strict=True))
