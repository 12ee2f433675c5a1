"""Draws noisy activations: `python layers/draw_noisy.py [folder]`."""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from picture import BLUE, GREY, ORANGE, places, save

from keras_addmul.layers import NoisyTanh

KINDS = {
    "NAN": (4.0, "normal noise on the output"),
    "NAH": (4.0, "half-normal on the output"),
    "NANI": (0.5, "on the input"),
    "NANIL": (30.0, "on the input, learned scale"),
    "NANIS": (0.5, "on the input, where it saturates"),
}


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"Noisy.svg": noisy}, folder)


def noisy():
    """Samples, mean and slopes of the five kinds."""
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    axes = figure.subplots(2, 5, sharex=True, sharey="row")
    points = np.linspace(-4, 4, 97)
    x = places(-4.0, 4.0, [-1.0, 1.0])
    for (kind, (c, words)), (top, bottom) in zip(KINDS.items(), axes.T, strict=True):
        layer = NoisyTanh(kind=kind, c=c, p_initializer="ones", seed=3)
        samples, slopes = sampled(layer, points, training=True)
        mean, slope = sampled(layer, x, training=False)
        top.plot(points, samples, ".", color=ORANGE, markersize=3, label="samples, in training")
        top.plot(
            x, np.clip(x, -1.0, 1.0), color=GREY, linewidth=1.2, label="hard tanh, without noise"
        )
        top.plot(x, mean, color=BLUE, linewidth=2, label="exact mean, at inference")
        bottom.plot(points, slopes, ".", color=ORANGE, markersize=3)
        inside = np.where(np.isnan(x), np.nan, np.abs(x) <= 1.0)
        bottom.plot(x, inside, color=GREY, linewidth=1.2)
        bottom.plot(x, slope, color=BLUE, linewidth=2)
        top.set_title(f"{kind}, c = {c:g}\n{words}", fontsize=9)
        bottom.set(xlabel="x", ylim=(-2.2, 2.2))
        top.set(ylim=(-1.9, 1.9), xlim=(-4, 4))
    axes[0, 0].set_ylabel("output")
    axes[1, 0].set_ylabel("slope of the output in x")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def sampled(layer, x, training):
    """Outputs and their slopes in x, as arrays; nan where x is nan."""
    known = np.isfinite(x)
    given = tf.constant(x[known, None], "float32")
    with tf.GradientTape() as tape:
        tape.watch(given)
        y = layer(given, training=training)
    found = np.full((2, len(x)), np.nan)
    found[:, known] = y.numpy()[:, 0], tape.gradient(y, given).numpy()[:, 0]
    return found


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
