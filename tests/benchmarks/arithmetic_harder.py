"""Where units that learn one operation are weak: many inputs, two layers, noise.

    python -m tests.benchmarks.arithmetic_harder [--seeds N] [--only NAME]

1000 rows, a quarter of them for validation, 64 restarts of 2000 steps. A run counts
where the root mean square error outside of the range of the training is below a
thousandth of the targets' standard deviation there.
"""

import argparse
import functools
import time

import keras
import numpy as np

from keras_addmul.layers import AddMulSelect
from keras_addmul.layers.regularizers import OrdersToEnds, WeightsToSigns
from keras_addmul.restarts import fit_restarts
from tests.benchmarks.run import save

OPERATIONS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
POSITIVE, SIGNED = (1.0, 2.0), (-2.0, 2.0)


def select(units):
    """A layer with the penalties of the yardstick."""
    ends, signs = OrdersToEnds(0.1), WeightsToSigns(0.1)
    return AddMulSelect(units, kernel_regularizer=signs, order_regularizer=ends)


def _of_two(operation, x):
    return operation(x[:, 0], x[:, 1])


def sum_of_products(x):
    """`x0 x1 + x2 x3`."""
    return x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3]


def cases():
    """Name, inputs, units of the layers, range, noise relative to the target, target."""
    for name, f in OPERATIONS.items():
        two = functools.partial(_of_two, f)
        yield f"{name} of 2 of 10 inputs", 10, (1,), POSITIVE, 0.0, two
        yield f"{name} of 2 of 10 inputs of either sign", 10, (1,), SIGNED, 0.0, two
        yield f"{name}, noise of a tenth", 2, (1,), POSITIVE, 0.1, two
    yield "1 of 10 inputs", 10, (1,), POSITIVE, 0.0, lambda x: x[:, 0]
    yield "sum of two products", 4, (2, 1), POSITIVE, 0.0, sum_of_products
    yield "sum of two products of either sign", 4, (2, 1), SIGNED, 0.0, sum_of_products


def outside(rng, between, shape):
    """Numbers of two to three times the size of those in training."""
    x = rng.uniform(2.0, 6.0, shape)
    return x if between[0] > 0 else x * rng.choice([-1.0, 1.0], shape)


def run(seeds=5, only=""):
    """One row for each case whose name holds `only`."""
    models, rows = {}, []
    chosen = [case for case in cases() if only in case[0]]
    for name, inputs, units, between, noise, target in chosen:
        layers = [keras.Input((inputs,)), *map(select, units)]
        model = models.setdefault((inputs, units), keras.Sequential(layers))
        start, errors = time.perf_counter(), []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            x = rng.uniform(*between, (1000, inputs))
            y = target(x)
            y = y + noise * np.std(y) * rng.normal(size=y.shape)
            found = fit_restarts(
                model, x, y, restarts=64, steps=2000, batch_size=128, seed=seed, verbose=0
            )
            new = outside(rng, between, (1000, inputs))
            errors.append([_error(model, w, new, target(new)) for w in _weights(found)])
        trained, polished = (np.array(errors) < 1e-3).sum(axis=0)
        rows.append(
            {
                "case": name,
                "runs": seeds,
                "by_training": int(trained),
                "with_polish": int(polished),
                "seconds_a_run": round((time.perf_counter() - start) / seeds, 1),
            }
        )
        print(rows[-1], flush=True)
    return rows


def _weights(found):
    return found.trained["weights"], found.model.get_weights()


def _error(model, weights, x, y):
    model.set_weights(weights)
    predicted = keras.ops.convert_to_numpy(model(x.astype("float32")))[:, 0]
    return np.sqrt(np.mean((predicted - y) ** 2)) / np.std(y)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", help="part of the name of a case")
    options = parser.parse_args()
    found = run(options.seeds, options.only)
    if not options.only:
        print("written to", save("arithmetic_harder", found))
