"""Fits the short sums by which `special/separable.py` replaces iterates of many orders.

For a fixed set of poles a_k, and fixed mixtures of powers, everything that is left is linear:

    exp_iterate(x, -n) = c_x(n) x + c_log(n) log(x) + n (1 - n) (h_0(n) + sum_k h_k(n) r_k(x))
    r_k(x) = a_k / (x + a_k),    c_x and c_log mixtures of powers of 1 - n and of n

with polynomials h in sqrt(1 - n + CROWDING). The largest weighted error is minimised by
weighted least squares, repeated with weights that grow where the error is large (Lawson's
algorithm). What counts is the error relative to max(|f|, 1), the more the nearer to the
interval [0.1, 10]: a distance by the factor d outside of it allows d**fade times the error.

The r_k nearly depend on each other, and the coefficients of a sum of them are large and of both
signs. So they are mixed, first around their mean, into the orthogonal functions that matter most
(principal components); then nothing large cancels, and half precision works as well.
"""

import numpy as np

from keras_addmul.special.iterate import exp_iterate

__all__ = ["CROWDING", "PLACE_OFFSET", "PLACE_SCALE", "error_of", "exact", "fit", "search"]

# Distance from order 1 at which the polynomials stop crowding, so that their slope is bounded,
# and the map of sqrt(1 - n + CROWDING) to [-1, 1].
CROWDING = 2.0**-4
_LOW, _HIGH = np.sqrt(CROWDING), np.sqrt(1.0 + CROWDING)
PLACE_SCALE, PLACE_OFFSET = float(2 / (_HIGH - _LOW)), float(-(_HIGH + _LOW) / (_HIGH - _LOW))

_INNER = (0.1, 10.0)
_TINY = 1e-13


def exact(x, n):
    """`exp_iterate(x, -n)` for all pairs, as a matrix."""
    return np.asarray(exp_iterate(x[:, None], -n[None, :]))


def _grid():
    x = np.geomspace(1e-4, 1e5, 181)
    n = (1.0 - np.cos(np.linspace(0.0, np.pi, 136)[1:-1])) / 2.0
    return x, n, exact(x, n)


def _importance(x, values, fade):
    """What an error at each point counts."""
    low, high = _INNER[0] / 1.01, _INNER[1] * 1.01
    near = np.minimum(1.0, np.minimum((x / high) ** -fade, (x / low) ** fade))
    return near[:, None] / np.maximum(np.abs(values), 1.0)


def mixed_powers(base, mixture):
    """`sum_i share_i base**power_i`."""
    return sum(share * base**power for power, share in mixture)


def _ends(x, n, plan):
    in_x = x[:, None] * mixed_powers(1.0 - n, plan["x"])
    return in_x + np.log(x)[:, None] * mixed_powers(n, plan["log"])


def _poles(x, poles):
    return np.array(poles) / (x[:, None] + np.array(poles))


def _powers(n, degree):
    """Columns `n (1 - n) t**k`, and the same for Chebyshev polynomials, which are fitted."""
    t = np.sqrt(1.0 - n + CROWDING) * PLACE_SCALE + PLACE_OFFSET
    return np.polynomial.chebyshev.chebvander(t, degree) * (n * (1.0 - n))[:, None]


def fit(plan, rounds=40):
    """Returns the table for a plan: what `separable.py` needs.

    Args:
        plan: Dictionary: `poles`; the mixtures `x` and `log`, as pairs of power and share; the
            `degree` of the polynomials; and `fade`, see above.
        rounds: How often the weights are adapted.
    """
    x, n, values = _grid()
    weight = _importance(x, values, plan["fade"]).ravel()
    target = (values - _ends(x, n, plan)).ravel()
    columns = np.concatenate([np.ones((x.size, 1)), _poles(x, plan["poles"])], axis=1)
    places = _powers(n, plan["degree"])
    design = np.einsum("xk,nj->xnkj", columns, places).reshape(target.size, -1)
    solution = _minimax(design, target, weight, rounds)
    return _table(plan, solution.reshape(columns.shape[1], -1), x, places)


def _minimax(design, target, weight, rounds):
    """Least squares by Lawson's algorithm: the solution with the smallest largest error."""
    attention, best, least = np.ones_like(target), None, np.inf
    for _ in range(rounds):
        solution = _least_squares(design, target, weight * np.sqrt(attention))
        error = np.abs(design @ solution - target) * weight
        if np.max(error) < least:
            best, least = solution, np.max(error)
        attention = attention * (error / np.max(error) + 0.01) ** 0.7
        attention = attention / np.mean(attention)
    return best


