"""Measures what the card of `GeometricScale` says: `python layers/measure_scale.py`.

Three minutes on two cores. The law is `m v^2 / r`, with columns in kilograms, metres a second
and metres: 256 rows, each column within a factor of 4, errors relative as in `measure.py`. The
target is divided by its geometric mean in every run; 1500 steps of Adam, seeds 0 to 4.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.layers import AddMulDense, GeometricScale

LOW = np.array([2e-3, 100.0, 5e3])


def force(x):
    """`m v^2 / r`."""
    return x[:, :1] * x[:, 1:2] ** 2 / x[:, 2:]


def as_they_are():
    """No layer that scales."""
    return keras.layers.Identity()


BEFORE = {
    "as they are": as_they_are,
    "Normalization": keras.layers.Normalization,
    "GeometricScale": GeometricScale,
}
AFTER = {
    "AddMulDense(1)": lambda: [AddMulDense(1)],
    "Dense(16, tanh), Dense(1)": lambda: [keras.layers.Dense(16, "tanh"), keras.layers.Dense(1)],
}


def measure(before, after, seed):
    """Trains one model; returns its errors within the range of training and within twice it."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    x = LOW * 4.0 ** rng.uniform(0.0, 1.0, (256, 3))
    scale, unit = before(), GeometricScale()
    if hasattr(scale, "adapt"):
        scale.adapt(x)
    unit.adapt(force(x))
    model = keras.Sequential([keras.Input((3,)), scale, *after()])
    schedule = keras.optimizers.schedules.CosineDecay(0.03, 1500)
    model.compile(keras.optimizers.Adam(schedule), "mse", jit_compile=True)
    rows = tf.data.Dataset.from_tensors((x.astype("float32"), unit(force(x)))).repeat()
    model.fit(rows, steps_per_epoch=1500, shuffle=False, verbose=0)
    back = GeometricScale(scale=unit.scale.numpy(), invert=True)
    errors = []
    for low in (0.0, 1.0):
        x = LOW * 4.0 ** rng.uniform(low, low + 1.0, (256, 3))
        y = force(x)
        predicted = back(model(x.astype("float32"))).numpy()
        errors.append(np.sqrt(np.mean((predicted - y) ** 2) / np.mean(y**2)))
    return errors


def main():
    """Prints a table in the form that the card uses."""
    print("| columns | model | error | error in the wider range |\n|---|---|---|---|")
    for scaled, before in BEFORE.items():
        for name, after in AFTER.items():
            errors = np.median([measure(before, after, seed) for seed in range(5)], axis=0)
            print(f"| {scaled} | {name} | {errors[0]:.2g} | {errors[1]:.2g} |", flush=True)


if __name__ == "__main__":
    main()
