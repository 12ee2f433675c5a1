"""The grids of simple values that the weights of each layer may snap to."""

import dataclasses
from collections.abc import Iterable, Mapping
from fractions import Fraction

import keras
import numpy as np

from keras_addmul import layers
from keras_addmul.restarts.origins import holders

__all__ = ["ENDS", "GRIDS", "RATIONALS", "SIGNS", "Entry", "Snap", "entries_of"]

SIGNS = (-1.0, 0.0, 1.0)
ENDS = (0.0, 1.0)

# Exponents in natural laws are small rational numbers.
RATIONALS: tuple[float, ...] = tuple(
    sorted({float(Fraction(p, q)) for q in (1, 2, 3, 4) for p in range(-4 * q, 4 * q + 1)})
)

# The grid of each weight, by layer class and weight name. Any other class has none, even one
# of the same name or a subclass.
GRIDS: dict[type[keras.Layer], dict[str, tuple[float, ...]]] = {
    layers.AddMul: {"order": ENDS},
    layers.AddMulDense: {
        "kernel": RATIONALS,
        "order": ENDS,
        "order_in": SIGNS,
        "parity": ENDS,
    },
    layers.AddMulSelect: {"kernel": SIGNS, "order": ENDS},
    layers.ExpIterate: {"order": SIGNS},
    layers.NAU: {"kernel": SIGNS},
    layers.NMRU: {"kernel": ENDS},
    layers.NMU: {"kernel": ENDS},
    layers.ProductUnit: {"kernel": RATIONALS},
    layers.RealNPU: {"kernel": RATIONALS, "gate": ENDS},
}

# The argument `snap` of `fit_restarts`.
Snap = Mapping[str, Iterable[float]] | str | None


@dataclasses.dataclass(frozen=True)
class Entry:
    """One entry of a weight that may be snapped to a grid.

    Attributes:
        variable: Index of the variable among those of the model.
        at: Index of the entry in the flattened variable.
        grid: The values it may take, in increasing order.
    """

    variable: int
    at: int
    grid: tuple[float, ...]

    def nearest(self, value: float) -> float:
        """Returns the grid value closest to a number."""
        return min(self.grid, key=lambda g: abs(g - value))

    def neighbours(self, value: float) -> list[float]:
        """Returns the grid values on either side of the one closest to a number."""
        here = self.grid.index(self.nearest(value))
        return [self.grid[i] for i in (here - 1, here + 1) if 0 <= i < len(self.grid)]


def entries_of(model: keras.Model, snap: Snap) -> list[Entry]:
    """Lists the entries of a model's weights that may be snapped.

    Args:
        model: Built Keras model.
        snap: `"auto"` for the grids in `GRIDS`, None for none, or a dictionary from weight
            names to values.

    Returns:
        A list of `Entry`.

    Raises:
        ValueError: If `snap` is none of these, or names a weight that the model does not have.
    """
    if snap is not None and snap != "auto" and not isinstance(snap, Mapping):
        raise ValueError(
            "Argument `snap` must be 'auto', None or a dictionary from names of weights to "
            f"numbers. Received: {snap!r}"
        )
    places = {id(v): i for i, v in enumerate(model.variables)}
    own = [(layer, weight) for layer, weights in holders(model) for weight in weights]
    known = {weight.name for _, weight in own}
    if isinstance(snap, Mapping):
        unknown = sorted(set(snap) - known)
        if unknown:
            raise ValueError(
                f"Argument `snap` must name weights of the model, which has {sorted(known)}. "
                f"Received: {unknown[0]!r}"
            )
    entries = []
    for layer, weight in own:
        grids = snap if isinstance(snap, Mapping) else GRIDS.get(type(layer), {}) if snap else {}
        if weight.name in grids:
            grid = tuple(sorted(float(g) for g in grids[weight.name]))
            size = int(np.prod(weight.shape))
            entries += [Entry(places[id(weight)], i, grid) for i in range(size)]
    return entries
