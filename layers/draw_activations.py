"""Draws the activations: `python layers/draw_activations.py [folder]`.

`Activations.svg` shows what the layers learn or draw, the other files, one for each family,
show every function of the catalogue with its slope.
"""

import functools
import math
import sys
from pathlib import Path

import keras
import numpy as np
from matplotlib.figure import Figure
from picture import BLUE, GREEN, GREY, ORANGE, broken, save

from keras_addmul import activations
from keras_addmul.activations.rational_function import STARTS

FAMILIES = {
    "steps": [
        *("sigmoid", "hard_sigmoid", "sparse_sigmoid", "dsilu"),
        *("tangent_sigmoid", "tanh", "hard_tanh", "softsign", "isru"),
    ],
    "rectifiers": [
        *("linear", "relu", "relu6", "leaky_relu", "prelu"),
        *("rrelu", "softplus", "sparse_plus", "repu", "srelu"),
    ],
    "exponentials": [
        *("elu", "celu", "selu", "pelu", "elish"),
        *("hard_elish", "isrlu", "exponential", "soft_exponential", "log_sigmoid"),
    ],
    "gates": [
        *("silu", "swish", "gelu", "mish", "hard_silu"),
        *("lisht", "tanh_shrink", "soft_shrink", "hard_shrink", "snake"),
    ],
    "others": ["sin", "gaussian", "apl", "rational", "crelu", "maxout", "softmax"],
}

# Parameters shown where the defaults would hide what they do, as the title gives them.
SHOWN = {
    "apl": ({"slopes": (-0.4, 0.9), "hinges": (1.0, -1.0)}, "hinges at 1 and -1"),
    "pelu": ({"a": 1.5, "b": 1.0}, "a = 1.5"),
    "srelu": ({"t_left": -1.0, "a_left": 0.2, "t_right": 1.0, "a_right": 0.3}, "bends at -1 and 1"),
    "swish": ({"beta": 2.0}, "beta = 2"),
    "snake": ({"alpha": 2.0}, "alpha = 2"),
}

# Functions that join features: what they are given, and their outputs by name.
JOINED = {
    "crelu": ("of x", lambda x: x[:, None], ("relu(x)", "relu(-x)")),
    "maxout": (
        "of -x - 2, x / 3 and 2 x - 3",
        lambda x: np.stack([-x - 2, x / 3, 2 * x - 3], axis=1),
        ("the largest",),
    ),
    "softmax": (
        "of x, 0 and 1",
        lambda x: np.stack([x, 0 * x, 0 * x + 1], axis=1),
        ("output of x", "output of 0", "output of 1"),
    ),
}

# What each layer can become: name of the curve and parameters, the start first.
LEARNED = {
    "PELU": {"start": {}, "a = 2": {"a": 2.0}, "b = 2": {"b": 2.0}},
    "SReLU": {
        "start": {},
        "a_left = -0.4": {"a_left": -0.4},
        "a_right = 0": {"t_right": 1.5, "a_right": 0.0},
    },
    "Swish": {"start": {}, "beta = 0.3": {"beta": 0.3}, "beta = 5": {"beta": 5.0}},
    "Snake": {"start": {}, "alpha = 0.4": {"alpha": 0.4}, "alpha = 3": {"alpha": 3.0}},
    "ISRU": {"start": {}, "alpha = 0.3": {"alpha": 0.3}, "alpha = 5": {"alpha": 5.0}},
    "ISRLU": {"start": {}, "alpha = 0.3": {"alpha": 0.3}, "alpha = 5": {"alpha": 5.0}},
    "APL": {
        "start": {},
        "steeper": {"slopes": (-0.5, -0.3), "hinges": (0.0, -1.5)},
        "rising": {"slopes": (0.8, -1.1), "hinges": (1.0, 0.0)},
    },
    "Rational": {
        "leaky ReLU": {},
        "SiLU": dict(zip(("numerator", "denominator"), STARTS["silu"], strict=True)),
        "tanh": dict(zip(("numerator", "denominator"), STARTS["tanh"], strict=True)),
    },
}


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    pictures = {
        f"activations_{family}.svg": functools.partial(panels, names)
        for family, names in FAMILIES.items()
    }
    return save({"Activations.svg": learned, **pictures}, folder)


