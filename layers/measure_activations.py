"""Measures what the card of the activations says: `python layers/measure_activations.py`.

Handwritten digits of 8 x 8 pixels (scikit-learn's, 1797 of them; every fourth is kept
for the test), a network of two hidden layers of 32 units, 400 steps of Adam under XLA on
batches of 128, seeds 0 to 4. Then the cost: value and slope of a million numbers under
XLA, in turns, beside ReLU. Two minutes on two cores; `--table` prints the
catalogue alone, `--costs` the costs alone.
"""

import functools
import math
import sys
import time

import keras
import numpy as np
import tensorflow as tf

from keras_addmul import activations, layers

HIDDEN = {
    "relu (Keras)": lambda: keras.layers.ReLU(),
    "elu (Keras)": lambda: keras.layers.ELU(),
    "tanh (Keras)": lambda: keras.layers.Activation("tanh"),
    "PReLU (Keras)": lambda: keras.layers.PReLU(),
    "APL": layers.APL,
    "CReLU": layers.CReLU,
    "ISRLU": layers.ISRLU,
    "ISRU": layers.ISRU,
    "PELU": layers.PELU,
    "Rational": layers.Rational,
    "RReLU": functools.partial(layers.RReLU, seed=0),
    "SReLU": layers.SReLU,
    "Snake": layers.Snake,
    "Swish": layers.Swish,
}

SEEDS = range(5)


def digits():
    """Training and test rows, pixels of mean 0 and variance 1 over all."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x, y = ((x - x.mean()) / x.std()).astype("float32"), y.astype("int32")
    test = np.arange(len(x)) % 4 == 0
    return x[~test], y[~test], x[test], y[test]


def network(name):
    """Two hidden layers; Maxout brings its own linear maps."""
    if name == "Maxout":
        hidden = [layers.Maxout(32), layers.Maxout(32)]
    else:
        hidden = [keras.layers.Dense(32), HIDDEN[name](), keras.layers.Dense(32), HIDDEN[name]()]
    return keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10)])


def accuracies(name):
    """Weights, and the accuracy on the test rows, by seed."""
    x, y, x_test, y_test = digits()
    model = network(name)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(3e-3)
    optimizer.build(model.trainable_variables)
    fresh = [v.numpy() for v in optimizer.variables]

    @tf.function(jit_compile=True)
    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        optimizer.apply(tape.gradient(value, model.trainable_variables))

    found = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        model.set_weights(network(name).get_weights())
        for variable, value in zip(optimizer.variables, fresh, strict=True):
            variable.assign(value)
        rng = np.random.default_rng(seed)
        for _ in range(400):
            rows = rng.integers(0, len(x), 128)
            step(x[rows], y[rows])
        found.append(float(np.mean(np.argmax(model(x_test), axis=1) == y_test)))
    return model.count_params(), found


def costs(rounds=60):
    """Processor time of value and slope of a million numbers, over ReLU's, by row name.

    The least of all rounds: what else runs on the machine adds to the others.
    """
    x = tf.random.normal((1000, 1000), seed=0)
    rows = {row.name: row for row in activations.catalogue() if row.elementwise}
    calls = {}
    for name, row in rows.items():

        @tf.function(jit_compile=True)
        def call(x, function=row.function):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            return y, tape.gradient(y, x)

        calls[name] = call
        call(x)
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            call(x)[1].numpy()
            times[name].append(time.process_time() - start)
    return {name: min(t) / min(times["relu"]) for name, t in times.items()}


def catalogue_table():
    """The catalogue in the form that the card shows."""
    lines = [
        "| name | range | smooth | monotone | saturates | Lipschitz | layer |",
        "|" + "---|" * 7,
    ]
    for row in activations.catalogue():
        low, high = (_number(v) for v in row.range)
        smooth = {-1: "jumps", math.inf: "all"}.get(row.smoothness, f"C{row.smoothness}")
        facts = [f"`{row.name}`", f"{low}, {high}", smooth, "yes" if row.monotone else "no"]
        facts += [row.saturates, _number(row.lipschitz), f"`{row.layer}`" if row.layer else ""]
        lines.append(f"| {' | '.join(facts)} |")
    return "\n".join(lines)


def _number(value):
    return f"{value:.4g}"


def print_costs():
    """Prints the table of costs."""
    print("\n| function | processor time over ReLU's |\n|---|---|")
    for name, ratio in sorted(costs().items(), key=lambda item: item[1]):
        print(f"| {name} | {ratio:.1f} |")


def main():
    """Prints the tables in the form that the card uses."""
    print("| layer | weights | accuracy, median | least, largest |\n|---|---|---|---|")
    for name in [*HIDDEN, "Maxout"]:
        weights, found = accuracies(name)
        ends = f"{100 * min(found):.1f}, {100 * max(found):.1f}"
        print(f"| {name} | {weights} | {100 * np.median(found):.1f} | {ends} |", flush=True)
    print_costs()


if __name__ == "__main__":
    if "--table" in sys.argv:
        print(catalogue_table())
    elif "--costs" in sys.argv:
        print_costs()
    else:
        main()
