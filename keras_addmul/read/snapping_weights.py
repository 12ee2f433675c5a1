"""Orders at their ends, and what settles with them."""

from typing import Any

import numpy as np

from keras_addmul.layers.addmul_dense import AddMulDense
from keras_addmul.layers.orders import at_ends

__all__ = ["snapped_values"]


def snapped_values(
    layers: list[Any],
    lowest: dict[int, np.ndarray],
    tolerance: float,
    step: float | None,
) -> list[tuple[Any, np.ndarray]]:
    """Returns new values for orders, parities and exponents, with their variables.

    Args:
        layers: Built layers that learn orders.
        lowest: The lowest inputs of each, by its id.
        tolerance: Largest distance of an order from the end to which it goes.
        step: Step to which the exponents of products are rounded, or None.
    """
    changes = []
    for layer in layers:
        found = at_ends(layer, lambda order, gap: gap <= tolerance, lowest.get(id(layer)))
        new = [(v, np.where(where, ends, np.asarray(v, np.float64))) for v, where, ends in found]
        changes += new
        if step is not None and isinstance(layer, AddMulDense):
            kernel = np.asarray(layer.kernel, np.float64)
            (after,) = (value for variable, value in new if variable is layer.order)
            multiplies = np.repeat(after == 1.0, layer.units // len(after))
            rounded = np.round(kernel / step) * step
            changes.append((layer.kernel, np.where(multiplies, rounded, kernel)))
    return changes
