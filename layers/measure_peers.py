"""Measures what the card of the published units says: `python layers/measure_peers.py`.

The soft exponential, on the task of `ExpIterate`'s card and by its rules (`measure.py`).
What the other units can do is measured by `python -m tests.benchmarks.arithmetic_peers`.
"""

import numpy as np
from measure import TASKS, measure, stacked

from keras_addmul.layers import ExpIterate, SoftExponential

LAYERS = {
    "SoftExponential": lambda: stacked(3, SoftExponential()),
    "ExpIterate": lambda: stacked(3, ExpIterate()),
}


def main():
    """Prints one table, in the form that the card uses."""
    inputs, target, _ = TASKS["ExpIterate"]
    print("| | weights | error | error in the wider range |\n|---|---|---|---|")
    for name, make in LAYERS.items():
        runs = [measure(make, inputs, target, seed) for seed in range(5)]
        inside, outside = np.median([errors for _, errors in runs], axis=0)
        print(f"| {name} | {runs[0][0].count_params()} | {inside:.2g} | {outside:.2g} |")


if __name__ == "__main__":
    main()