def _least_squares(design, target, weight):
    weighted = design * weight[:, None]
    size = np.sqrt(np.sum(weighted * weighted, axis=0))
    weighted = weighted / size
    normal = weighted.T @ weighted + _TINY * np.eye(size.size)
    return np.linalg.solve(normal, weighted.T @ (target * weight)) / size


def _table(plan, heights, x, places):
    """Mixes the poles, and turns Chebyshev's polynomials into powers."""
    inner = (x >= _INNER[0]) & (x <= _INNER[1])
    poles = _poles(x[inner], plan["poles"])
    mean = poles.mean(axis=0)
    parts, _, _ = np.linalg.svd((poles - mean) @ (places @ heights[1:].T).T, full_matrices=False)
    parts = parts[:, : mean.size]
    mixture = np.linalg.lstsq(poles - mean, parts, rcond=None)[0].T
    size = np.max(np.abs((poles - mean) @ mixture.T), axis=0)
    # A sign for each, so that the same table is found on every machine.
    size = size * np.sign(mixture[:, 0])
    mixture = mixture / size[:, None]
    mixed = np.linalg.solve(mixture.T, heights[1:])
    constant = heights[0] + mean @ heights[1:]
    rows = [np.polynomial.chebyshev.cheb2poly(row) for row in (constant, *mixed)]
    return {
        "x": plan["x"],
        "log": plan["log"],
        "orders": tuple(_rounded(row) for row in rows),
        "poles": tuple(plan["poles"]),
        "mixture": tuple(_rounded(row) for row in mixture),
        "offsets": _rounded(-mixture @ mean),
    }


def _rounded(row):
    return tuple(float(f"{number:.12g}") for number in row)


def value(table, x, n):
    """What a table makes of `exp_iterate(x, -n)`, for all pairs, as a matrix."""
    rows = np.array(table["orders"])
    t = np.sqrt(1.0 - n + CROWDING) * PLACE_SCALE + PLACE_OFFSET
    powers = t[:, None] ** np.arange(rows.shape[1]) * (n * (1.0 - n))[:, None]
    functions = _poles(x, table["poles"]) @ np.array(table["mixture"]).T + table["offsets"]
    columns = np.concatenate([np.ones((x.size, 1)), functions], axis=1)
    return _ends(x, n, table) + columns @ (powers @ rows.T).T


def error_of(table, low, high):
    """The largest error on an interval, relative to the larger of the iterate and 1."""
    x = np.geomspace(low, high, 400)
    n = (1.0 - np.cos(np.linspace(0.0, np.pi, 401))) / 2.0
    values = exact(x, n)
    return float(np.max(np.abs(value(table, x, n) - values) / np.maximum(np.abs(values), 1.0)))


def search(plan, steps=400):
    """Returns a plan with better poles and shares, by the simplex method."""
    from scipy.optimize import minimize

    x, n, values = _grid()
    x, n, values = x[::2], n[::2], values[::2, ::2]
    weight = _importance(x, values, plan["fade"])

    def planned(v):
        k, m = len(plan["poles"]), len(plan["poles"]) + len(plan["x"]) - 1
        found = {"poles": tuple(np.exp(np.sort(v[:k]))), "x": plan["x"], "log": plan["log"]}
        for name, part in (("x", v[k:m]), ("log", v[m:])):
            shares = np.exp(np.append(0.0, part))
            powers = [power for power, _ in plan[name]]
            found[name] = tuple(zip(powers, shares / np.sum(shares), strict=True))
        return {**plan, **found}

    def worst(v):
        if np.max(np.abs(v)) > 9.0:
            return 9.0
        trial = planned(v)
        ones = np.ones((x.size, 1))
        columns = np.concatenate([ones, _poles(x, trial["poles"])], axis=1)
        target = values - _ends(x, n, trial)
        errors = [
            np.max(np.abs(columns @ _minimax(columns, t, w, 8) - t) * w)
            for t, w in zip(target.T, weight.T, strict=True)
        ]
        return np.log(np.max(errors))

    v = np.log(plan["poles"])
    for name in ("x", "log"):
        shares = np.array([share for _, share in plan[name]])
        v = np.append(v, np.log(shares[1:] / shares[0]))
    for step in (0.3, 0.1):
        simplex = np.concatenate([v[None], v + step * np.eye(v.size)])
        options = {"maxfev": steps, "adaptive": True, "initial_simplex": simplex}
        v = minimize(worst, v, method="Nelder-Mead", options=options).x
    return planned(v)
