"""What a training step of a convolution costs, beside the one of Keras."""

import keras
import numpy as np

from keras_addmul.layers import AddMulConv2D, DepthwiseAddMulConv2D
from tests.benchmarks.timing import compare

NAME = "convolutions"
TITLE = "two convolutions of 3 x 3, 16 channels, 32 images of 28 x 28: a training step under XLA"

CASES = {
    "Conv2D": lambda: keras.layers.Conv2D(16, 3, padding="same"),
    "AddMulConv2D": lambda: AddMulConv2D(16, 3, padding="same"),
    "AddMulConv2D, one order": lambda: AddMulConv2D(16, 3, padding="same", shared=True),
    "AddMulConv2D, mixture": lambda: AddMulConv2D(16, 3, padding="same", path="mixture"),
}
DEPTHWISE = {
    "DepthwiseConv2D": lambda: keras.layers.DepthwiseConv2D(3, padding="same"),
    "DepthwiseAddMulConv2D": lambda: DepthwiseAddMulConv2D(3, padding="same"),
}


def run(seconds=4.0):
    """One row for each layer; the ratio is to the first of its kind."""
    x = np.random.default_rng(0).normal(size=(32, 28, 28, 16)).astype("float32")
    rows = []
    for kind in (CASES, DEPTHWISE):
        rows += compare({name: _step(make, x) for name, make in kind.items()}, seconds)
    return rows


def _step(make, x):
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), make(), make(), keras.layers.GlobalAveragePooling2D()]
    )
    model.compile("adam", "mse", jit_compile=True)
    y = np.zeros((len(x), 16), "float32")
    return lambda: model.train_on_batch(x, y)
