"""Draws the pictures of RePU units and what they represent: `python layers/draw_barron.py`."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from picture import BLUE, GREEN, GREY, ORANGE, label_ends, places, save, valued

from keras_addmul.barron import embeddings
from keras_addmul.barron.fitting.units import fit
from keras_addmul.barron.functions.smooth import SMOOTH
from keras_addmul.layers import RePU

WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 2}
POWERS = ((0.5, ORANGE), (1, GREY), (2, BLUE), (3, GREEN))


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save(PICTURES, folder)


def barron():
    """RePU of some degrees, the units that make tanh, and what is left of it."""
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    left.set(xlabel="x", xlim=(-1, 2), ylim=(-0.2, 3.0))
    left.set_ylabel("output")
    x, curves = places(-1.0, 2.0), []
    for s, color in POWERS:
        y = valued(lambda x, s=s: RePU(s)(np.float32(x[:, None])).numpy(), x)
        left.plot(x, y, color=color, linewidth=2)
        curves.append((x, y, f"s = {s:g}", color))
    label_ends(left, curves, beside=0.17)

    tanh = SMOOTH["tanh"]
    bank, cells = fit(tanh, 2, -3.0, 3.0, 1e-2, dtype="float64")
    z = np.linspace(-3.0, 3.0, 601)
    for knot, coefficient in zip(bank.knots[2:], bank.coefficients[2:], strict=True):
        unit = coefficient * np.maximum(z - knot, 0.0) ** 2
        middle.plot(
            z[z >= knot],
            unit[z >= knot],
            color=GREY,
            linewidth=1,
            label="a unit that bends at a knot",
        )
    middle.plot(z, bank(z), color=BLUE, linewidth=2.6, label=f"sum of all {bank.units} units")
    middle.plot(z, np.tanh(z), color=ORANGE, linewidth=1.4, linestyle="--", label="tanh")
    inside = bank.knots[bank.knots >= -3]
    middle.plot(inside, bank(inside), "o", color=BLUE, markersize=4.5, label="knots")
    handles, labels = middle.get_legend_handles_labels()
    known = dict(zip(labels, handles, strict=True))
    middle.legend(known.values(), known, loc="upper left", fontsize=8)
    middle.set(xlabel="x", ylim=(-3.2, 3.2))

    right.plot(z, 1e3 * (bank(z) - np.tanh(z)), color=BLUE, linewidth=1.6)
    proved = 1e3 * float(cells.error(np.array([-3.0]), np.array([3.0]))[0])
    for side in (-proved, proved):
        right.axhline(side, color=ORANGE, linewidth=1.6)
    right.annotate("proved bound", (0, proved), (0, 3), textcoords="offset points", color=ORANGE)
    right.set(xlabel="x", xlim=(-3, 3), ylabel="error, in thousandths")
    right.set(ylim=(-1.35 * proved, 1.35 * proved))
    titles = "RePU(s): max(0, x)^s", f"tanh from {bank.units} units with s = 2", "error of that sum"
    for ax, title in zip((left, middle, right), titles, strict=True):
        ax.set_title(title, pad=18)
    return figure


# Where each activation stands: those that embed above, what they embed into below.
PLACES = {
    "tanh": (0.0, 1.0),
    "sigmoid": (1.5, 1.0),
    "softplus": (3.0, 1.0),
    "elu": (4.4, 1.0),
    "repu3": (1.5, 0.0),
    "repu2": (4.4, 0.0),
    "relu": (6.8, 0.0),
    "heaviside": (9.0, 0.0),
}
TITLES = {"repu3": "RePU(3)", "repu2": "RePU(2)", "relu": "ReLU", "heaviside": "Heaviside"}
FIRST = {"tanh": "repu3", "sigmoid": "repu3", "softplus": "repu3", "elu": "repu2"}
CHAIN = {"repu3": "repu2", "repu2": "relu", "relu": "heaviside"}


def graph():
    """Which networks are networks of which other activation, with the constants."""
    figure = Figure(figsize=(9.6, 3.8), layout="constrained")
    ax = figure.subplots()
    boxes = {}
    for name, at in PLACES.items():
        style = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": GREY}
        boxes[name] = ax.text(
            *at, TITLES.get(name, name), ha="center", va="center", bbox=style, fontsize=11, zorder=3
        )
    for e in embeddings(["tanh", "sigmoid", "softplus", "elu"], (0, 1, 2, 3)):
        if not e.holds or {**FIRST, **CHAIN}.get(e.source) != e.target:
            continue
        start, end = np.array(PLACES[e.source]), np.array(PLACES[e.target])
        color = BLUE if e.source in CHAIN else ORANGE
        arrow = {"arrowstyle": "-|>,head_width=0.3,head_length=0.6", "color": color, "lw": 1.6}
        arrow |= {"patchA": boxes[e.source].get_bbox_patch(), "shrinkA": 2, "shrinkB": 3}
        arrow |= {"patchB": boxes[e.target].get_bbox_patch()}
        ax.annotate("", end, start, arrowprops=arrow, zorder=2)
        ax.annotate(
            f"{e.constant:.3g}",
            start + 0.5 * (end - start),
            color=color,
            ha="center",
            va="center",
            bbox=WHITE,
            zorder=4,
        )
    for height, color, words in (
        (
            -0.42,
            ORANGE,
            "the first is the second plus a polynomial; norm of the second: at most c rho^s",
        ),
        (
            -0.60,
            BLUE,
            "the first is the second; the norm grows at most c-fold",
        ),
    ):
        ax.annotate("", (0.3, height), (-0.5, height), arrowprops={**arrow_style(), "color": color})
        ax.text(-0.1, height + 0.005, "c", color=color, ha="center", va="center", bbox=WHITE)
        ax.text(0.45, height, words, color=color, va="center")
    ax.set(xlim=(-0.7, 9.9), ylim=(-0.72, 1.25))
    ax.axis("off")
    return figure


def arrow_style():
    """How the arrows of the key look."""
    return {"arrowstyle": "-|>,head_width=0.3,head_length=0.6", "lw": 1.6}


PICTURES = {"Barron.svg": barron, "embeddings.svg": graph}

if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
