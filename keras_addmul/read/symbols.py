"""A small network as sympy expressions of its columns."""

import functools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import keras
import numpy as np

from keras_addmul.layers.addmul import AddMul
from keras_addmul.layers.addmul_dense import AddMulDense
from keras_addmul.layers.addmul_select import AddMulSelect
from keras_addmul.layers.exp_iterate import ExpIterate
from keras_addmul.layers.graph import Graph, require_graph
from keras_addmul.layers.orders import nearest_ends, parities_of

__all__ = ["expressions_of"]

# Layers that pass on the numbers of a row as they are.
_PASSING = (
    *("ActivityRegularization", "Dropout", "Flatten", "GaussianDropout", "GaussianNoise"),
    *("Identity", "InputLayer"),
)
# More weights than this, and nobody reads the formula.
_MOST_WEIGHTS = 2000


def expressions_of(
    model: keras.Model,
    columns: Sequence[str],
    positive: Sequence[bool],
    tolerance: float,
    digits: int,
) -> list[Any]:
    """Returns every output of a small network as a `sympy.Expr`.

    Args:
        model: A sequential or functional model.
        columns: Names of the columns of its inputs.
        positive: For each column, whether it is known never to be negative.
        tolerance: Distance of an order from an end at which the unit is written as that end.
        digits: Digits of the numbers.

    Raises:
        TypeError: If the model is neither sequential nor functional.
        ValueError: If it is too large, its inputs are not tables, or a layer has no formula
            here.
    """
    import sympy

    require_graph(model)
    if model.count_params() > _MOST_WEIGHTS:
        raise ValueError(
            f"Only a network of at most {_MOST_WEIGHTS} weights is written as a formula. "
            f"Received: {model.name!r} with {model.count_params()} weights"
        )
    if any(len(tensor.shape) != 2 for tensor in model.inputs):
        raise ValueError(
            "Only a network on rows of numbers is written as a formula. Received: "
            f"{model.name!r} on inputs of shapes {[tuple(t.shape) for t in model.inputs]}"
        )
    # What is known of the columns simplifies the formulas; it does not stay in their symbols.
    known = [
        sympy.Dummy(name, positive=True) if sure else sympy.Dummy(name, real=True)
        for name, sure in zip(columns, positive, strict=True)
    ]
    plain = {one: sympy.Symbol(name) for one, name in zip(known, columns, strict=True)}
    left = known
    values = []
    for tensor in model.inputs:
        values.append(_row(left[: tensor.shape[-1]]))
        left = left[tensor.shape[-1] :]
    writer = _Writer(tolerance, digits)
    outputs = Graph(model).run(values, writer.rule)
    return [expression.xreplace(plain) for output in outputs for expression in output]


