"""Draws the picture of complex units: `python layers/draw_complex.py [folder]`."""

import sys
from pathlib import Path

import keras
import numpy as np
from draw import ORDERS
from matplotlib.figure import Figure
from picture import BLUE, GREY, ORANGE, SCALE, label_ends, save

from keras_addmul.layers import ComplexAddMulDense

ALONG = np.linspace(-3.0, 3.0, 241)


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"ComplexAddMulDense.svg": combined}, folder)


def combined():
    """What a unit makes of 2 and x, and its way from the sum to the product of two numbers."""
    figure = Figure(figsize=(11.0, 4.0), layout="constrained")
    axes = figure.subplots(1, 2)
    x = np.stack([np.full_like(ALONG, 2.0), ALONG], axis=1).astype("float32")
    axes[0].set(xlim=(-3, 3), ylim=(-6.5, 6.5), xlabel="x", ylabel="real part")
    axes[0].set_title("2 and x, from 2 + x to 2 x")
    lines = []
    for n in ORDERS:
        re = np.ravel(_unit(n)(x)[0])
        if 0.0 < n < 1.0:  # it jumps there
            re = np.where(np.abs(ALONG) < 1e-9, np.nan, re)
        axes[0].plot(ALONG, re, color=SCALE(n), linewidth=2.4 if n in (0, 1) else 1.5)
        ends = {0.0: "order 0: sum", 1.0: "order 1: product"}
        lines.append((ALONG, re, ends.get(float(n), f"order {n:g}"), SCALE(n)))
    label_ends(axes[0], lines)
    axes[1].set_title("the way from sum to product in the plane")
    axes[1].set(xlabel="real part", ylabel="imaginary part", ylim=(-5.6, 3.2))
    orders = np.linspace(0.0, 1.0, 61)
    for a, b, color in ((2.0, 3.0, BLUE), (2.0, -3.0, ORANGE), (-2.0, -1.5, GREY)):
        point = np.array([[a, b]], "float32")
        way = np.array([[float(part[0, 0]) for part in _unit(n)(point)] for n in orders])
        axes[1].plot(way[:, 0], way[:, 1], color=color, linewidth=2.0)
        axes[1].plot(way[[0, -1], 0], way[[0, -1], 1], "o", color=color, markersize=5)
        middle = way[30]
        axes[1].annotate(
            f"{a:g} and {b:g}", middle, (6, 6), textcoords="offset points", color=color
        )
    return figure


def _unit(order):
    return ComplexAddMulDense(
        1,
        kernel_initializer="ones",
        imaginary_kernel_initializer="zeros",
        order_initializer=keras.initializers.Constant(order),
        output="pair",
        solution="kneser",
    )


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
