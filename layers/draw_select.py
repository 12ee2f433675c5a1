"""Draws the picture of the choosing unit: `python layers/draw_select.py [folder]`."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from picture import save

from keras_addmul.layers import AddMulSelect

SUM, PRODUCT = "#d9822b", "#0b6e99"
COLORS = LinearSegmentedColormap.from_list("order", [SUM, "#9b8aa6", PRODUCT])
ORDERS = np.linspace(0.0, 1.0, 9)


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"AddMulSelect.svg": addmul_select}, folder)


def addmul_select():
    """One unit that takes its second input, 2, and one that inverts it."""
    figure = Figure(figsize=(9.2, 4.0), layout="constrained")
    axes = figure.subplots(1, 2)
    norm = Normalize(0.0, 1.0)
    x = np.linspace(-3.0, 4.0, 701)
    inputs = np.stack([x, np.full_like(x, 2.0)], axis=1).astype("float32")
    for ax, second in zip(axes, (1.0, -1.0), strict=True):
        layer = AddMulSelect(len(ORDERS))
        layer.build(inputs.shape)
        kernel = np.tile(np.array([[1.0], [second]]), (1, len(ORDERS)))
        layer.set_weights([kernel, ORDERS])
        for n, y in zip(ORDERS, np.asarray(layer(inputs)).T, strict=True):
            ax.plot(x, y, color=COLORS(norm(n)), linewidth=2.2 if n in (0, 1) else 1.0)
        ax.set(title=f"weights 1 and {second:g}, second input 2", xlabel="first input")
    axes[0].annotate("x + 2", (-2.6, 1.6), color=SUM)
    axes[0].annotate("2 x", (-1.6, -5.2), color=PRODUCT)
    axes[1].annotate("x - 2", (-1.2, -4.2), color=SUM)
    axes[1].annotate("x / 2", (-2.6, -0.4), color=PRODUCT)
    axes[0].set(ylabel="output")
    bar = figure.colorbar(ScalarMappable(norm, COLORS), ax=axes, label="order", aspect=30)
    bar.set_ticks(np.linspace(0.0, 1.0, 5))
    return figure


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
