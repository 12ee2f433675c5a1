"""The rows of a table in units that make its numbers near one."""

import dataclasses
from typing import Self

import numpy as np

from keras_addmul.discover.search.features import Feature, columns_only, values_of
from keras_addmul.discover.search.stack import Inputs

__all__ = ["Scaled", "weights_of"]


# Rounding of the search itself, relative to the targets.
_ROUNDING = 1e-10
# Rows to choose a formula by.
_JUDGED = 3000
# Targets that vary by a smaller share than this are searched as differences from an offset.
_FLAT = 1e-4


@dataclasses.dataclass(frozen=True)
class Scaled:
    """Rows in scaled units: `x` of geometric mean 1, `y` of mean square 1.

    Attributes:
        inputs: The `Inputs`, in units of `x_scale`.
        y: Targets less the offset, in units of `y_scale`.
        x_scale: Unit of each column.
        y_scale: Unit of the targets.
        offset: Number subtracted from the targets: 0 unless they hardly vary.
        rounding: Rounding of the targets, in units of `y_scale`.
        sigma: Standard deviations of the targets up to one factor, if they are known.
        features: What the columns of `inputs` are.
    """

    inputs: Inputs
    y: np.ndarray
    x_scale: np.ndarray
    y_scale: float
    offset: float = 0.0
    rounding: float = _ROUNDING
    sigma: np.ndarray | None = None
    features: tuple[Feature, ...] = ()

    @classmethod
    def of(
        cls,
        x: np.ndarray,
        y: np.ndarray,
        eps: float = 2.0**-52,
        sigma: np.ndarray | None = None,
    ) -> Self:
        """Scales columns `(rows, columns)` and targets `(rows,)`, of relative rounding `eps`."""
        x_scale = _typical(x)
        largest = float(np.abs(y).max())
        offset = float(np.median(y)) if np.ptp(y / largest) < _FLAT else 0.0
        y = y - offset
        size = float(np.abs(y).max())
        y_scale = size * float(np.sqrt(np.mean((y / size) ** 2)))
        rounding = max(_ROUNDING, 4 * eps * largest / y_scale)
        inputs, features = Inputs.of(x / x_scale), columns_only(x.shape[1])
        return cls(inputs, y / y_scale, x_scale, y_scale, offset, rounding, sigma, features)

    def again(self, x: np.ndarray, y: np.ndarray, sigma: np.ndarray | None = None) -> Self:
        """Scales other rows by the same units."""
        inputs = _inputs(values_of(self.features, x) / self.x_scale, self.features)
        y = (y - self.offset) / self.y_scale
        return dataclasses.replace(self, inputs=inputs, y=y, sigma=sigma)

    def with_features(self, x: np.ndarray, features: tuple[Feature, ...]) -> Self:
        """Returns the same rows, of other features of the columns `x`."""
        values = values_of(features, x)
        x_scale = _typical(values)
        inputs = _inputs(values / x_scale, features)
        return dataclasses.replace(self, inputs=inputs, x_scale=x_scale, features=features)

    def take(self, rows: np.ndarray) -> Self:
        """Selects rows by index, in the units of all rows."""
        sigma = None if self.sigma is None else self.sigma[rows]
        return dataclasses.replace(self, inputs=self.inputs.take(rows), y=self.y[rows], sigma=sigma)

    def judged(self) -> Self:
        """Selects the rows by which a formula is chosen: the first ones, if there are many."""
        return self.take(np.arange(min(len(self), _JUDGED)))

    def __len__(self) -> int:
        return len(self.y)


def _inputs(x: np.ndarray, features: tuple[Feature, ...]) -> Inputs:
    made = Inputs.of(x, np.array([feature.rate for feature in features]))
    # Whole exponents only, as those of columns of both signs.
    whole = np.array([f.transformation is not None and f.transformation.whole for f in features])
    return dataclasses.replace(made, signed=made.signed | whole)


def _typical(x: np.ndarray) -> np.ndarray:
    """Returns the geometric mean of the magnitudes in each column, without zeros."""
    return np.exp(np.log(np.abs(np.where(x == 0, 1.0, x))).mean(axis=0))


def weights_of(scaled: Scaled, relative: bool) -> np.ndarray:
    """Returns the weights of the residuals: `1 / |y|` for relative errors, else by `sigma`."""
    if relative:
        return 1 / np.abs(scaled.y)
    if scaled.sigma is None:
        return np.ones_like(scaled.y)
    weights = 1 / scaled.sigma
    return weights / np.sqrt(np.mean(weights**2))