class _Writer:
    """The formulas of layers, with arrays of expressions for tensors."""

    def __init__(self, tolerance, digits):
        self.tolerance, self.digits = tolerance, digits

    def rule(self, layer, *args, **kwargs):
        x = args[0]
        for kind, rule in self._rules().items():
            if type(layer) is kind:
                return _row(rule(layer, x))
        raise ValueError(
            f"Layer {layer.name!r} has no formula here: {type(layer).__name__}. Read the units of "
            "the network one by one, as `read(model).units`"
        )

    def _rules(self):
        passing = {getattr(keras.layers, name): lambda layer, x: x for name in _PASSING}
        return {
            **passing,
            keras.layers.Dense: self._dense,
            keras.layers.Activation: lambda layer, x: self._activated(layer, x),
            keras.layers.Add: lambda layer, x: _merge(x, lambda a, b: a + b),
            keras.layers.Subtract: lambda layer, x: _merge(x, lambda a, b: a - b),
            keras.layers.Multiply: lambda layer, x: _merge(x, lambda a, b: a * b),
            keras.layers.Concatenate: lambda layer, x: [one for part in x for one in part],
            keras.layers.Rescaling: self._rescaled,
            keras.layers.Normalization: self._normalized,
            AddMul: self._merged,
            AddMulDense: self._addmul_dense,
            AddMulSelect: self._select,
            ExpIterate: self._iterated,
        }

    def _number(self, value):
        import sympy

        rounded = float(f"{float(value):.{self.digits}g}")
        near = Fraction(float(value)).limit_denominator(4)
        if abs(near - float(value)) <= 10.0**-self.digits:
            return sympy.Rational(near.numerator, near.denominator)
        return sympy.Float(rounded, self.digits)

    def _sum(self, x, weights, bias=0.0):
        import sympy

        terms = [self._number(w) * one for w, one in zip(weights, x, strict=True)]
        return sympy.Add(*terms, self._number(bias))

    def _product(self, x, exponents, parities):
        import sympy

        factors = []
        for one, w, v in zip(x, exponents, parities, strict=True):
            power = self._number(w)
            odd = v > 0.5
            if power.is_Integer and bool(power % 2) == odd:
                factors.append(one**power)
            else:
                factors.append(sympy.Abs(one) ** power * (sympy.sign(one) if odd else 1))
        return sympy.Mul(*factors)

    def _iterate(self, one, n):
        import sympy

        end = float(nearest_ends(n, (-1.0, 0.0, 1.0)))
        if abs(n - end) > self.tolerance:
            return sympy.Function("exp_iterate")(one, self._number(n))
        return {-1.0: sympy.log(sympy.Abs(one)), 0.0: one, 1.0: sympy.exp(one)}[end + 0.0]

    def _between(self, x, weights, n, total):
        """The operation by its definition, with an undefined function for the iterates."""
        import sympy

        iterate = sympy.Function("exp_iterate")
        order = self._number(n)
        return iterate(total([iterate(one, -order) for one in x], weights), order)

    def _activated(self, layer, x):
        import sympy

        name = getattr(layer.activation, "__name__", str(layer.activation))
        known = {
            "linear": lambda t: t,
            "relu": lambda t: sympy.Max(0, t),
            "sigmoid": lambda t: 1 / (1 + sympy.exp(-t)),
            "softplus": lambda t: sympy.log(1 + sympy.exp(t)),
            "square": lambda t: t**2,
            **{f: getattr(sympy, f) for f in ("exp", "tanh", "sin", "cos")},
            "exponential": sympy.exp,
        }
        return [known.get(name, sympy.Function(name))(one) for one in x]

    def _dense(self, layer, x):
        kernel = np.asarray(layer.kernel, np.float64)
        bias = np.zeros(layer.units) if layer.bias is None else np.asarray(layer.bias)
        sums = [self._sum(x, kernel[:, i], bias[i]) for i in range(layer.units)]
        return self._activated(layer, sums)

    def _addmul_dense(self, layer, x):
        kernel, parity = np.asarray(layer.kernel, np.float64), parities_of(layer)
        bias = np.zeros(layer.units) if layer.bias is None else np.asarray(layer.bias)
        order = np.asarray(layer.order, np.float64)
        order = np.repeat(order, layer.units // len(order))
        if layer.coupling == "free":
            found = self._free(layer, x, kernel, parity, bias, order)
        else:
            found = []
            for i, n in enumerate(order):
                w = kernel[:, i]
                if n <= self.tolerance:
                    y = self._sum(x, w)
                elif n >= 1.0 - self.tolerance:
                    y = self._product(x, w, parity[:, i])
                elif getattr(layer, "path_name", None) == "mixture":
                    share = self._number(n)
                    y = (1 - share) * self._sum(x, w) + share * self._product(x, w, parity[:, i])
                else:
                    y = self._between(x, w, n, self._sum)
                found.append(y + self._number(bias[i]))
        return self._activated(layer, found)

    def _free(self, layer, x, kernel, parity, bias, order):
        import sympy

        order_in = np.asarray(layer.order_in, np.float64)
        all_logs = np.all(order_in <= self.tolerance - 1.0)
        inner = [self._iterate(one, n) for one, n in zip(x, order_in, strict=True)]
        found = []
        for i, n in enumerate(order):
            if all_logs and n >= 1.0 - self.tolerance:
                scale = self._number(np.exp(bias[i]))
                found.append(sympy.Mul(scale, self._product(x, kernel[:, i], parity[:, i])))
            else:
                found.append(self._iterate(self._sum(inner, kernel[:, i], bias[i]), n))
        return found

    def _select(self, layer, x):
        import sympy

        kernel = np.asarray(layer.kernel, np.float64)
        bias = np.zeros(layer.units) if layer.bias is None else np.asarray(layer.bias)
        found = []
        for i, n in enumerate(np.asarray(layer.order, np.float64)):
            w = kernel[:, i]
            if n <= self.tolerance:
                y = self._sum(x, w)
            elif n >= 1.0 - self.tolerance:
                y = sympy.Mul(*(self._gate(one, v) for one, v in zip(x, w, strict=True)))
            else:
                y = self._between(x, w, n, self._sum)
            found.append(y + self._number(bias[i]))
        return self._activated(layer, found)

    def _gate(self, one, w):
        size = self._number(abs(w))
        return size * (one if w >= 0 else 1 / one) + 1 - size

    def _iterated(self, layer, x):
        order = np.broadcast_to(np.asarray(layer.order, np.float64), (len(x),))
        return [self._iterate(one, float(n)) for one, n in zip(x, order, strict=True)]

    def _merged(self, layer, x):
        width = max(len(part) for part in x)
        order = np.broadcast_to(np.asarray(layer.order, np.float64), (width,))
        found = []
        for i, n in enumerate(order.tolist()):
            own = [part[i if len(part) > 1 else 0] for part in x]
            if n <= self.tolerance:
                found.append(sum(own))
            elif n >= 1.0 - self.tolerance:
                found.append(functools.reduce(lambda a, b: a * b, own))
            else:
                found.append(self._between(own, [1.0] * len(own), n, self._sum))
        return found

    def _rescaled(self, layer, x):
        scale = np.broadcast_to(np.asarray(layer.scale, np.float64), (len(x),))
        offset = np.broadcast_to(np.asarray(layer.offset, np.float64), (len(x),))
        numbers = zip(x, scale, offset, strict=True)
        return [self._number(a) * one + self._number(b) for one, a, b in numbers]

    def _normalized(self, layer, x):
        mean, deviation = (np.ravel(np.asarray(t)) for t in (layer.mean, layer.variance**0.5))
        mean, deviation = (np.broadcast_to(t, (len(x),)) for t in (mean, deviation))
        numbers = zip(x, mean, deviation, strict=True)
        return [(one - self._number(m)) / self._number(d) for one, m, d in numbers]


def _row(expressions):
    """An array of expressions, which is one value to the graph; a list would be many."""
    row = np.empty(len(expressions), object)
    row[:] = list(expressions)
    return row


def _merge(x, operation):
    width = max(len(part) for part in x)
    parts = [part if len(part) > 1 else list(part) * width for part in x]
    return [functools.reduce(operation, own) for own in zip(*parts, strict=True)]
