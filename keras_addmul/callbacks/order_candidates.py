"""Orders that may settle at an end, with the parities that settle with them."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras_addmul.callbacks.holding import held
from keras_addmul.layers.orders import layers_with_orders, nearest_ends, orders_of, whole_parity

__all__ = ["Candidate", "candidates_of", "settle", "variables_of"]


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One order of a layer, and the end at which it may settle.

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

    @property
    def units(self) -> slice:
        """The units whose parities settle with the order: those that multiply at its end."""
        parity = getattr(self.layer, "parity", None)
        if parity is None or self.order is not self.layer.order or self.end != 1.0:
            return slice(0, 0)
        size = parity.shape[1] // self.order.shape[0]
        return slice(self.place * size, (self.place + 1) * size)


def candidates_of(model: Any, near: float) -> list[Candidate]:
    """Returns every order within `near` of an end that is not held yet, the nearest first."""
    found = []
    for layer in layers_with_orders(model):
        for order, ends in orders_of(layer):
            now = np.asarray(order, np.float64).ravel()
            goal = nearest_ends(now, ends)
            free = np.asarray(held(order).mask).ravel() < 0.5
            for place in np.flatnonzero(free & (np.abs(now - goal) <= near)).tolist():
                gap = abs(float(now[place] - goal[place]))
                found.append(Candidate(layer, order, place, float(goal[place]), gap))
    return sorted(found, key=lambda one: one.distance)


def variables_of(model: Any) -> list[Any]:
    """Returns the variables that may be held: orders and parities."""
    found = []
    for layer in layers_with_orders(model):
        found += [order for order, _ in orders_of(layer)]
        if getattr(layer, "parity", None) is not None:
            found.append(layer.parity)
    return found


def settle(candidates: Iterable[Candidate], lowest: dict[int, np.ndarray] | None) -> None:
    """Puts orders at their ends, with the parities of what multiplies there, and holds them.

    Args:
        candidates: The orders.
        lowest: The lowest inputs of each layer, as of `orders.lowest_inputs`, or None where
            they are not known.
    """
    for one in candidates:
        place = np.zeros(one.order.shape, bool)
        place.flat[one.place] = True
        _put(one.order, place, np.full(one.order.shape, one.end))
        if one.units.stop:
            low = None if lowest is None else lowest.get(id(one.layer))
            place = np.zeros(one.layer.parity.shape, bool)
            place[:, one.units] = True
            _put(one.layer.parity, place, whole_parity(one.layer, low))


def _put(variable, where, values):
    variable.assign(np.where(where, values, np.asarray(variable)))
    held(variable).hold(where, values)
