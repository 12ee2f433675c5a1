"""Draws noisy activations: `python layers/draw_noisy.py [folder]`."""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from picture import save

from keras_addmul.activations.saturating import hard_tanh
from keras_addmul.layers import NoisyTanh

SAMPLE, MEAN, BASE = "#d9822b", "#0b6e99", "#8a8a8a"
KINDS = {"NAN": 4.0, "NAH": 4.0, "NANI": 0.5, "NANIL": 30.0, "NANIS": 0.5}


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"Noisy.svg": noisy}, folder)


def noisy():
    """Samples, mean and slopes of the five kinds."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    axes = figure.subplots(2, 5, sharex=True, sharey="row")
    x = tf.constant(np.linspace(-4, 4, 97, dtype="float32")[:, None])
    for (kind, c), (top, bottom) in zip(KINDS.items(), axes.T, strict=True):
        layer = NoisyTanh(kind=kind, c=c, p_initializer="ones", seed=3)
        samples, slopes = valued(layer, x, training=True)
        mean, slope = valued(layer, x, training=False)
        flat = keras.ops.convert_to_numpy(x)[:, 0]
        top.plot(flat, samples, ".", color=SAMPLE, markersize=3, label="samples")
        top.plot(flat, hard_tanh(flat), color=BASE, linewidth=1, label="hard tanh")
        top.plot(flat, mean, color=MEAN, linewidth=1.8, label="their mean")
        bottom.plot(flat, slopes, ".", color=SAMPLE, markersize=3)
        bottom.plot(flat, (abs(flat) <= 1.0) * 1.0, color=BASE, linewidth=1)
        bottom.plot(flat, slope, color=MEAN, linewidth=1.8)
        top.set_title(f"{kind}, c = {c:g}", fontsize=10)
        bottom.set(xlabel="x", ylim=(-2.2, 2.2))
        top.set(ylim=(-1.9, 1.9), xlim=(-4, 4))
    axes[0, 0].set_ylabel("output")
    axes[1, 0].set_ylabel("slope")
    axes[0, 0].legend(loc="upper left", fontsize=7, frameon=False)
    return figure


def valued(layer, x, training):
    """Outputs and their slopes in x, as arrays."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
    return y.numpy()[:, 0], tape.gradient(y, x).numpy()[:, 0]


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
