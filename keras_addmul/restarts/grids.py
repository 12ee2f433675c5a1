"""Which numbers of a model have simple values to go to."""

import dataclasses
from fractions import Fraction

import numpy as np

from keras_addmul.restarts.starts import leaves

__all__ = ["Entry", "entries_of"]

SIGNS = (-1.0, 0.0, 1.0)
ENDS = (0.0, 1.0)

# Small rationals, which exponents are.
RATIONALS = tuple(
    sorted({float(Fraction(p, q)) for q in (1, 2, 3, 4) for p in range(-4 * q, 4 * q + 1)})
)

# By the class of the layer and the name of the weight.
GRIDS = {
    "AddMul": {"order": ENDS},
    "AddMulDense": {"kernel": RATIONALS, "order": ENDS, "order_in": SIGNS},
    "AddMulSelect": {"kernel": SIGNS, "order": ENDS},
    "ExpIterate": {"order": SIGNS},
    "NAU": {"kernel": SIGNS},
    "NMRU": {"kernel": ENDS},
    "NMU": {"kernel": ENDS},
    "ProductUnit": {"kernel": RATIONALS},
    "RealNPU": {"kernel": RATIONALS, "gate": ENDS},
}


@dataclasses.dataclass(frozen=True)
class Entry:
    """One number of a model that may be snapped.

    Attributes:
        variable: Index of its variable among those of the model.
        at: Its index in the flat variable.
        grid: Where it may go, in increasing order.
    """

    variable: int
    at: int
    grid: tuple

    def nearest(self, value):
        """The number of the grid that is closest."""
        return min(self.grid, key=lambda g: abs(g - value))

    def neighbours(self, value):
        """The next numbers of the grid on either side, other than the nearest one."""
        here = self.grid.index(self.nearest(value))
        return [self.grid[i] for i in (here - 1, here + 1) if 0 <= i < len(self.grid)]


def entries_of(model, snap):
    """The numbers of a model that may be snapped.

    Args:
        model: Built Keras model.
        snap: `"auto"`, None, or a dictionary from names of weights to values.

    Raises:
        ValueError: If `snap` names a weight that the model has not.
    """
    places = {v.path: i for i, v in enumerate(model.variables)}
    own = [(layer, w) for layer in leaves(model) for w in layer.trainable_weights]
    known = {w.name for _, w in own}
    if snap is not None and snap != "auto":
        unknown = sorted(set(snap) - known)
        if unknown:
            raise ValueError(
                f"Argument `snap` must name weights of the model, which has {sorted(known)}. "
                f"Received: {unknown[0]!r}"
            )
    entries = []
    for layer, weight in own:
        grids = GRIDS.get(type(layer).__name__, {}) if snap == "auto" else snap or {}
        if weight.name in grids:
            grid = tuple(sorted(float(g) for g in grids[weight.name]))
            size = int(np.prod(weight.shape))
            entries += [Entry(places[weight.path], i, grid) for i in range(size)]
    return entries
