"""The targets of a conversion: each layer of a model with the function that it applies."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_addmul.barron.functions.bank import Bank
from keras_addmul.barron.functions.cells import Cells
from keras_addmul.barron.functions.per_feature import PerFeature, members_of, same_for_each
from keras_addmul.barron.functions.smooth import Smooth
from keras_addmul.barron.models.linear_rules import LINEAR
from keras_addmul.barron.models.recognition import (
    KNOWN,
    Function,
    applied_by,
    known_activations,
    recognise,
    why_not,
)
from keras_addmul.layers.graph import layers_of

__all__ = ["Target", "targets_of", "to_convert"]


@dataclasses.dataclass(eq=False)
class Target:
    """A layer, the function that it applies, and the bank that replaces it.

    Attributes:
        layer: The layer in the original model.
        function: A `Smooth`, or one `PerFeature`.
        tolerance: The size of error that the bounds of the function should resolve.
        bank: The replacement: a `Bank`, one `PerFeature`, or None before the fit.
    """

    layer: Any
    function: Function
    tolerance: float = 1e-3
    bank: Bank | PerFeature | None = None
    _held: dict = dataclasses.field(default_factory=dict, repr=False)

    @property
    def applied(self) -> Any:
        """The layer that applies the function: the layer itself, or its activation layer."""
        applied = applied_by(self.layer)
        return applied if isinstance(applied, keras.layers.Layer) else self.layer

    @property
    def alone(self) -> bool:
        """Whether the layer does nothing but apply the function."""
        return type(self.layer) not in LINEAR

    @property
    def parts(self) -> Iterator[tuple[Any, int]]:
        """Pairs: an index of the features that share a function, and the function's number."""
        if isinstance(self.function, PerFeature):
            return zip(self.function.columns(), range(len(self.function.members)), strict=True)
        return iter([(slice(None), 0)])

    def smooth(self, part: int) -> Smooth:
        """Returns the function with the number `part`."""
        return members_of(self.function)[part]

    def bank_for(self, part: int) -> Bank | None:
        """Returns the bank for the function with the number `part`, or None before the fit."""
        return same_for_each(self.bank, len(members_of(self.function)))[part]

    def cells(self, part: int, low: float, high: float) -> Cells:
        """Returns `Cells` of a function, and of its bank if fitted, on at least an interval."""
        bank = self.bank_for(part)
        key = part, bank is None
        held = self._held.get(key)
        if held is None or low < held.edges[0] or high > held.edges[-1]:
            if held is not None:
                low, high = min(low, float(held.edges[0])), max(high, float(held.edges[-1]))
            held = Cells(self.smooth(part), low, high, bank, self.tolerance)
            self._held[key] = held
        return held

    def forget(self) -> None:
        """Drops the cached bounds of an earlier bank."""
        self._held = {key: held for key, held in self._held.items() if key[1]}

    def proved_error(self, low: float, high: float) -> float:
        """Returns the largest proved error of all functions and their banks on an interval."""
        ends = np.array([low]), np.array([high])
        numbers = range(len(members_of(self.function)))
        return max(float(self.cells(part, low, high).error(*ends)[0]) for part in numbers)


def targets_of(model: keras.Model, tolerance: float) -> tuple[dict[int, Target], dict[int, str]]:
    """Returns every layer that applies a known function, and why the others do not, by id."""
    targets, reasons = {}, {}
    for layer in layers_of(model):
        function = recognise(layer)
        if isinstance(function, KNOWN):
            targets[id(layer)] = Target(layer, function, tolerance)
        elif function is not None:
            reasons[id(layer)] = function
    return targets, reasons


def to_convert(
    model: keras.Model,
    targets: dict[int, Target],
    reasons: dict[int, str],
    degree: int,
    names: str | Sequence[str] | None,
) -> tuple[dict[int, Target], dict[str, str]]:
    """Returns the targets to convert, by id, and reasons by name for layers that are left.

    Args:
        model: The model with these layers.
        targets: The targets from `targets_of`.
        reasons: The reasons from `targets_of`.
        degree: Degree of the units.
        names: Names of the layers to convert, or None for all that can be converted.

    Raises:
        ValueError: If a layer does not exist or cannot be converted, or none can.
    """
    every = list(layers_of(model))
    known = {layer.name for layer in every}
    names = [names] if isinstance(names, str) else names
    unknown = _unknown_names(names, known)
    if unknown:
        raise ValueError(
            f"Argument `layers` must hold names of layers: {', '.join(sorted(known))}. "
            f"Received: {unknown}"
        )
    chosen, left_out = {}, {}
    for layer in every:
        target, reason = targets.get(id(layer)), reasons.get(id(layer))
        if target is not None:
            reason = why_not(target.function, degree)
            if reason is None and target.function.degree == degree:
                reason = f"{target.function.name} is a RePU of degree {degree} already"
        if names is not None and layer.name not in names:
            reason = "not among the layers named" if target or reason else None
        elif names is not None and (target is None or reason):
            raise ValueError(
                f"Layer {layer.name!r} cannot be converted to RePU of degree {degree}: "
                f"{reason or 'it has no activation'}."
            )
        if reason:
            left_out[layer.name] = reason
        elif target is not None:
            chosen[id(layer)] = target
    if not chosen:
        given = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise ValueError(
            f"Argument `model` has no activation that embeds into RePU of degree {degree}. Those "
            f"known are {', '.join(known_activations())}. Received: {given or 'none at all'}."
        )
    return chosen, left_out


def _unknown_names(names, known):
    """Describes the names that no layer has, or returns ""."""
    if names is None:
        return ""
    if not isinstance(names, (list, tuple, set)):
        return repr(names)
    return ", ".join(repr(name) for name in names if name not in known)
