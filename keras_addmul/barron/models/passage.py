"""Propagates bounds through a model and its converted copy.

Rules are found by the exact class of a layer, so a subclass has none. Where no bound can be
proved the bounds end, and an `Unknown` gives the reason.
"""

import dataclasses
from typing import Any, TypeAlias

import keras
import numpy as np

from keras_addmul import special
from keras_addmul.barron.functions.bank import bank_of
from keras_addmul.barron.functions.per_feature import same_for_each
from keras_addmul.barron.models.activation_rules import activated, lost_in_function
from keras_addmul.barron.models.bounds import Bounds, Unproved, unit_roundoff
from keras_addmul.barron.models.linear_rules import AFFINE
from keras_addmul.barron.models.merge_rules import merge, merges
from keras_addmul.barron.models.recognition import RELU, applied_by
from keras_addmul.barron.models.shape_rules import SHAPES
from keras_addmul.barron.models.targets import Target
from keras_addmul.layers import GeometricScale, RePU, RePUBank
from keras_addmul.layers.graph import Graph, unusual

__all__ = ["Passage", "Unknown", "on_data"]


@dataclasses.dataclass(frozen=True)
class Unknown:
    """Stands in for bounds that cannot be proved, and gives the reason."""

    why: str


# Layers that cast their inputs in `call`, whatever `autocast` says.
_CASTING = (
    keras.layers.Embedding,
    keras.layers.Rescaling,
    keras.layers.Normalization,
    GeometricScale,
)

_Value: TypeAlias = Bounds | Unknown


class Passage:
    """One propagation of bounds through a model.

    Args:
        graph: The `Graph` of the original model.
        targets: Every layer that applies a known function, by id; those with a bank
            apply the bank in the converted model.
        earlier: A passage of the same inputs before the banks were fitted. It supplies the ranges
            in the original model, so that the banks cover the ranges they were fitted on.

    Attributes:
        ranges: After `run`, the output range of each target, by layer id and number of
            the call.
        before: After `run`, the bounds in front of the function of each target: by layer id, a
            list with one entry for each call.
        errors: The proved largest errors of each bank, in the same form.
        slopes: Lipschitz constants of each bank, in the same form.
    """

    def __init__(
        self, graph: Graph, targets: dict[int, Target], earlier: "Passage | None" = None
    ) -> None:
        self.graph: Graph = graph
        self.targets: dict[int, Target] = targets
        self.ranges: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
        self._earlier = earlier.ranges if earlier else {}
        self.before: dict[int, list[_Value]] = {}
        self.errors: dict[int, list[np.ndarray]] = {}
        self.slopes: dict[int, list[np.ndarray]] = {}

    def run(self, inputs: list[Bounds]) -> list[_Value]:
        """Returns the bounds of the outputs, or an `Unknown` for each that has none."""
        return self.graph.run(inputs, self._rule)

    def _rule(self, layer, *args, **kwargs):
        given = args[0] if args and isinstance(args[0], (list, tuple)) else args
        unknown = next((value for value in given if isinstance(value, Unknown)), None)
        target = self.targets.get(id(layer))
        if unknown is None:
            try:
                x = self._without_function(layer, given, kwargs)
                if target is not None:
                    self.before.setdefault(id(layer), []).append(x)
                return self._applied(layer, target, x)
            except Unproved as error:
                unknown = Unknown(f"{type(layer).__name__} {layer.name!r}: {error}")
        if target is not None:
            self.before.setdefault(id(layer), []).append(unknown)
        return unknown

    def _without_function(self, layer, given, kwargs):
        _require_plain(layer, kwargs)
        if type(layer) in merges():
            return merge(layer, given)
        rule = AFFINE.get(type(layer)) or SHAPES.get(type(layer))
        if rule is None and applied_by(layer) is None:
            raise Unproved("no rule is known for its class")
        if len(given) != 1 or not isinstance(given[0], Bounds):
            raise Unproved("it is not called with one tensor")
        (x,) = given
        # Layers cast floats; those that compute with integers convert these to floats too.
        if "float" in x.dtype or type(layer) not in (*SHAPES, keras.layers.Embedding):
            x = x.cast(layer.compute_dtype)
        return x if rule is None else rule(layer, x)

    def _applied(self, layer, target, x):
        applied = applied_by(layer)
        if applied is None:
            return x
        if target is None:
            return activated(applied, x, layer.compute_dtype)
        x = x.cast(target.applied.compute_dtype)
        if target.function is RELU:
            return x.each(lambda v: np.maximum(v, 0.0))
        parts = [
            (columns, *_one_function(target, part, x.each(lambda v, at=columns: v[..., at])))
            for columns, part in target.parts
        ]
        after, inside, slope = (_joined([(p[0], p[k]) for p in parts], x) for k in (1, 2, 3))
        call = id(layer), len(self.before[id(layer)])
        low, high = self._earlier.get(call, (after.low, after.high))
        self.ranges[call] = low, high
        after = dataclasses.replace(after, low=low, high=high)
        if target.bank is not None:
            self.errors.setdefault(id(layer), []).append(inside)
            self.slopes.setdefault(id(layer), []).append(slope)
        return after


