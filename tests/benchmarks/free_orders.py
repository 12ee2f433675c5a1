"""Whether training our layers by gradient, orders free, helps the search of `discover`.

    python tests/benchmarks/run.py free_orders

`discover` fits stacks at the fixed orders 1, 0 and 1, by the Levenberg-Marquardt method. Here both
begin at the same points: the best of 64 starts of a structure that holds the formula, after 12
steps. One way goes on at fixed orders. The other builds the Keras model of our layers, lets its
orders and weights learn by Adam, from orders of 0.95 and 0.05, puts the orders at their ends, and
then goes on as the first way does. The formulas are the five of `formulas.py` that have sums.

`solved` counts the starting points that end within 1.05 times the noise or, without noise, at a
relative error of 1e-6; `CPU seconds` is the time for each of them.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from tests.benchmarks.formulas import FORMULAS, RANGES

NAME = "free_orders"
TITLE = "Refining starts of a search: at fixed orders, and by gradient with free orders first"

# The smallest structure that holds each formula.
STRUCTURES = {
    "I.11.19": (4,),
    "I.13.4": (1, 3),
    "I.18.4": (2, 2),
    "II.2.42": (1, 2),
    "I.34.1": (1, 2),
}
ROWS, STEPS, BEST, RATE = 240, 300, 2, 0.01


def run(trials=1, noises=(0.0, 1e-2)):
    """A row for each formula and noise."""
    table = []
    for name, sums in STRUCTURES.items():
        for noise in noises:
            done = [_trial(name, sums, noise, trial) for trial in range(trials)]
            table.append(
                {"formula": name, "noise": noise, "starts": BEST * trials}
                | {key: sum(d[key] for d in done) for key in ("solved", "solved by gradient")}
                | {
                    key: sum(d[key] for d in done) / (BEST * trials)
                    for key in ("CPU seconds", "CPU seconds by gradient")
                }
            )
    return table


def _trial(name, sums, noise, trial):
    from keras_addmul.discover.search.levenberg_marquardt import minimize
    from keras_addmul.discover.search.scaled_rows import Scaled
    from keras_addmul.discover.search.structures import family

    x, y = _table(name, noise, trial)
    scaled = Scaled.of(x, y)
    enough = (1.05 * noise) ** 2 if noise else 1e-12
    structure = next(s for s in family(x.shape[1]) if s.stack.sums == sums and not any(s.linear))
    random = np.random.default_rng(trial)
    starts, free = structure.starts(64, scaled.inputs, scaled.y, random)
    rows = scaled.inputs, scaled.y, np.ones(len(y))
    starts, cost = minimize(structure.stack, starts, free, *rows, 12)
    best = np.argsort(cost)[:BEST]
    starts, free = starts[best], free[best]
    begun = time.process_time()
    _, cost = minimize(structure.stack, starts, free, *rows, 60)
    plain = time.process_time() - begun
    begun = time.process_time()
    learned = np.stack(
        [_by_gradient(structure.stack, p, f, x, scaled) for p, f in zip(starts, free, strict=True)]
    )
    _, other = minimize(structure.stack, learned, free, *rows, 60)
    return {
        "solved": int((cost < enough).sum()),
        "solved by gradient": int((other < enough).sum()),
        "CPU seconds": plain,
        "CPU seconds by gradient": time.process_time() - begun,
    }


def _table(name, noise, trial):
    """Columns and noisy target of a formula."""
    import sympy

    from tests.benchmarks.formulas import _names

    truth = sympy.sympify(FORMULAS[name], locals={n: sympy.Symbol(n) for n in _names(name)})
    symbols = sorted(truth.free_symbols, key=str)
    random = np.random.default_rng(1000 + trial)
    ranges = RANGES.get(name, {})
    x = np.stack([random.uniform(*ranges.get(str(s), (1, 5)), ROWS) for s in symbols], axis=1)
    clean = sympy.lambdify(symbols, truth, "numpy")(*x.T)
    return x, clean + noise * np.sqrt(np.mean(clean**2)) * random.normal(size=ROWS)


def _by_gradient(stack, parameters, free, x, scaled):
    """Parameters of a stack after its layers learned, orders too."""
    import keras

    from keras_addmul.discover.keras_model import network_of
    from keras_addmul.discover.search.snapping import Fit

    keras.utils.set_random_seed(0)
    fit = Fit.of(stack, parameters, free, 1.0, len(x))
    model = network_of(fit, scaled, np.arange(x.shape[1]), x.shape[1])
    products, sums = model.get_layer("products"), model.get_layer("sums")
    products.order.assign(np.full(products.order.shape, 0.95))
    sums.order.assign(np.full(sums.order.shape, 0.05))
    # In the units of the search.
    inner = keras.Model(model.get_layer("units").output, model.get_layer("target").input)
    inner.compile(keras.optimizers.Adam(RATE), "mse")
    inner.fit(x / scaled.x_scale, scaled.y, batch_size=len(x), epochs=STEPS, verbose=0)
    exponents, coefficients, powers = (part.copy() for part in stack.split(parameters))
    constant = ~exponents.any(axis=1)
    exponents[~constant] = products.kernel.numpy().T
    kernel = np.zeros((stack.terms, len(stack.sums)))
    kernel[~constant] = sums.kernel.numpy()
    if constant.any():
        kernel[constant] = sums.bias.numpy()
    coefficients = kernel[np.arange(stack.terms), stack.owner]
    if len(powers) > 1 or powers[0] != 1:
        powers = model.get_layer("powers").kernel.numpy()[:, 0]
    learned = stack.join(exponents, coefficients, powers)
    # What is held, such as the powers, is put back.
    return np.where(free & np.isfinite(learned), learned, parameters)
