"""Draws what scales and gates do: `python layers/draw_scale.py [folder]`."""

import sys
from pathlib import Path

import keras
import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from picture import BLUE, GREY, ORANGE, SCALE, label_ends, save

from keras_addmul.layers import Bilinear, GeometricScale


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"GeometricScale.svg": geometric_scale, "Bilinear.svg": bilinear}, folder)


def geometric_scale():
    """A power law in its units, standardised, and over geometric means."""
    figure = Figure(figsize=(11.0, 3.6), layout="constrained")
    axes = figure.subplots(1, 3)
    x = np.geomspace(3e5, 3e7, 40, dtype="float32")[:, None]
    y = 2e-9 * x**1.5
    columns = [(x, y), *((_adapted(kind, x), _adapted(kind, y)) for kind in KINDS)]
    names = ("columns as they are: y = 2e-9 x^1.5", "keras.layers.Normalization", "GeometricScale")
    for ax, (a, b), name, color in zip(axes, columns, names, (GREY, ORANGE, BLUE), strict=True):
        ax.plot(a[:, 0], b[:, 0], "o", markersize=3.5, color=color)
        ax.set_title(name)
        ax.set(xlabel="x", ylabel="y")
    axes[0].set(xscale="log", yscale="log")
    axes[2].set(xscale="log", yscale="log")
    axes[1].axvline(0.0, color=GREY, linewidth=0.8)
    axes[1].axhline(0.0, color=GREY, linewidth=0.8)
    axes[1].annotate("a shifted power:\nno straight line on any scale", (-0.7, 2.4), fontsize=9)
    axes[2].annotate("y = x^1.5, through (1, 1)", (0.12, 15.0), fontsize=9)
    axes[2].plot(1.0, 1.0, "o", markersize=8, markerfacecolor="none", color=BLUE)
    return figure


KINDS = (keras.layers.Normalization, GeometricScale)


def _adapted(kind, column):
    layer = kind()
    layer.adapt(column)
    return np.asarray(layer(column))


def bilinear():
    """One unit of one input, as its gate goes from 1 to the input itself."""
    figure = Figure(figsize=(7.4, 4.2), layout="constrained")
    ax = figure.subplots()
    ax.set(xlim=(-3, 3), ylim=(-3.2, 9.4), xlabel="x", ylabel="x (w x + 1 - w)")
    x = np.linspace(-3.0, 3.0, 121, dtype="float32")
    norm, curves = Normalize(0.0, 1.0), []
    ends = {0.0: "w = 0, the start: x", 1.0: "w = 1: x^2"}
    for w in np.linspace(0.0, 1.0, 5):
        layer = Bilinear(1)
        layer.build((None, 1))
        layer.set_weights([np.array(v) for v in ([[1.0]], [0.0], [[w]], [1.0 - w])])
        y = np.asarray(layer(x[:, None]))[:, 0]
        ax.plot(x, y, color=SCALE(norm(w)), linewidth=2.4 if w in ends else 1.5)
        curves.append((x, y, ends.get(w, f"w = {w:g}"), SCALE(norm(w))))
    label_ends(ax, curves)
    return figure


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
