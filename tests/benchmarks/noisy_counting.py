"""Counting the unique integers of a sequence, with and without noisy activations.

    python tests/benchmarks/noisy_counting.py [--seeds N] [--steps N] [--arms A ...] [--save NAME]
                                              [--full]

The task of the paper's table 5: 26 integers from 0 to 10; how many different ones are
among them? An LSTM, the mean over time, one hidden layer, a softmax. Every arm has the
same starts, data, order of the data and steps; the learning rate is the one of 0.01,
0.03 and 0.06 at which the plain LSTM does best. The paper (720 000 batches): 33.28 %
error for the LSTM, 31.12 with NAN, 9.53 with NAN annealed, 20.94 with NANIL annealed,
14.83 with a curriculum.

A noisy unit differs from a hard one in two things: its noise, and the leak (1 - alpha)
that lets a gradient pass where it is saturated. The arm "leak alone" has no noise.
"""

import argparse
import os
import pathlib
import sys
import time

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import keras
import numpy as np

from keras_addmul.activations import hard_tanh, tangent_sigmoid
from keras_addmul.callbacks import NoiseAnnealing
from keras_addmul.layers import NoisyLSTM, NoisySigmoid, NoisyTanh

NAME = "noisy_counting"
TITLE = "test error, %, of counting unique integers (length 26, values 0 to 10)"

LENGTH, VALUES = 26, 11
REDUCED = {"steps": 3000, "units": 32, "every": 1, "rate": 3e-2, "batch": 64}
FULL = {"steps": 720_000, "units": 128, "every": 200, "rate": 1e-3, "batch": 64}


def noisy(kind, c=0.5, alpha=1.15):
    """Makes LSTMs whose every tanh and sigmoid is noisy."""
    return lambda units: NoisyLSTM(
        units,
        NoisyTanh(kind=kind, c=c, alpha=alpha, units=units),
        NoisySigmoid(kind=kind, c=c, alpha=alpha, units=units),
        return_sequences=True,
    )


def plain(units):
    return keras.layers.LSTM(units, return_sequences=True)


def hard(units):
    return keras.layers.LSTM(units, hard_tanh, tangent_sigmoid, return_sequences=True)


# name: (recurrent layer, annealed, curriculum)
ARMS = {
    "LSTM": (plain, False, False),
    "LSTM, hard": (hard, False, False),
    "LSTM, curriculum": (plain, False, True),
    "leak alone": (noisy("NAN", c=0.0), False, False),
    "NAN": (noisy("NAN"), False, False),
    "NAN, annealed": (noisy("NAN"), True, False),
    "NANIL, annealed": (noisy("NANIL"), True, False),
    "NAH": (noisy("NAH"), False, False),
    "NAN, alpha 0.9": (noisy("NAN", alpha=0.9), False, False),
    "NAN, annealed, alpha 0.9": (noisy("NAN", alpha=0.9), True, False),
    "NAH, alpha 0.9": (noisy("NAH", alpha=0.9), False, False),
    "NAN, annealed, curriculum": (noisy("NAN"), True, True),
}
DEFAULT = tuple(ARMS)[:7]


def sequences(rng, rows, lengths):
    """Tokens 1 to 11, 0 behind the end of shorter sequences, and counts less one.

    Each sequence draws from a set of its own, of 1 to 11 values: of 26 draws from all
    values, more than 9 are different nearly always, and there is little to learn. How the
    paper drew them, it does not say.
    """
    shuffled = rng.permuted(np.tile(np.arange(1, VALUES + 1), (rows, 1)), axis=1)
    chosen = rng.integers(0, rng.integers(1, VALUES + 1, (rows, 1)), (rows, LENGTH))
    tokens = np.take_along_axis(shuffled, chosen, axis=1)
    tokens[np.arange(LENGTH)[None, :] >= lengths[:, None]] = 0
    present = (tokens[:, :, None] == np.arange(1, VALUES + 1)).any(axis=1)
    return tokens.astype("int32"), present.sum(axis=1).astype("int32") - 1


def model_of(layer, settings):
    """The network around a recurrent layer."""
    return keras.Sequential(
        [
            keras.Input((LENGTH,), dtype="int32"),
            keras.layers.Embedding(VALUES + 1, VALUES, mask_zero=True),
            layer(settings["units"]),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(settings["units"], "relu"),
            keras.layers.Dense(VALUES, "softmax"),
        ]
    )


def train(arm, seed, settings):
    """Returns the test error after training, in per cent, and the seconds it took."""
    layer, annealed, curriculum = ARMS[arm]
    keras.utils.set_random_seed(seed)
    model = model_of(layer, settings)
    rate = keras.optimizers.schedules.CosineDecay(settings["rate"], settings["steps"])
    model.compile(
        keras.optimizers.Adam(rate, clipnorm=1.0),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=True,
    )
    rng = np.random.default_rng(1000 + seed)
    steps, batch = settings["steps"], settings["batch"]
    callbacks = [NoiseAnnealing(every=settings["every"])] if annealed else []
    start = time.perf_counter()
    for done in range(0, steps, 500):  # data made bit by bit, so that little is held
        rows = min(500, steps - done) * batch
        lengths = np.full(rows, LENGTH)
        if curriculum:  # from 5 to full length over seven tenths of the training
            at = (done + np.arange(rows) / batch) / (0.7 * steps)
            lengths = np.round(5 + (LENGTH - 5) * np.minimum(at, 1.0)).astype(int)
        x, y = sequences(rng, rows, lengths)
        model.fit(x, y, batch_size=batch, shuffle=False, callbacks=callbacks, verbose=0)
    seconds = time.perf_counter() - start
    x, y = sequences(np.random.default_rng(7), 10_000, np.full(10_000, LENGTH))
    return 100.0 * (1.0 - model.evaluate(x, y, batch_size=1000, verbose=0)[1]), seconds


def run(seeds=3, settings=None, arms=DEFAULT):
    """One row for each arm."""
    settings = settings or REDUCED
    errors = {arm: [] for arm in arms}
    seconds = {arm: [] for arm in arms}
    for seed in range(seeds):
        for arm in arms:
            error, taken = train(arm, seed, settings)
            errors[arm].append(round(error, 2))
            seconds[arm].append(taken)
            print(f"seed {seed}  {arm:26s} {error:6.2f} %  {taken:5.0f} s", flush=True)
    return [
        {
            "arm": arm,
            "mean error": float(np.mean(errors[arm])),
            "errors": errors[arm],
            "steps": settings["steps"],
            "seconds a run": round(float(np.median(seconds[arm])), 1),
        }
        for arm in arms
    ]


if __name__ == "__main__":
    from tests.benchmarks.run import save, show

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--arms", nargs="*", default=list(DEFAULT), choices=list(ARMS))
    parser.add_argument("--save", help="name of the results, if not those of the table above")
    parser.add_argument("--full", action="store_true", help="the paper's number of batches")
    options = parser.parse_args()
    settings = dict(FULL if options.full else REDUCED)
    settings["steps"] = options.steps or settings["steps"]
    rows = run(options.seeds, settings, options.arms)
    show(TITLE, rows)
    if options.save or (options.arms == list(DEFAULT) and not options.steps):
        print("written to", save(options.save or NAME + ("_full" if options.full else ""), rows))
