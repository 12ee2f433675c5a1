"""How far the approximate iterates of many orders are from the exact ones."""

import functools

import numpy as np
from keras import ops

from keras_addmul.special._sums_tables import SUMS
from keras_addmul.special.separable import separable_sums
from keras_addmul.special.solutions import get_solution
from keras_addmul.special.weighted_sums import exact_sums, interpolated_sums

NAME = "interpolation"
TITLE = (
    "largest error of exp_iterate(x, -n), n in [0, 1], relative to the larger of it and 1; "
    "drop: by how much it falls at most as x grows from 1e-7 to 1e15, relative to the same"
)

RANGES = ((1e-1, 1e1), (1e-2, 1e2), (1e-3, 1e3), (1e-4, 1e4))
ORDERS = 401


def run():
    """One row for each number of products, of separable sums and of interpolated orders."""
    rows = []
    for products in SUMS:
        sums = functools.partial(_separable, products=products)
        rows.append(_row("kneser", "separable", products, sums))
    for path in ("kneser", "linear"):
        pieces = get_solution(path)("float64")
        for nodes in (6, 8, 16):
            sums = functools.partial(interpolated_sums, nodes=nodes, pieces=pieces)
            rows.append(_row(path, "interpolated", nodes, sums))
    return rows


def _separable(x, kernel, n, products):
    return separable_sums(x, kernel, n, products)[0]


def _row(path, way, products, sums):
    n = ops.convert_to_tensor(np.linspace(0.0, 1.0, ORDERS))
    one, pieces = ops.ones((1, ORDERS), n.dtype), get_solution(path)("float64")
    row = {"path": path, "way": way, "products": products}
    for low, high in RANGES:
        x = ops.convert_to_tensor(np.geomspace(low, high, 400)[:, None])
        exact = np.asarray(exact_sums(x, one, n, pieces))
        error = np.abs(np.asarray(sums(x, one, n)) - exact) / np.maximum(1.0, np.abs(exact))
        row[f"{low:g} to {high:g}"] = float(f"{np.max(error):.2g}")
    y = np.asarray(sums(ops.convert_to_tensor(np.geomspace(1e-7, 1e15, 1000)[:, None]), one, n))
    drop = (np.maximum.accumulate(y, axis=0) - y) / np.maximum(1.0, np.abs(y))
    return {**row, "drop": float(f"{np.max(drop):.2g}")}
