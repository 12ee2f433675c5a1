"""Draws the pictures of RePU units and what they represent: `python layers/draw_barron.py`."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from picture import save

from keras_addmul.barron import embeddings
from keras_addmul.barron.fitting.units import fit
from keras_addmul.barron.functions.smooth import SMOOTH
from keras_addmul.layers import RePU

BLUE, ORANGE, GREY = "#0b6e99", "#d9822b", "#8a8a8a"
ORDERS = (0.5, 1, 2, 3)


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save(PICTURES, folder)


def barron():
    """RePU of some orders, the units that make tanh, and what is left of it."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    x = np.linspace(-1.0, 2.0, 301, dtype="float32")
    for s, width in zip(ORDERS, (1.0, 2.2, 1.6, 1.0), strict=True):
        left.plot(x, RePU(s)(x[:, None]).numpy()[:, 0], color=BLUE, linewidth=width)
    for s, at in zip(ORDERS, ((1.5, 0.98), (1.72, 1.42), (1.62, 2.2), (0.82, 2.5)), strict=True):
        left.annotate(f"s = {s:g}", at, fontsize=9)
    left.set(title="RePU(s)", xlabel="x", ylim=(-0.2, 3.0))

    tanh = SMOOTH["tanh"]
    bank, cells = fit(tanh, 2, -3.0, 3.0, 1e-2, dtype="float64")
    z = np.linspace(-3.0, 3.0, 601)
    for knot, coefficient in zip(bank.knots[2:], bank.coefficients[2:], strict=True):
        middle.plot(z, coefficient * np.maximum(z - knot, 0.0) ** 2, color=GREY, linewidth=0.9)
    middle.plot(z, bank(z), color=BLUE, linewidth=2.2)
    middle.plot(z, np.tanh(z), color=ORANGE, linewidth=1.2, linestyle="--")
    inside = bank.knots[bank.knots >= -3]
    middle.plot(inside, bank(inside), "o", color=BLUE, markersize=4)
    middle.annotate("tanh (dashed) as the sum\nof units of order 2", (-2.9, 1.6), fontsize=9)
    middle.set(title=f"RePUBank of {bank.units} units", xlabel="x", ylim=(-2.6, 2.6))

    right.plot(z, bank(z) - np.tanh(z), color=BLUE, linewidth=1.4)
    proved = float(cells.error(np.array([-3.0]), np.array([3.0]))[0])
    for side in (-proved, proved):
        right.axhline(side, color=ORANGE, linewidth=1.4)
    right.annotate("proved", (-2.95, proved * 1.06), color=ORANGE, fontsize=9)
    right.set(title="what is left of tanh", xlabel="x", ylim=(-1.35 * proved, 1.35 * proved))
    return figure


PLACES = {
    "tanh": (0.0, 3.0),
    "sigmoid": (0.0, 2.0),
    "softplus": (0.0, 1.0),
    "elu": (0.0, 0.0),
    "repu3": (1.7, 2.6),
    "repu2": (2.7, 1.8),
    "relu": (3.7, 1.0),
    "heaviside": (4.9, 0.4),
}


def graph():
    """Which networks are networks of which other activation, with the constants."""
    figure = Figure(figsize=(8.4, 4.4), layout="constrained")
    ax = figure.subplots()
    rows = embeddings(["tanh", "sigmoid", "softplus", "elu"], (0, 1, 2, 3))
    first = {"tanh": "repu3", "sigmoid": "repu3", "softplus": "repu3", "elu": "relu"}
    chain = {"repu3": "repu2", "repu2": "relu", "relu": "heaviside"}
    for e in rows:
        if not e.holds or {**first, **chain}.get(e.source) != e.target:
            continue
        start, end = np.array(PLACES[e.source]), np.array(PLACES[e.target])
        color = BLUE if e.theorem == "hierarchy" else ORANGE
        arrow = {"arrowstyle": "-|>", "color": color, "shrinkA": 30, "shrinkB": 30}
        ax.annotate("", end, start, arrowprops=arrow)
        ax.annotate(f"{e.constant:.3g}", (start + end) / 2 + [0, 0.09], color=color, fontsize=9)
    for name, at in PLACES.items():
        box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": GREY}
        ax.annotate(name, at, ha="center", va="center", bbox=box)
    ax.annotate("hierarchy: the norm grows at most by", (2.3, 3.15), color=BLUE, fontsize=9)
    ax.annotate("Taylor remainder: at most, times rho^s", (2.3, 2.9), color=ORANGE, fontsize=9)
    ax.set(xlim=(-0.6, 5.5), ylim=(-0.4, 3.5))
    ax.axis("off")
    return figure


PICTURES = {"Barron.svg": barron, "embeddings.svg": graph}

if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