def learned():
    """A panel for each layer: its start, and two shapes that it can learn."""
    figure = Figure(figsize=(11, 6.4), layout="constrained")
    axes = figure.subplots(3, 4, sharex=True, sharey=True)
    x = grid()
    for ax, (layer, curves) in zip(axes.flat, LEARNED.items(), strict=False):
        function = activations.get(layer.lower())
        for (name, given), color in zip(curves.items(), (BLUE, ORANGE, GREEN), strict=True):
            y = broken(keras.ops.convert_to_numpy(function(x, **given)))
            ax.plot(x, y, color=color, linewidth=3 if color == BLUE else 1.4, label=name)
        ax.set_title(layer)
    rrelu, crelu, maxout, empty = axes.flat[len(LEARNED) :]
    left = x[x <= 0]
    drawn = {"color": ORANGE, "alpha": 0.4, "label": "drawn, in training"}
    rrelu.fill_between(left, left / 8, left / 3, **drawn)
    y = keras.ops.convert_to_numpy(activations.get("rrelu")(x))
    rrelu.plot(x, y, color=BLUE, linewidth=2.2, label="at inference")
    rrelu.set_title("RReLU")
    crelu.plot(x, np.maximum(x, 0), color=BLUE, linewidth=2.2, label="first output")
    crelu.plot(x, np.maximum(-x, 0), color=ORANGE, linewidth=1.5, label="second output")
    crelu.set_title("CReLU")
    pieces = JOINED["maxout"][1](x)
    maxout.plot(x, pieces, color=GREY, linewidth=1)
    maxout.lines[0].set_label("linear pieces")
    maxout.plot(x, pieces.max(axis=1), color=BLUE, linewidth=2.2, label="their maximum")
    maxout.set_title("Maxout")
    empty.set_visible(False)
    for ax in axes.flat[:-1]:
        _frame(ax)
        _legend(ax, "upper center" if ax is crelu else "upper left")
    for ax in (*axes[2, :3], axes[1, 3]):
        ax.set_xlabel("x")
        ax.tick_params(labelbottom=True)
    for ax in axes[:, 0]:
        ax.set_ylabel("output")
    return figure


def panels(names):
    """A grid of small pictures: each function, and its slope dashed."""
    rows = {row.name: row for row in activations.catalogue()}
    columns = min((4, 5), key=lambda count: -len(names) % count)
    height = -(-len(names) // columns)
    figure = Figure(figsize=(11, 2.3 * height + 0.4), layout="constrained")
    axes = figure.subplots(height, columns, sharex=True, sharey=True, squeeze=False)
    for ax, name in zip(axes.flat, names, strict=False):
        if name in JOINED:
            _joined(ax, name, rows[name])
        else:
            x, y, slope = curve(rows[name])
            ax.plot(x, slope, color=ORANGE, linewidth=1.2, linestyle="--", label="slope")
            ax.plot(x, y, color=BLUE, linewidth=2, label="function")
            words = SHOWN[name][1] if name in SHOWN else ""
            ax.set_title(f"{name}: {words}" if words else name, fontsize=9)
        _frame(ax, *((-1.4, 1.4) if "tanh" in names else ()))
    for ax in axes.flat[len(names) :]:
        ax.set_visible(False)
    for ax in axes.flat[: len(names)][-columns:]:
        ax.set_xlabel("x")
        ax.tick_params(labelbottom=True)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=2)
    return figure


def curve(row):
    """Places, values and slopes; the slopes by differences; both broken at jumps."""
    x = grid()
    given = SHOWN.get(row.name, ({},))[0]
    value, ahead, behind = (
        keras.ops.convert_to_numpy(row.function(x + step, **given)) for step in (0, 1e-5, -1e-5)
    )
    slope = (ahead - behind) / 2e-5
    value, slope = broken(value), broken(slope)
    slope[np.isnan(value)] = np.nan
    return x, value, slope


def grid():
    """Places that no knot of any function falls upon."""
    return np.round(np.arange(-4.0, 4.001, 0.02) + 0.003, 6)


def _joined(ax, name, row):
    words, inputs, outputs = JOINED[name]
    y = keras.ops.convert_to_numpy(row.function(inputs(grid()), **_options(name)))
    y = y.reshape(len(grid()), -1)
    for values, text, color in zip(y.T, outputs, (BLUE, GREEN, GREY), strict=False):
        ax.plot(grid(), values, color=color, linewidth=2 if color == BLUE else 1.5, label=text)
    _legend(ax, "upper center" if name == "crelu" else "upper left")
    ax.set_title(f"{name} {words}", fontsize=9)


def _legend(ax, place):
    ax.legend(loc=place, fontsize=8, borderaxespad=0.1, labelspacing=0.2, handlelength=1.2)


def _options(name):
    return {"pieces": 3} if name == "maxout" else {}


def _frame(ax, bottom=-2, top=4):
    ax.set(xlim=(-4, 4), ylim=(bottom, top), xticks=(-3, 0, 3), yticks=range(-1, math.ceil(top)))
    ax.tick_params(labelsize=8, length=2)


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
