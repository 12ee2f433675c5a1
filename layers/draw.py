"""Draws the pictures of the learnable operation: `python layers/draw.py [folder]`."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from picture import GREY, SCALE, label_ends, places, save, valued

from keras_addmul import special
from keras_addmul.layers import AddMulDense

ORDERS = np.linspace(0.0, 1.0, 5)


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save(PICTURES, folder)


def sum_to_product():
    """Contours of `x (+)_n y`, from straight lines to hyperbolas."""
    figure = Figure(figsize=(11, 2.9), layout="constrained")
    axes = figure.subplots(1, 5, sharey=True)
    x = np.linspace(0.05, 4.0, 40, dtype="float32")
    levels = np.arange(0.0, 17.0, 1.0)
    named = np.array([1.0, 2.0, 4.0, 6.0, 9.0, 12.0])
    for ax, n in zip(axes, ORDERS.astype("float32"), strict=True):
        z = special.addmul(x[None, :], x[:, None], n).numpy()
        ax.contourf(x, x, z, levels, cmap="YlGnBu", vmin=-1, vmax=15, extend="both")
        lines = ax.contour(x, x, z, levels[1:], colors="black", linewidths=0.7)
        diagonal = np.linspace(0.2, 3.75, 200, dtype="float32")
        along = special.addmul(diagonal, diagonal, n).numpy()
        shown = named[(named > along[0]) & (named < along[-1])]
        at = np.interp(shown, along, diagonal)
        ax.clabel(lines, shown, fontsize=9, manual=list(zip(at, at, strict=True)), fmt="%g")
        names = {0.0: "order 0: x + y", 1.0: "order 1: x y"}
        ax.set_title(names.get(float(n), f"order {n:g}"))
        ax.set(xlabel="x", aspect="equal", xticks=range(5), yticks=range(5))
        ax.set(xlim=(0.05, 4), ylim=(0.05, 4))
        ax.grid(False)
    axes[0].set_ylabel("y")
    figure.suptitle("x (+) y is the same along each line", fontsize=11)
    return figure


def exp_iterate():
    """The iterates of exp, from the logarithm to exp."""
    figure = Figure(figsize=(7.0, 4.6), layout="constrained")
    ax = figure.subplots()
    ax.set(xlabel="x", ylabel="exp_iterate(x, order)", xlim=(-4, 6), ylim=(-4, 6))
    x = np.linspace(-4.0, 6.0, 1001)
    norm, curves = Normalize(-1.0, 1.0), []
    names = {-1.0: "order -1: log(x)", 0.0: "order 0: x", 1.0: "order 1: exp(x)"}
    for n in np.linspace(-1.0, 1.0, 9, dtype="float32"):
        y = special.exp_iterate(x.astype("float32"), n).numpy()
        y[~np.isfinite(y)] = np.nan
        whole = float(n) in names
        ax.plot(x, y, color=SCALE(norm(n)), linewidth=2.4 if whole else 1.3)
        curves.append((x, y, names.get(float(n), str(Fraction(float(n)))), SCALE(norm(n))))
    label_ends(ax, curves)
    return figure


def addmul():
    """`x (+)_n 3`, for x of either sign."""
    figure = Figure(figsize=(7.4, 4.4), layout="constrained")
    ax = figure.subplots()
    ax.set(xlabel="x", ylabel="x (+) 3", xlim=(-3, 4), ylim=(-9.5, 12.5))
    x = places(-3.0, 4.0, [0.0])

    def output(n):
        return lambda x: special.addmul(np.float32(x), np.float32(3.0), np.float32(n)).numpy()

    curves_by_order(ax, x, [valued(output(n), x) for n in ORDERS], ("x + 3", "3 x"))
    across_zero(ax)
    return figure


def addmul_dense():
    """One unit with weights 2 and -1: on positive numbers, and across zero."""
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    axes = figure.subplots(1, 2)
    axes[0].set(xlim=(0, 3), ylim=(-1.2, 9.3), ylabel="output")
    axes[1].set(xlim=(-3, 4), ylim=(-5.5, 3.2))
    axes[0].set_title("weights 2 and -1, second input 1: positive x")
    axes[1].set_title("weights 1 and -1, second input 2: x of either sign")
    sides = [
        ((2.0, -1.0), 1.0, places(0.02, 3.0), ("2 x - 1", "x^2 / 1")),
        ((1.0, -1.0), 2.0, places(-3.0, 4.0, [0.0]), ("x - 2", "x / 2")),
    ]
    for ax, (weights, second, x, ends) in zip(axes, sides, strict=True):
        layer = AddMulDense(len(ORDERS))
        layer.build((None, 2))
        layer.kernel.assign(np.tile(np.array(weights)[:, None], (1, len(ORDERS))))
        layer.order.assign(ORDERS)
        layer.parity.assign(np.abs(layer.kernel) % 2)
        curves_by_order(ax, x, outputs(layer, x, second), ends)
        ax.set(xlabel="first input, x")
    across_zero(axes[1])
    return figure


def outputs(layer, x, second):
    """The output of each unit for first inputs x and one second input, nan where x is nan."""
    known = np.isfinite(x)
    rows = np.stack([x[known], np.full(known.sum(), second)], axis=1).astype("float32")
    found = np.full((layer.units, len(x)), np.nan)
    found[:, known] = np.asarray(layer(rows)).T
    return found


def curves_by_order(ax, x, values, ends):
    """Draws one curve an order, each with its name; a jump at 0 gets its two end points."""
    curves = []
    for n, y in zip(ORDERS, values, strict=True):
        color = SCALE(n)
        text = {0.0: f"order 0: {ends[0]}", 1.0: f"order 1: {ends[1]}"}.get(n, f"order {n:g}")
        ax.plot(x, y, color=color, linewidth=2.4 if n in (0, 1) else 1.5)
        curves.append((x, y, text, color))
        for at in np.flatnonzero(np.isnan(x)):
            if abs(y[at + 1] - y[at - 1]) > 0.02:
                ax.plot(0, y[at - 1], "o", color=color, markerfacecolor="white", markersize=4.5)
                ax.plot(0, y[at + 1], "o", color=color, markersize=4.5)
    label_ends(ax, curves)


def across_zero(ax):
    """Shades negative x."""
    ax.axvspan(ax.get_xlim()[0], 0.0, color=GREY, alpha=0.09, linewidth=0)
    ax.annotate(
        "negative x",
        (0.02, 0.98),
        xycoords="axes fraction",
        va="top",
        fontsize=8,
        color="#555555",
    )


PICTURES = {
    "AddMul.svg": addmul,
    "AddMulDense.svg": addmul_dense,
    "ExpIterate.svg": exp_iterate,
    "sum_to_product.svg": sum_to_product,
}

if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
