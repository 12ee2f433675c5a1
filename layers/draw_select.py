"""Draws the picture of the choosing unit: `python layers/draw_select.py [folder]`."""

import sys
from pathlib import Path

import numpy as np
from draw import ORDERS, across_zero, curves_by_order, outputs
from matplotlib.figure import Figure
from picture import places, save

from keras_addmul.layers import AddMulSelect


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"AddMulSelect.svg": addmul_select}, folder)


def addmul_select():
    """One unit that takes its second input, 2, and one that inverts it."""
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    axes = figure.subplots(1, 2)
    axes[0].set(xlim=(-3, 4), ylim=(-6.5, 10.5), ylabel="output")
    axes[1].set(xlim=(-3, 4), ylim=(-5.5, 3.2))
    axes[0].set_title("weights 1 and 1: takes the second input, 2")
    axes[1].set_title("weights 1 and -1: inverts the second input, 2")
    x = places(-3.0, 4.0, [0.0])
    ends = (("x + 2", "2 x"), ("x - 2", "x / 2"))
    for ax, second, names in zip(axes, (1.0, -1.0), ends, strict=True):
        layer = AddMulSelect(len(ORDERS))
        layer.build((None, 2))
        layer.set_weights([np.tile(np.array([[1.0], [second]]), (1, len(ORDERS))), ORDERS])
        curves_by_order(ax, x, outputs(layer, x, 2.0), names)
        ax.set(xlabel="first input, x")
        across_zero(ax)
    return figure


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
