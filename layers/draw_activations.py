"""Draws the catalogue of activations: `python layers/draw_activations.py [folder]`.

One panel for each function of one variable, with its slope; one file a family.
"""

import functools
import sys
from pathlib import Path

import keras
import numpy as np
from matplotlib.figure import Figure
from picture import save

from keras_addmul.activations import catalogue

FUNCTION, SLOPE = "#0b6e99", "#d9822b"

FAMILIES = {
    "steps": [
        "sigmoid",
        "hard_sigmoid",
        "sparse_sigmoid",
        "dsilu",
        "tanh",
        "hard_tanh",
        "softsign",
        "isru",
    ],
    "rectifiers": [
        "linear",
        "relu",
        "relu6",
        "leaky_relu",
        "prelu",
        "rrelu",
        "softplus",
        "sparse_plus",
        "repu",
    ],
    "exponentials": [
        "elu",
        "celu",
        "selu",
        "pelu",
        "elish",
        "hard_elish",
        "isrlu",
        "exponential",
        "soft_exponential",
    ],
    "gates": [
        "silu",
        "swish",
        "gelu",
        "mish",
        "hard_silu",
        "lisht",
        "tanh_shrink",
        "soft_shrink",
        "hard_shrink",
    ],
    "others": [
        "log_sigmoid",
        "snake",
        "srelu",
        "apl",
        "rational",
    ],
}

LEARNED = ["pelu", "srelu", "apl", "swish", "snake", "rational", "isru", "isrlu"]

# Where the defaults would hide what the parameters do.
SHOWN = {
    "apl": {"slopes": (-0.4, 0.9), "hinges": (1.0, -1.0)},
    "pelu": {"a": 1.5, "b": 1.0},
    "srelu": {"t_left": -1.0, "a_left": 0.2, "t_right": 1.0, "a_right": 0.3},
    "swish": {"beta": 2.0},
    "snake": {"alpha": 2.0},
}


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    pictures = {
        f"activations_{family}.svg": functools.partial(panels, names)
        for family, names in FAMILIES.items()
    }
    return save({"Activations.svg": functools.partial(panels, LEARNED), **pictures}, folder)


def panels(names):
    """A grid of small pictures: each function, and its slope below it dashed."""
    rows = {row.name: row for row in catalogue()}
    columns = min(len(names), 5)
    height = -(-len(names) // columns)
    figure = Figure(figsize=(1.9 * columns, 1.75 * height), layout="constrained")
    axes = figure.subplots(height, columns, sharex=True, sharey=True, squeeze=False)
    for ax, name in zip(axes.flat, names, strict=False):
        x, y, slope = curve(rows[name])
        ax.plot(x, slope, color=SLOPE, linewidth=1, linestyle="--")
        ax.plot(x, y, color=FUNCTION, linewidth=1.6)
        given = ", ".join(f"{k}={v}" for k, v in SHOWN.get(name, {}).items())
        ax.set_title(name if len(given) > 16 or not given else f"{name}({given})", fontsize=9)
        ax.set(xlim=(-4, 4), ylim=(-2, 4), xticks=(-3, 0, 3), yticks=(-1, 0, 1, 2, 3))
        ax.tick_params(labelsize=8, length=2)
    for ax in axes.flat[len(names) :]:
        ax.set_visible(False)
    return figure


def curve(row):
    """Places, values and slopes; the slopes by differences, broken at jumps."""
    x = np.round(np.arange(-4.0, 4.001, 0.04) + 0.003, 6)
    given = SHOWN.get(row.name, {})
    value, ahead, behind = (
        keras.ops.convert_to_numpy(row.function(x + step, **given)) for step in (0, 1e-5, -1e-5)
    )
    slope = (ahead - behind) / 2e-5
    jumps = np.abs(np.diff(value)) > 0.4
    for values in (value, slope):
        values[:-1][jumps] = np.nan
    return x, np.clip(value, -3, 5), np.clip(slope, -3, 5)


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
