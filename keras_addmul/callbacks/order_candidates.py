"""Orders that may settle at an end, with the parities that settle with them."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras_addmul.callbacks.holding import held
from keras_addmul.callbacks.sums_in_place import Met, keeping_sums
from keras_addmul.layers.orders import at_ends, goals_of, layers_with_orders, orders_of

__all__ = ["Candidate", "candidates_of", "settle", "variables_of"]


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One order of a layer that may settle at the end nearest to it.

    Attributes:
        layer: The layer.
        order: The variable that holds the order.
        place: Its index in the variable, flat.
        end: The end.
        distance: How far the order is from it.
    """

    layer: Any
    order: Any
    place: int
    end: float
    distance: float

    @property
    def key(self) -> tuple[int, int]:
        """What identifies the order."""
        return id(self.order), self.place


def candidates_of(model: Any, near: float) -> list[Candidate]:
    """Returns every order within `near` of an end that is not held yet, the nearest first."""
    found = []
    for layer in layers_with_orders(model):
        for order, now, goal in goals_of(layer):
            free = np.asarray(held(order).mask) < 0.5
            gap = np.abs(now - goal)
            for place in np.flatnonzero(free & (gap <= near)).tolist():
                end, far = float(goal.flat[place]), float(gap.flat[place])
                found.append(Candidate(layer, order, place, end, far))
    return sorted(found, key=lambda one: one.distance)


def variables_of(model: Any) -> list[Any]:
    """Returns the variables that may be held: orders and parities."""
    found = []
    for layer in layers_with_orders(model):
        found += [order for order, _ in orders_of(layer)]
        if getattr(layer, "parity", None) is not None:
            found.append(layer.parity)
    return found


def settle(candidates: Iterable[Candidate], met: dict[int, Met] | None, keep: bool = False) -> None:
    """Puts orders at their ends, with the parities of what multiplies there, and holds them.

    Args:
        candidates: The orders.
        met: The inputs of each layer by its id, or None where they are not known.
        keep: Whether units that become sums take the coefficients that change their answers
            least.
    """
    chosen: dict[int, np.ndarray] = {}
    layers = {}
    for one in candidates:
        places = chosen.setdefault(id(one.order), np.zeros(one.order.shape, bool))
        places.flat[one.place] = True
        layers[id(one.layer)] = one.layer
    for layer in layers.values():
        inputs = None if met is None else met.get(id(layer))
        lowest = None if inputs is None else inputs.lowest
        changes = at_ends(
            layer, lambda order, gap: chosen.get(id(order), np.zeros(gap.shape, bool)), lowest
        )
        with keeping_sums(layer, inputs if keep else None):
            for variable, where, values in list(changes):
                variable.assign(np.where(where, values, np.asarray(variable)))
                held(variable).hold(where, values)
