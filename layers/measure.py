"""Measures what the cards say: `python layers/measure.py`, about three minutes on two cores.

Each task is learned by a layer of ours and by what one would use instead: the same
rows, 600 steps of Adam under XLA, seeds 0 to 4. The error is the root mean square
over that of the targets, on new rows: inside the range of the training and in a
wider one; of five seeds, the median.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.layers import AddMul, AddMulDense, ExpIterate

RANGE, WIDER = (0.5, 2.0), (2.0, 4.0)


def merge_targets(x):
    """Of two halves of the features: the sum of the first two, the product of the others."""
    a, b = x[:, :4], x[:, 4:]
    return np.concatenate([a[:, :2] + b[:, :2], a[:, 2:] * b[:, 2:]], axis=1)


def iterate_targets(x):
    """The logarithm, the number itself, and the exponential."""
    return np.stack([np.log(x[:, 0]), x[:, 1], np.exp(x[:, 2])], axis=1)


def quotient_targets(x):
    """`x1^1.5 / x2`."""
    return x[:, :1] ** 1.5 / x[:, 1:]


def merged(layer):
    """A model that cuts its 8 inputs into two halves and merges them."""
    x = keras.Input((8,))
    return keras.Model(x, layer([x[:, :4], x[:, 4:]]))


def stacked(inputs, *layers):
    """A `keras.Sequential` of the layers."""
    return keras.Sequential([keras.Input((inputs,)), *layers])


def network(inputs, outputs):
    """One hidden layer of 16 tanh units."""
    return stacked(inputs, keras.layers.Dense(16, "tanh"), keras.layers.Dense(outputs))


TASKS = {
    "AddMul": (
        8,
        merge_targets,
        {
            "AddMul": lambda: merged(AddMul()),
            "Add": lambda: merged(keras.layers.Add()),
            "Multiply": lambda: merged(keras.layers.Multiply()),
            "Dense(16, tanh), Dense(4)": lambda: network(8, 4),
        },
    ),
    "AddMulDense": (
        2,
        quotient_targets,
        {
            "AddMulDense(1)": lambda: stacked(2, AddMulDense(1)),
            "Dense(1)": lambda: stacked(2, keras.layers.Dense(1)),
            "Dense(16, tanh), Dense(1)": lambda: network(2, 1),
        },
    ),
    "ExpIterate": (
        3,
        iterate_targets,
        {
            "ExpIterate": lambda: stacked(3, ExpIterate()),
            "Dense(3)": lambda: stacked(3, keras.layers.Dense(3)),
            "Dense(16, tanh), Dense(3)": lambda: network(3, 3),
        },
    ),
}


def measure(make, inputs, target, seed, ranges=(RANGE, WIDER), rows=256):
    """Trains one model; returns it with its two errors."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = make()
    if model.trainable_weights:
        schedule = keras.optimizers.schedules.CosineDecay(0.03, 600)
        model.compile(keras.optimizers.Adam(schedule), "mse", jit_compile=True)
        x = rng.uniform(*ranges[0], (rows, inputs)).astype("float32")
        rows = tf.data.Dataset.from_tensors((x, target(x))).repeat()
        model.fit(rows, steps_per_epoch=600, shuffle=False, verbose=0)
    return model, [_error(model, target, rng.uniform(*r, (256, inputs))) for r in ranges]


def _error(model, target, x):
    y = target(x)
    predicted = keras.ops.convert_to_numpy(model(x.astype("float32")))
    return np.sqrt(np.mean((predicted - y) ** 2) / np.mean(y**2))


def main():
    """Prints one table a task, in the form that the cards use."""
    for task, (inputs, target, makers) in TASKS.items():
        print(f"\n{task}\n\n| | weights | error | error in the wider range |\n|---|---|---|---|")
        for name, make in makers.items():
            runs = [measure(make, inputs, target, seed) for seed in range(5)]
            inside, outside = np.median([errors for _, errors in runs], axis=0)
            print(f"| {name} | {runs[0][0].count_params()} | {inside:.2g} | {outside:.2g} |")
            if name.startswith(task):
                for seed, (model, _) in enumerate(runs):
                    weights = np.concatenate([w.numpy().ravel() for w in model.weights])
                    print(f"seed {seed} learned {weights.astype(float).round(3).tolist()}")


if __name__ == "__main__":
    main()
