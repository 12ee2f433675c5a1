"""The result of `discover`."""

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from keras_addmul.annotations import ArrayLike
from keras_addmul.discover.formula import Formula
from keras_addmul.discover.scoring.baselines import Baseline
from keras_addmul.discover.scoring.decades import Decade, by_decade
from keras_addmul.discover.scoring.scores import robust_r2
from keras_addmul.discover.table.reading import Table

if TYPE_CHECKING:
    import keras

__all__ = ["Discovery"]


@dataclasses.dataclass(frozen=True)
class Discovery:
    """The formula that `discover` found in a table, with alternatives and scores.

    Attributes:
        table: The `Table` that was read, with notes on how it was cleaned.
        train, held_out: Indices of the rows for the search and for the scores; both are all
            rows if there are few, which are cross-validated.
        formula: The chosen `Formula`.
        front: The Pareto front: formulas that no other beats in both complexity and error.
        network: Builds `model`, when that is first asked for.
        r2_interval: 95 % bootstrap interval of the formula's R^2 on the held-out rows.
        baselines: The scores of standard methods on the same rows.
        seed: Seed of the split and of the search.
        seconds: Duration of the search.
        interrupted: What Ctrl-C ended early, "search", "comparison" or "report"; else empty.
        told: Predictions for the rows `held_out`, by the formula as it was estimated without
            them.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.discover import discover
    >>> fall = np.linspace(1.0, 3.0, 120)[:, None]
    >>> options = {"names": ["t"], "target": "d", "baselines": False, "verbose": 0}
    >>> found = discover(fall, 3.0 * fall[:, 0] ** 2, **options)
    >>> found.formula.text, len(found.train), len(found.held_out), found.baselines
    ('d = 3*t**2', 90, 30, [])
    >>> found.outside([[2.0], [7.0]])
    array([False,  True])
    """

    table: Table
    train: np.ndarray
    held_out: np.ndarray
    formula: Formula
    front: list[Formula]
    network: Callable[[], "keras.Model"]
    r2_interval: tuple[float, float]
    baselines: list[Baseline]
    seed: int
    seconds: float
    told: np.ndarray | None = None
    interrupted: str = ""

    @functools.cached_property
    def model(self) -> "keras.Model":
        """The chosen formula as a Keras model of layers of this package.

        From `(batch, columns)` to `(batch, 1)`, the columns as in `table.names`.
        """
        return self.network()

    @property
    def cross_validated(self) -> bool:
        """Whether each row was predicted by the formula as estimated on others."""
        return len(self.held_out) == len(self.table)

    @property
    def predictions(self) -> np.ndarray:
        """Predictions for the rows `held_out`, by which the formula is scored."""
        return self.formula(self.table.x[self.held_out]) if self.told is None else self.told

    @property
    def by_decade(self) -> list[Decade]:
        """The scores of the formula for each decade of the target; none if it spans fewer than two.

        As `r2` and `error` they are those of the rows `held_out`.
        """
        return by_decade(self.table.y[self.held_out], self.predictions)

    @property
    def robust_r2(self) -> float:
        """R^2 with medians in the place of means, which a few outliers do not move."""
        return robust_r2(self.table.y[self.held_out], self.predictions)

    def outside(self, x: ArrayLike) -> np.ndarray:
        """Tells for which rows the formula would have to extrapolate.

        Args:
            x: Array of shape `(rows, columns)`, the columns as in `table.names`.

        Returns:
            Booleans of shape `(rows,)`, true if a value of the row lies outside its column's
            range in the table.
        """
        low, high = np.asarray(self.table.domain).T
        x = np.asarray(x, float)
        return ((x < low) | (x > high)).any(axis=1)
