"""Draws the pictures of the learnable operation: `python layers/draw.py [folder]`."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from picture import save

from keras_addmul import special
from keras_addmul.layers import AddMulDense

SUM, PRODUCT, GREY = "#d9822b", "#0b6e99", "#8a8a8a"
COLORS = LinearSegmentedColormap.from_list("order", [SUM, "#9b8aa6", PRODUCT])
WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1}
ORDERS = np.linspace(0.0, 1.0, 9)


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save(PICTURES, folder)


def sum_to_product():
    """Contours of `x (+)_n y`, from straight lines to hyperbolas."""
    figure = Figure(figsize=(11, 2.75), layout="constrained")
    axes = figure.subplots(1, 5, sharey=True)
    x = np.linspace(0.05, 4.0, 40, dtype="float32")
    levels = np.arange(0.0, 17.0, 1.0)
    for ax, n in zip(axes, np.linspace(0.0, 1.0, 5, dtype="float32"), strict=True):
        z = special.addmul(x[None, :], x[:, None], n).numpy()
        ax.contourf(x, x, z, levels, cmap="YlGnBu", vmin=-1, vmax=15, extend="both")
        lines = ax.contour(x, x, z, levels[1:], colors="black", linewidths=0.7)
        ax.clabel(lines, [1, 2, 4, 6, 8, 12], fontsize=8)
        names = {0.0: "order 0: the sum", 1.0: "order 1: the product"}
        ax.set_title(names.get(float(n), f"order {n:g}"), fontsize=10)
        ax.set(xlabel="x", aspect="equal", xticks=range(5), yticks=range(5))
        ax.set(xlim=(0.05, 4), ylim=(0.05, 4))
        ax.grid(False)
    axes[0].set_ylabel("y")
    return figure


def exp_iterate():
    """The iterates of exp, from the logarithm to exp."""
    figure = Figure(figsize=(5.6, 4.2), layout="constrained")
    ax = figure.subplots()
    x = np.linspace(-4.0, 6.0, 601, dtype="float32")
    norm = Normalize(-1.0, 1.0)
    for n in np.linspace(-1.0, 1.0, 17, dtype="float32"):
        y = special.exp_iterate(x, n).numpy()
        y[~np.isfinite(y) | (y > 7) | (y < -5)] = np.nan
        ax.plot(x, y, color=COLORS(norm(n)), linewidth=2.2 if n in (-1, 0, 1) else 1.0)
    for text, at in {"exp": (0.9, 5.3), "x": (5.1, 5.3), "log": (5.3, 1.2)}.items():
        ax.annotate(text, at, ha="right", bbox=WHITE)
    ax.set(xlabel="x", ylabel="exp_iterate(x, order)", xlim=(-4, 6), ylim=(-4, 6))
    _colorbar(figure, ax, norm)
    return figure


def addmul():
    """`x (+)_n 3`, for x of either sign."""
    figure = Figure(figsize=(5.6, 4.2), layout="constrained")
    ax = figure.subplots()
    x = np.linspace(-3.0, 4.0, 701, dtype="float32")
    norm = Normalize(0.0, 1.0)
    for n in ORDERS.astype("float32"):
        y = special.addmul(x, np.float32(3.0), n).numpy()
        ax.plot(x, y, color=COLORS(norm(n)), linewidth=2.2 if n in (0, 1) else 1.0)
    ax.annotate("3 + x", (-2.6, 1.8), color=SUM)
    ax.annotate("3 x", (-1.9, -7.6), color=PRODUCT)
    ax.set(xlabel="x", ylabel="x (+) 3", xlim=(-3, 4))
    _colorbar(figure, ax, norm)
    return figure


def addmul_dense():
    """One unit with weights 2 and -1: on positive numbers, and across zero."""
    figure = Figure(figsize=(9.2, 4.0), layout="constrained")
    axes = figure.subplots(1, 2)
    norm = Normalize(0.0, 1.0)
    sides = [
        ("weights 2 and -1, second input 1", (2.0, -1.0), 1.0, np.linspace(0.02, 3, 400)),
        ("weights 1 and 1, second input -2", (1.0, 1.0), -2.0, np.linspace(-3, 3, 601)),
    ]
    for ax, (title, weights, second, x) in zip(axes, sides, strict=True):
        inputs = np.stack([x, np.full_like(x, second)], axis=1).astype("float32")
        layer = AddMulDense(len(ORDERS))
        layer.build(inputs.shape)
        layer.kernel.assign(np.tile(np.array(weights)[:, None], (1, len(ORDERS))))
        layer.order.assign(ORDERS)
        for n, y in zip(ORDERS, layer(inputs).numpy().T, strict=True):
            ax.plot(x, y, color=COLORS(norm(n)), linewidth=2.2 if n in (0, 1) else 1.0)
        ax.set(title=title, xlabel="first input")
    axes[0].annotate("2 x - 1", (2.3, 2.6), color=SUM)
    axes[0].annotate("x^2 / 1", (2.1, 6.6), color=PRODUCT)
    axes[1].annotate("x - 2", (-2.9, -4.2), color=SUM)
    axes[1].annotate("-2 x", (-2.2, 5.2), color=PRODUCT)
    axes[0].set(ylabel="output")
    _colorbar(figure, axes, norm)
    return figure


def _colorbar(figure, ax, norm):
    bar = figure.colorbar(ScalarMappable(norm, COLORS), ax=ax, label="order", aspect=30)
    bar.set_ticks(np.linspace(norm.vmin, norm.vmax, 5))


PICTURES = {
    "AddMul.svg": addmul,
    "AddMulDense.svg": addmul_dense,
    "ExpIterate.svg": exp_iterate,
    "sum_to_product.svg": sum_to_product,
}

if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
