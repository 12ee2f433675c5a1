"""The formulas of the catalogue at fifty digits, as the text of each row states them."""

import functools

import mpmath

from keras_addmul.activations import catalogue

mpmath.mp.dps = 50

ELEMENTWISE = [row for row in catalogue() if row.elementwise]

NAMES = {
    **{name: getattr(mpmath, name) for name in ("erf", "exp", "log", "sin", "sqrt", "tanh")},
    **{f.__name__: f for f in (abs, enumerate, max, min, sum, zip)},
}


@functools.cache
def code(formula):
    return compile(formula, formula, "eval")


def exact(row, x, **parameters):
    """The formula of a row, in mpmath's numbers, at its defaults or other parameters."""
    values = {**dict(row.parameters), **parameters}
    names = {name: _exact(value) for name, value in values.items()}
    return mpmath.mpf(eval(code(row.formula), {"__builtins__": {}, **NAMES, **names, "x": x}))


def slope(row, x, side=0, order=1, **parameters):
    """A derivative of the formula; from the right with `side=1`, from the left with -1."""
    # One-sided differences reach over 4 steps; the corner itself belongs to either side.
    return mpmath.diff(
        lambda t: exact(row, t, **parameters), x, order, direction=side, h=mpmath.mpf(10) ** -12
    )


def _exact(value):
    if isinstance(value, (tuple, list)):
        return [_exact(v) for v in value]
    return value if isinstance(value, int) else mpmath.mpf(value)
