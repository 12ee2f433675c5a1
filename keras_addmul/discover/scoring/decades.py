"""Scores of a formula for each decade of the target."""

import dataclasses
import math

import numpy as np

from keras_addmul.annotations import ArrayLike

__all__ = ["Decade", "by_decade"]


@dataclasses.dataclass(frozen=True)
class Decade:
    """The score of a formula on the targets between two powers of ten.

    Attributes:
        low, high: The powers of ten, of the magnitude of the target.
        rows: Number of rows.
        error: Median of the residuals, as shares of their targets.
    """

    low: float
    high: float
    rows: int
    error: float


def by_decade(y: ArrayLike, prediction: ArrayLike) -> list[Decade]:
    """Scores predictions for each decade of the targets, the smallest first.

    R^2 and the relative error are ruled by the largest targets. If these span decades, a formula
    may be far off at the small end and yet look good.

    Args:
        y: Targets, of shape `(rows,)`.
        prediction: Predictions, of shape `(rows,)`.

    Returns:
        A `Decade` for each that has rows; none if the targets do not span two decades, or are of
        both signs. Rows whose target is 0 are left out.

    Example:

    >>> from keras_addmul.discover.scoring.decades import by_decade
    >>> for d in by_decade([0.02, 0.05, 3.0, 40.0], [0.04, 0.1, 3.03, 40.0]):
    ...     print(d.low, d.high, d.rows, round(d.error, 3))
    0.01 0.1 2 1.0
    1.0 10.0 1 0.01
    10.0 100.0 1 0.0
    """
    y, told = np.asarray(y, float).reshape(-1), np.asarray(prediction, float).reshape(-1)
    told, y = told[y != 0], y[y != 0]
    size = np.abs(y)
    if not len(y) or np.ptp(np.sign(y)) or not size.max() > 100 * size.min():
        return []
    place = np.floor(np.log10(size)).astype(int)
    with np.errstate(all="ignore"):
        error = np.abs(told - y) / size
    error = np.where(np.isfinite(error), error, np.inf)
    return [
        Decade(
            math.pow(10.0, p),
            math.pow(10.0, p + 1),
            int((place == p).sum()),
            float(np.median(error[place == p])),
        )
        for p in sorted(set(place.tolist()))
    ]
