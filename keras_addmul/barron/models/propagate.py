"""Carries bounds through a model and the one it was converted to."""

import dataclasses

import keras
import numpy as np

from keras_addmul.barron.functions.bank import bank_of
from keras_addmul.barron.functions.cells import Cells
from keras_addmul.barron.functions.per_feature import PerFeature, same_for_each
from keras_addmul.barron.models import rules
from keras_addmul.barron.models.bounds import Bounds, unit_roundoff
from keras_addmul.barron.models.recognition import KNOWN, name_of, recognise
from keras_addmul.layers import RePUBank

__all__ = ["Passage", "Unknown", "on_data"]

# An elementary function of a backend is taken to be this many units in the last place off.
_FUNCTION_ULPS = 16


@dataclasses.dataclass(frozen=True)
class Unknown:
    """In place of bounds, why there are none."""

    why: str


class Passage:
    """One passage of bounds through a model.

    Args:
        graph: Of the original model.
        banks: `Bank`s by the id of the layer whose activation they replace.
        tolerance: How fine the bounds of the activations should be.

    After `run`, `before` holds the bounds in front of each smooth activation and `errors`
    the proved largest errors of the banks, both as lists by the id of the layer: one entry
    for each call of it.
    """

    def __init__(self, graph, banks=None, tolerance=1e-3):
        self.graph, self.banks, self.tolerance = graph, banks or {}, tolerance
        self.before, self.errors, self.slopes = {}, {}, {}

    def run(self, inputs):
        """Returns the bounds of the outputs, or `Unknown`s."""
        return self.graph.run(inputs, self._rule)

    def _rule(self, layer, *args, **kwargs):
        given = args[0] if args and isinstance(args[0], (list, tuple)) else args
        for value in given:
            if isinstance(value, Unknown):
                if isinstance(recognise(layer), KNOWN):
                    self.before.setdefault(id(layer), []).append(value)
                return value
        name = type(layer).__name__
        if len(given) > 1:
            tensors = [_constant(v) for v in given]
            return rules.merge(name, tensors, layer) or _unknown(layer)
        if name in ("Add", "Multiply", "Subtract") or not given:
            return _unknown(layer)
        return self._one(layer, given[0])

    def _one(self, layer, x):
        what = recognise(layer)
        if type(layer) in rules.LINEAR:
            x = rules.apply(layer, x)
        elif type(layer) is keras.layers.Activation:
            pass
        elif not isinstance(what, KNOWN) or type(layer) is keras.layers.ReLU:
            return rules.apply(layer, x) or _unknown(layer)
        if isinstance(what, KNOWN) and what.name == "relu":
            return rules.activated("relu", x, layer)
        if isinstance(what, KNOWN):
            self.before.setdefault(id(layer), []).append(x)
            return self._smooth(layer, what, x)
        if what is None:
            return x
        return rules.activated(name_of(layer.activation), x, layer) or _unknown(layer)

    def _smooth(self, layer, what, z):
        bank = self.banks.get(id(layer))
        own = bank_of(layer) if type(layer) is RePUBank else None
        if isinstance(what, PerFeature):
            parts = []
            for columns, *of_one in _groups(what, bank, own):
                some = z.each(lambda v, at=columns: v[..., at])
                parts.append((columns, self._one_function(layer, *of_one, some)))
            after, inside, bank_slope = _joined(parts, z.low.shape)
        else:
            after, inside, bank_slope = self._one_function(layer, what, bank, own, z)
        if bank is not None:
            self.errors.setdefault(id(layer), []).append(inside)
            self.slopes.setdefault(id(layer), []).append(bank_slope)
        return after

    def _one_function(self, layer, smooth, bank, own, z):
        """Bounds after a function, the bank's error and its slope, or None without a bank."""
        low, high = z.wide
        cells = Cells(smooth, float(low.min()), float(high.max()), bank, self.tolerance)
        slope = cells.slope(low, high)
        below, above = cells.values(z.low, z.high)
        unit = unit_roundoff(layer.compute_dtype)
        reach = np.maximum(np.abs(below), np.abs(above)) + slope * (z.apart + z.size)
        lost = _FUNCTION_ULPS * unit * reach
        if own is not None:
            lost = lost + _lost_in_sum(layer, own, low, high)
        if bank is None:
            after = Bounds(below, above, slope * z.error, slope * z.rounding + 2 * lost)
            return after, None, None
        inside = cells.error(z.low, z.high)
        around = cells.error(z.low - z.error, z.high + z.error)
        bank_slope = cells.bank_slope(low, high)
        error = np.minimum(around + slope * z.error, inside + bank_slope * z.error)
        lost = lost + _lost_in_sum(layer, bank, low, high) + 2 * unit * (reach + error)
        rounding = np.maximum(slope, bank_slope) * z.rounding + lost
        return Bounds(below, above, error, rounding), inside, bank_slope


def _groups(what, *others):
    """The columns of each member, the member, and those of the others, which may be None."""
    others = [same_for_each(o, len(what.members)) for o in others]
    return zip(what.columns(), what.members, *others, strict=True)


def _joined(parts, shape):
    """What holds for all features, from what holds for the columns of each member."""

    def join(pieces):
        whole = np.empty(shape)
        for (columns, _), piece in zip(parts, pieces, strict=True):
            whole[..., columns] = piece
        return whole

    bounds, *others = zip(*(part for _, part in parts), strict=True)
    joined = [join(p) for p in zip(*map(dataclasses.astuple, bounds), strict=True)]
    return Bounds(*joined), *(None if o[0] is None else join(o) for o in others)


def _lost_in_sum(layer, bank, low, high):
    """What floating point may lose in the sum of a bank, which is taken at least in single."""
    unit = unit_roundoff("float64" if layer.compute_dtype == "float64" else "float32")
    share = (bank.units + 2 * bank.order + 4) * unit
    return share / (1 - share) * bank.magnitude(low, high)


def on_data(graph, inputs, targets, rows=512):
    """The smallest and largest number that meets each target layer's activation on data."""
    met = {}

    def rule(layer, *args, **kwargs):
        if id(layer) not in targets:
            return layer(*args, **kwargs)
        x = args[0]
        if type(layer) in rules.LINEAR:
            function, layer.activation = layer.activation, keras.activations.linear
            try:
                x = layer(x)
            finally:
                layer.activation = function
        else:
            function = layer
        values = np.asarray(keras.ops.cast(x, "float64"))
        low, high = met.get(id(layer), (np.inf, -np.inf))
        met[id(layer)] = min(low, float(values.min())), max(high, float(values.max()))
        return function(x)

    for start in range(0, min(len(a) for a in inputs), rows):
        graph.run([a[start : start + rows] for a in inputs], rule)
    return met


def _constant(value):
    if isinstance(value, (int, float, np.ndarray)):
        array = np.asarray(value, float)
        return Bounds.of_box(array, array)
    return value


def _unknown(layer):
    return Unknown(f"no rule is known for {type(layer).__name__} {layer.name!r}")
