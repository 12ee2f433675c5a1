"""What was found in a table."""

import dataclasses

import keras
import numpy as np

from keras_addmul.annotations import ArrayLike
from keras_addmul.discover.formula import Formula
from keras_addmul.discover.scoring.baselines import Baseline
from keras_addmul.discover.table.reading import Table

__all__ = ["Discovery"]


@dataclasses.dataclass(frozen=True)
class Discovery:
    """What `discover` found in a table.

    Attributes:
        table: The `Table` that was read, with notes of what was done to it.
        train, held_out: Indices of its rows.
        formula: The chosen `Formula`.
        front: The Pareto front: formulas that no other beats in both complexity and error.
        model: The chosen formula as a Keras model of our layers, (batch, columns) to (batch, 1).
        r2_interval: 95 % bootstrap interval of the formula's R^2 on the held-out rows.
        baselines: The scores of ordinary methods on the same rows.
        seed: Of the split and of the search.
        seconds: How long the search took.
    """

    table: Table
    train: np.ndarray
    held_out: np.ndarray
    formula: Formula
    front: list[Formula]
    model: keras.Model
    r2_interval: tuple[float, float]
    baselines: list[Baseline]
    seed: int
    seconds: float

    def outside(self, x: ArrayLike) -> np.ndarray:
        """Tells which rows of `x` (rows, columns) the formula would have to extrapolate to.

        Args:
            x: Array of shape `(rows, columns)`, the columns as in `table.names`.

        Returns:
            Booleans of shape `(rows,)`: true where a value lies outside its column's range
            in the table.
        """
        low, high = np.asarray(self.table.domain).T
        x = np.asarray(x, float)
        return ((x < low) | (x > high)).any(axis=1)
