"""Draws the picture of the published units: `python layers/draw_peers.py [folder]`."""

import sys
from pathlib import Path

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from picture import save

from keras_addmul import special

LOW, HIGH = "#d9822b", "#0b6e99"
COLORS = LinearSegmentedColormap.from_list("weight", [LOW, "#9b8aa6", HIGH])
X = np.linspace(-3.0, 3.0, 481, dtype="float32")
SECOND = 2.0  # the other input, which is always taken
INPUTS = np.stack([X, np.full_like(X, SECOND)], axis=1)


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save(PICTURES, folder)


def column(*weights):
    """A kernel for one unit."""
    return np.array(weights, "float32")[:, None]


ONE = column(1.0, 1.0)

# The gate of NALU depends on the input: its two paths are mixed by hand.
SUM, SIZE = INPUTS.sum(1, keepdims=True), np.abs(INPUTS).prod(1, keepdims=True)

# Name, title, output as a function of the weight, and where the weight goes.
PANELS = (
    ("NAU", "weight w: w x + 2", lambda w: INPUTS @ column(w, 1.0), (-1.0, 1.0)),
    ("NMU", "weight w: (w x + 1 - w) 2", lambda w: special.nmu(INPUTS, column(w, 1.0)), (0.0, 1.0)),
    (
        "NMRU",
        "dividing weight, to 2 / x",
        lambda w: special.nmru(INPUTS, column(0.0, 1.0, w, 0.0), 1e-7),
        (0.0, 1.0),
    ),
    (
        "ProductUnit",
        "exponent w: 2 x^w, real part",
        lambda w: special.product_unit(INPUTS, column(w, 1.0), 1e-7),
        (-1.0, 1.0),
    ),
    (
        "RealNPU",
        "gate, from 2 to 2 x",
        lambda w: special.npu(INPUTS, ONE, np.array([w, 1.0], "float32"), None, 1e-7),
        (0.0, 1.0),
    ),
    ("NALU", "gate, from x + 2 to 2 |x|", lambda w: (1.0 - w) * SUM + w * SIZE, (0.0, 1.0)),
    (
        "INALU",
        "gate, from x + 2 to 2 x",
        lambda w: special.inalu(INPUTS, ONE, ONE, np.log([(1.001 - w) / (0.001 + w)])),
        (0.0, 1.0),
    ),
    (
        "SoftExponential",
        "alpha, from log(x) to exp(x)",
        lambda alpha: _soft_exponential(np.float32(alpha)),
        (-1.0, 1.0),
    ),
)


def peers():
    """Each unit as one of its weights goes from one end to the other."""
    figure = Figure(figsize=(11.0, 5.4), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    for ax, (name, title, function, (low, high)) in zip(axes.flat, PANELS, strict=True):
        norm = Normalize(low, high)
        for w in np.linspace(low, high, 5):
            y = np.array(function(float(w)), "float64")[:, 0]
            y[np.abs(y) > 9.0] = np.nan
            width = 2.2 if w in (low, high) else 1.0
            ax.plot(X, y, color=COLORS(norm(w)), linewidth=width)
        ax.set_title(f"{name}\n{title}", fontsize=9)
        ax.set(xlim=(-3, 3), ylim=(-7, 7))
    for ax in axes[1]:
        ax.set_xlabel("x")
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), COLORS), ax=axes, aspect=40)
    bar.set_ticks([0, 1], labels=["lowest", "highest"])
    return figure


def _soft_exponential(alpha):
    y = np.array(special.soft_exponential(X[:, None], alpha, 1e-7))
    if alpha < 0:
        y[1.0 - alpha * (X + alpha) <= 0.0] = np.nan  # the logarithm has no value there
    return y


PICTURES = {"Peers.svg": peers}

if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