def _require_plain(layer, kwargs):
    """Raises unless a call is an ordinary one at inference."""
    if unusual(kwargs):
        raise Unproved(f"it is called with `{unusual(kwargs)}`")
    if "call" in vars(layer):
        raise Unproved("its method `call` was replaced")
    if not getattr(layer, "autocast", True) and type(layer) not in _CASTING:
        raise Unproved("it does not cast its inputs")


def _one_function(target, part, z):
    """Returns bounds after a function, and error and slope of its bank, or None without one."""
    low, high = z.wide
    cells = target.cells(part, float(low.min()), float(high.max()))
    bank, dtype = target.bank_for(part), target.applied.compute_dtype
    slope = cells.slope(low, high)
    below, above = cells.values(z.low, z.high)
    size = np.maximum(np.abs(below), np.abs(above)) + slope * (z.error + z.rounding)
    own = target.applied
    lost = lost_in_function(applied_by(target.layer), size, slope, z.size, dtype)
    if type(own) is RePUBank:
        of_own = same_for_each(bank_of(own), part + 1)[part]
        lost = lost + _lost_in_sum(of_own, low, high, dtype)
        # Its clipping ends are cast.
        lost = lost + unit_roundoff(dtype) * slope * max(abs(of_own.low), abs(of_own.high))
    if type(own) in (RePU, RePUBank) and np.any(size >= special.output_bound(dtype)):
        raise Unproved(f"numbers up to {np.max(size):.3g} are clipped in {dtype}")
    if bank is None:
        return Bounds(below, above, slope * z.error, slope * z.rounding + lost, dtype), None, None
    inside = cells.error(z.low, z.high)
    around = cells.error(z.low - z.error, z.high + z.error)
    bank_slope = cells.bank_slope(low, high)
    error = np.minimum(around + slope * z.error, inside + bank_slope * z.error)
    lost_in_bank = _lost_in_sum(bank, low, high, dtype) + 2 * unit_roundoff(dtype) * (size + error)
    if np.any(size + error >= special.output_bound(dtype)):
        raise Unproved(f"numbers up to {np.max(size + error):.3g} are clipped in {dtype}")
    rounding = np.maximum(slope * z.rounding + lost, bank_slope * z.rounding + lost_in_bank)
    return Bounds(below, above, error, rounding, dtype), inside, bank_slope


def _lost_in_sum(bank, low, high, dtype):
    """Bounds the rounding error in the sum of a bank, computed at least in single precision.

    It counts the difference, power, product with the coefficient, and sum of each unit.
    """
    inner = "float64" if dtype == "float64" else "float32"
    if bank.outside == "clip":
        low, high = (np.clip(v, bank.low, bank.high) for v in (low, high))
    right = bank.side > 0
    reach = max(
        np.max(np.max(high) - bank.knots[right], initial=0.0),
        np.max(bank.knots[~right] - np.min(low), initial=0.0),
    )
    # A `RePUBank` keeps each unit below this limit.
    widest = 2.0 * (bank.high - bank.low)
    limit = max(special.output_bound(dtype) / bank.units, widest**bank.degree)
    if not reach**bank.degree <= 0.999 * min(limit, special.output_bound(inner)):
        raise Unproved(f"a unit of its bank is clipped in {dtype}, {reach:.3g} beyond its knot")
    share = (bank.units + 2 * bank.degree + 4) * unit_roundoff(inner)
    return share / (1 - share) * bank.magnitude(low, high)


def _joined(parts, x) -> Any:
    """Joins the results for the columns of each function into results for all features."""
    if parts[0][1] is None:
        return None
    if isinstance(parts[0][1], Bounds):
        low, high, error, rounding = (
            _joined([(at, bounds.arrays[k]) for at, bounds in parts], x) for k in range(4)
        )
        return Bounds(low, high, error, rounding, parts[0][1].dtype)
    whole = np.empty(x.low.shape)
    for columns, piece in parts:
        whole[..., columns] = piece
    return whole


def on_data(
    graph: Graph, inputs: list[np.ndarray], targets: dict[int, Target], rows: int = 512
) -> dict[int, tuple[float, float]]:
    """Returns the least and largest pre-activation of each target on data."""
    met: dict[int, tuple[float, float]] = {}

    def rule(layer, *args, **kwargs):
        target = targets.get(id(layer))
        if target is None:
            return layer(*args, **kwargs)
        function, x = layer, args[0]
        if not target.alone:
            function, layer.activation = layer.activation, keras.activations.linear
            try:
                x = layer(x)
            finally:
                layer.activation = function
        values = np.asarray(keras.ops.cast(x, "float64"))
        low, high = met.get(id(layer), (np.inf, -np.inf))
        met[id(layer)] = min(low, float(values.min())), max(high, float(values.max()))
        return function(x)

    for start in range(0, len(inputs[0]), rows):
        graph.run([a[start : start + rows] for a in inputs], rule)
    return met
