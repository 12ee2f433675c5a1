"""Draws the picture of a settled product: `python layers/draw_settled.py [folder]`."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from picture import BLUE, GREEN, GREY, ORANGE, places, save

from keras_addmul.layers import ProductDense

EXPONENTS = (0.5, 1.0, 2.0, -1.0)


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"Settled.svg": parities}, folder)


def parities():
    """Powers of one input whose sign counts, and whose sign does not."""
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    for ax, parity in zip(figure.subplots(1, 2), (1.0, 0.0), strict=True):
        layer = ProductDense(len(EXPONENTS))
        layer.build((None, 1))
        layer.kernel.assign([EXPONENTS])
        layer.parity.assign(np.full((1, len(EXPONENTS)), parity))
        x = places(-2.5, 2.5, [0.0])
        inside = np.nan_to_num(x)[:, None].astype("float32")
        y = np.where(np.isnan(x)[:, None], np.nan, layer(inside).numpy())
        y = np.where(np.abs(y) > 4.5, np.nan, y)
        colors = (ORANGE, GREY, BLUE, GREEN)
        for exponent, color, column in zip(EXPONENTS, colors, y.T, strict=True):
            ax.plot(x, column, color=color, linewidth=1.8, label=f"exponent {exponent:g}")
        ax.set(xlim=(-2.5, 2.5), ylim=(-4.6, 4.6), xlabel="input", ylabel="output")
        ax.set_title(f"parity {parity:g}: the sign {'counts' if parity else 'does not count'}")
        ax.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
