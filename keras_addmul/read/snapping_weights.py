"""Orders at their ends, and what settles with them."""

from typing import Any

import numpy as np

from keras_addmul.layers.addmul_dense import AddMulDense
from keras_addmul.layers.orders import nearest_ends, orders_of, parities_of, whole_parity

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
        for order, ends in orders_of(layer):
            now = np.asarray(order, np.float64)
            goal = nearest_ends(now, ends)
            changes.append((order, np.where(np.abs(now - goal) <= tolerance, goal, now)))
        if isinstance(layer, AddMulDense):
            after = changes[-2 if layer.coupling == "free" else -1][1]
            multiplies = np.repeat(after == 1.0, layer.units // len(after))
            if hasattr(layer, "parity"):
                now, whole = parities_of(layer), whole_parity(layer, lowest.get(id(layer)))
                changes.append((layer.parity, np.where(multiplies, whole, now)))
            if step is not None:
                kernel = np.asarray(layer.kernel, np.float64)
                rounded = np.round(kernel / step) * step
                changes.append((layer.kernel, np.where(multiplies, rounded, kernel)))
    return changes
