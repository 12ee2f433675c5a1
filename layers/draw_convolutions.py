"""Draws the picture of convolutions: `python layers/draw_convolutions.py [folder]`."""

import sys
from pathlib import Path

import keras
import numpy as np
from draw import ORDERS
from matplotlib.figure import Figure
from picture import save

from keras_addmul.layers import AddMulConv2D

SIZE = 40


def draw(folder):
    """Draws every picture into `folder` and returns their names."""
    return save({"Convolutions.svg": convolutions}, folder)


def scene():
    """A bright stripe that fades, single bright pixels, and noise: an image of shape (40, 40)."""
    rng = np.random.default_rng(0)
    image = 0.35 + 0.12 * rng.random((SIZE, SIZE))
    for column in range(SIZE):
        row = 8 + 0.6 * column
        low = int(row)
        image[low : low + 2, column] += 0.9 - 0.012 * column
    places = rng.integers(0, SIZE, (25, 2))
    image[places[:, 0], places[:, 1]] += 1.6
    return image.astype("float32")


def convolutions():
    """One window along the stripe, at five orders."""
    image = scene()
    figure = Figure(figsize=(12.0, 2.7), layout="constrained")
    axes = figure.subplots(1, 6)
    axes[0].set_title("image")
    axes[0].imshow(image, cmap="YlGnBu_r")
    for ax, n in zip(axes[1:], ORDERS, strict=True):
        layer = AddMulConv2D(
            1,
            5,
            padding="same",
            order_initializer=keras.initializers.Constant(n),
            kernel_initializer=lambda shape, dtype: _along_the_stripe().reshape(shape),
        )
        y = np.asarray(layer(image[None, :, :, None]))[0, ..., 0]
        low, high = np.percentile(y, [1, 99.7])
        ax.imshow(np.clip((y - low) / (high - low), 0, 1), cmap="YlGnBu_r")
        ends = {0.0: "order 0: sum", 1.0: "order 1: product"}
        ax.set_title(ends.get(float(n), f"order {n:g}"))
    for ax in axes:
        ax.set(xticks=[], yticks=[])
    return figure


def _along_the_stripe():
    kernel = np.zeros((5, 5), "float32")
    for column in range(5):
        kernel[1 + round(0.6 * column), column] = 1.0
    return kernel


if __name__ == "__main__":
    print(*draw(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
