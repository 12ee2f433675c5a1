"""Measures what the card of `Bilinear` says: `python layers/measure_bilinear.py`, four minutes.

As in `measure.py`; the inputs have either sign, and 1024 rows are learned from.
"""

import keras
import numpy as np
from measure import measure, network, stacked

from keras_addmul.layers import Bilinear

RANGES = (-2.0, 2.0), (-4.0, 4.0)


def product(x):
    """`a b`."""
    return x[:, :1] * x[:, 1:]


def torque(x):
    """`a b - c d + e / 2`."""
    return x[:, :1] * x[:, 1:2] - x[:, 2:3] * x[:, 3:4] + x[:, 4:] / 2.0


def quotient(x):
    """`a / (1 + b^2)`."""
    return x[:, :1] / (1.0 + x[:, 1:] ** 2)


TASKS = {
    "a b": (
        2,
        product,
        {
            "Bilinear(4), Dense(1)": lambda: stacked(2, Bilinear(4), keras.layers.Dense(1)),
            "Bilinear(1)": lambda: stacked(2, Bilinear(1)),
            "Dense(16, tanh), Dense(1)": lambda: network(2, 1),
        },
    ),
    "a b - c d + e / 2": (
        5,
        torque,
        {
            "Bilinear(8), Dense(1)": lambda: stacked(5, Bilinear(8), keras.layers.Dense(1)),
            "Dense(16, tanh), Dense(1)": lambda: network(5, 1),
        },
    ),
    "a / (1 + b^2)": (
        2,
        quotient,
        {
            "Bilinear(8), Bilinear(8), Dense(1)": lambda: stacked(
                2, Bilinear(8), Bilinear(8), keras.layers.Dense(1)
            ),
            "Dense(16, tanh), Dense(1)": lambda: network(2, 1),
        },
    ),
}


def main():
    """Prints a table in the form that the card uses."""
    print("| | | weights | error | error in the wider range |\n|---|---|---|---|---|")
    for task, (inputs, target, makers) in TASKS.items():
        for name, make in makers.items():
            runs = [measure(make, inputs, target, seed, RANGES, 1024) for seed in range(5)]
            inside, outside = np.median([errors for _, errors in runs], axis=0)
            count = runs[0][0].count_params()
            print(f"| `{task}` | {name} | {count} | {inside:.2g} | {outside:.2g} |", flush=True)


if __name__ == "__main__":
    main()
