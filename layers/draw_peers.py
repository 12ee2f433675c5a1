"""Draws the picture of the published units: `python layers/draw_peers.py [folder]`."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from picture import SCALE, label_ends, places, save, valued

from keras_addmul import special

SECOND = 2.0  # the other input, which is always taken
X = places(-3.0, 3.0, [0.0])


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save(PICTURES, folder)


def column(*weights):
    """A kernel for one unit."""
    return np.array(weights, "float32")[:, None]


ONE = column(1.0, 1.0)


def nalu(x, w):
    """NALU with its gate, which depends on the input, set by hand: the two paths mixed."""
    return (1.0 - w) * x.sum(1, keepdims=True) + w * np.abs(x).prod(1, keepdims=True)


def soft_exponential(x, alpha):
    """The soft exponential of the first input, nan where its logarithm has no value."""
    y = np.array(special.soft_exponential(x[:, :1], np.float32(alpha), 1e-7))
    if alpha < 0:
        y[1.0 - alpha * (x[:, :1] + alpha) <= 0.0] = np.nan
    return y


# Name, which weight w is and what it leads to, the output for inputs and w, the range of w.
PANELS = (
    ("NAU", "weight w: w x + 2", lambda x, w: x @ column(w, 1.0), (-1.0, 1.0)),
    (
        "NMU",
        "weight w: 2 (w x + 1 - w)",
        lambda x, w: special.nmu(x, column(w, 1.0)),
        (0.0, 1.0),
    ),
    (
        "NMRU",
        "weight w of 1/x: from 2 to 2 / x",
        lambda x, w: special.nmru(x, column(0.0, 1.0, w, 0.0), 1e-7),
        (0.0, 1.0),
    ),
    (
        "ProductUnit",
        "exponent w: 2 x^w, real part",
        lambda x, w: special.product_unit(x, column(w, 1.0), 1e-7),
        (-1.0, 1.0),
    ),
    (
        "RealNPU",
        "gate w: from 2 to 2 x",
        lambda x, w: special.npu(x, ONE, np.array([w, 1.0], "float32"), None, 1e-7),
        (0.0, 1.0),
    ),
    ("NALU", "gate w: from x + 2 to 2 |x|", nalu, (0.0, 1.0)),
    (
        "INALU",
        "gate w: from x + 2 to 2 x",
        lambda x, w: special.inalu(x, ONE, ONE, np.log([(1.001 - w) / (0.001 + w)])),
        (0.0, 1.0),
    ),
    (
        "SoftExponential",
        "alpha w: from log(x) to exp(x)",
        soft_exponential,
        (-1.0, 1.0),
    ),
)


def peers():
    """Each unit as one of its weights goes from one end to the other."""
    figure = Figure(figsize=(11.0, 6.0), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    for ax, (name, title, function, (low, high)) in zip(axes.flat, PANELS, strict=True):
        ax.set(xlim=(-3, 3), ylim=(-7, 7))
        norm, curves = Normalize(low, high), []
        for w in np.linspace(low, high, 5):
            y = valued(lambda x, f=function, w=float(w): f(_inputs(x), w), X)
            ax.plot(X, y, color=SCALE(norm(w)), linewidth=2.4 if w in (low, high) else 1.3)
            curves.append((X, y, f"{w:g}", SCALE(norm(w))))
        label_ends(
            ax, curves, fontsize=8, gap=0.06, top="inside" if name == "SoftExponential" else "right"
        )
        ax.set_title(f"{name}\n{title}", fontsize=9)
    for ax in axes[1]:
        ax.set_xlabel("x")
    for ax in axes[:, 0]:
        ax.set_ylabel("output")
    figure.suptitle("Outputs for inputs x and 2; each curve ends in its w", fontsize=11)
    return figure


def _inputs(x):
    return np.stack([x, np.full_like(x, SECOND)], axis=1).astype("float32")


PICTURES = {"Peers.svg": peers}

if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
