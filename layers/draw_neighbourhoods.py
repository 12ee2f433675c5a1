"""Draws the picture of neighbourhoods: `python layers/draw_neighbourhoods.py [folder]`."""

import sys
from pathlib import Path

import keras
import numpy as np
from draw import ORDERS
from matplotlib.figure import Figure
from picture import GREY, SCALE, label_ends, save

from keras_addmul.layers import AddMulPooling1D, AddMulReduce

# A pulse on a level, and one below it.
LEVEL, STEPS = 1.0, np.arange(36)
SIGNAL = LEVEL + 0.9 * np.exp(-((STEPS - 10) ** 2) / 6.0) - 0.8 * np.exp(-((STEPS - 25) ** 2) / 6.0)


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"Neighbourhoods.svg": neighbourhoods}, folder)


def at(kind, order, *arguments, **others):
    """A layer with one order."""
    return kind(*arguments, order_initializer=keras.initializers.Constant(order), **others)


def neighbourhoods():
    """Windows of three steps of a signal, and sets of equal members."""
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    axes = figure.subplots(1, 2)
    signal = SIGNAL.astype("float32")[None, :, None]
    axes[0].set(xlim=(0, 35), ylim=(-0.2, 6.2), xlabel="step", ylabel="pooled")
    axes[0].set_title("three neighbouring steps of a signal (grey)")
    axes[0].plot(STEPS, SIGNAL, color=GREY, linewidth=1.2, linestyle=":")
    axes[1].set(xlim=(1, 8), ylim=(0, 26), xlabel="members of the set", ylabel="reduced")
    axes[1].set_title("sets whose members are all 1.5")
    sizes = np.arange(1, 9)
    members = np.full((8, 8, 1), 1.5, "float32")
    mask = sizes[None] <= sizes[:, None]
    over, grown = [], []
    for n in ORDERS:
        style = {"color": SCALE(n), "linewidth": 2.4 if n in (0, 1) else 1.5}
        y = np.ravel(at(AddMulPooling1D, n, 3, 1, padding="same")(signal))[1:-1]
        axes[0].plot(STEPS[1:-1], y, **style)
        ends = {0.0: "order 0: sum", 1.0: "order 1: product"}
        name = ends.get(n, f"order {n:g}")
        over.append((STEPS[1:-1], y, name, SCALE(n)))
        y = np.ravel(at(AddMulReduce, n)(members, mask=mask))
        axes[1].plot(sizes, y, marker="o", markersize=3.5, **style)
        grown.append((sizes, y, name, SCALE(n)))
    label_ends(axes[0], over)
    label_ends(axes[1], grown)
    return figure


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
