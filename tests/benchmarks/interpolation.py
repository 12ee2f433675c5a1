"""How far the iterates interpolated between few orders are from the exact ones."""

import numpy as np
from keras import ops

from keras_addmul.special.solutions import get_solution
from keras_addmul.special.weighted_sums import exact_sums, interpolated_sums

NAME = "interpolation"
TITLE = "largest error of exp_iterate(x, -n), n in [0, 1], relative to the larger of it and 1"

RANGES = ((1e-1, 1e1), (1e-2, 1e2), (1e-3, 1e3), (1e-4, 1e4))


def run():
    """One row for each number of nodes."""
    n = ops.convert_to_tensor(np.linspace(0.0, 1.0, 401))
    one, pieces = ops.ones((1, 401), n.dtype), get_solution("kneser")("float64")
    rows = []
    for nodes in (8, 12, 16, 20, 24):
        row = {"nodes": nodes}
        for low, high in RANGES:
            x = ops.convert_to_tensor(np.geomspace(low, high, 400)[:, None])
            exact = np.asarray(exact_sums(x, one, n, pieces))
            near = np.asarray(interpolated_sums(x, one, n, nodes, pieces))
            error = np.abs(near - exact) / np.maximum(1.0, np.abs(exact))
            row[f"{low:g} to {high:g}"] = float(f"{np.max(error):.2g}")
        rows.append(row)
    return rows
