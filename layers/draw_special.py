"""Draws the iterates of exp in the complex plane: `python layers/draw_special.py [folder]`."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from picture import BLUE, ORANGE, save

from keras_addmul import special
from keras_addmul.special.complex_solutions import COMPLEX_SOLUTIONS


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"Special.svg": special_picture}, folder)


def special_picture():
    """The half-exponential in the plane, and the half-logarithm on the real axis."""
    figure = Figure(figsize=(11.0, 3.9), layout="constrained")
    axes = figure.subplots(1, 3)
    x, y = np.meshgrid(np.linspace(-3.0, 3.0, 150), np.linspace(3.0, -3.0, 150))
    for ax, solution in zip(axes, COMPLEX_SOLUTIONS, strict=False):
        values = np.asarray(special.complex_exp_iterate(x + 1j * y, 0.5, solution))
        ax.imshow(colors(values), extent=(-3, 3, -3, 3), interpolation="nearest")
        ax.set_title(f'exp^(1/2), "{solution}"')
        ax.set(xlabel="Re z", ylabel="Im z")
        ax.grid(visible=False)
    axes[0].plot([0, 3 * np.cos(1.0)], [0, -3 * np.sin(1.0)], ":", color="white", linewidth=1.2)
    axes[0].plot([0, 1, np.e], [0, 0, 0], "o", color="white", markersize=3.5)
    axes[1].plot([0], [0], "o", color="white", markersize=3.5)
    half_logarithm(axes[2])
    return figure


def half_logarithm(ax):
    """The iterate of order -1/2 of real numbers: the real part, and the imaginary one dashed."""
    ax.set(xlim=(-3, 3), ylim=(-2.5, 3.5), xlabel="x", title="exp^(-1/2) of real x")
    for solution, color in zip(COMPLEX_SOLUTIONS, (ORANGE, BLUE), strict=True):
        for x in (np.linspace(-3.0, -0.005, 150), np.linspace(0.005, 3.0, 300)):
            values = np.asarray(special.complex_exp_iterate(x, -0.5, solution))
            label = f'"{solution}"' if x[0] < 0 else None
            ax.plot(x, values.real, color=color, label=label)
            ax.plot(x, values.imag, "--", color=color, linewidth=1.0)
    ax.legend(loc="lower right", fontsize=9, title="solid: Re, dashed: Im", title_fontsize=9)


def colors(z):
    """Hue for the argument, light for the size, lines where the size doubles."""
    size = np.log2(np.maximum(np.abs(z), 1e-9))
    hue = np.angle(z) / (2 * np.pi) % 1.0
    value = 0.75 + 0.25 * (size - np.floor(size))
    return hsv_to_rgb(np.stack([hue, np.full_like(hue, 0.75), value], axis=-1))


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
