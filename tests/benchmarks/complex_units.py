"""How often a unit of complex numbers finds the law of two numbers of either sign.

    python tests/benchmarks/run.py complex_units

Each of 20 units is a start of its own: all see the same 64 rows, and none sees another. A start
is counted if its error is below 0.02 of the target's spread.
"""

import keras
import numpy as np

from keras_addmul.layers import AddMulDense, ComplexAddMulDense

NAME = "complex_units"
TITLE = "starts of 20, default, that find a law of two numbers of either sign; 1000 steps of Adam"

STARTS, STEPS = 20, 1000
UNITS = {
    "ComplexAddMulDense": lambda: ComplexAddMulDense(STARTS),
    "AddMulDense": lambda: AddMulDense(STARTS),
    "AddMulDense, mixture": lambda: AddMulDense(STARTS, path="mixture"),
    "ComplexAddMulDense, kneser": lambda: ComplexAddMulDense(STARTS, solution="kneser"),
}


def _turned(a, b):
    """The real part of a b^(i/2), with log(-r) = log(r) + i pi."""
    log = np.log(np.abs(b)) + 1j * np.pi * (b < 0)
    return np.real(a * np.exp(0.5j * log))


LAWS = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
    "Re a b^(i/2)": _turned,
}


def run():
    """One row for each kind of unit."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.3, 2.0, (64, 2)) * rng.choice([-1.0, 1.0], (64, 2))
    rows = []
    for name, make in UNITS.items():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((2,)), make()])
        rate = keras.optimizers.schedules.CosineDecay(0.03, STEPS)
        model.compile(keras.optimizers.Adam(rate), "mean_absolute_error", jit_compile=True)
        model.optimizer.build(model.trainable_variables)
        start = model.get_weights(), [v.numpy() for v in model.optimizer.variables]
        found = {law: _found(model, start, x, target(*x.T)) for law, target in LAWS.items()}
        rows.append({"unit": name, **found})
        print(rows[-1], flush=True)
    return rows


def _found(model, start, x, target):
    # The same start for each law, and compiled once.
    model.set_weights(start[0])
    for variable, value in zip(model.optimizer.variables, start[1], strict=True):
        variable.assign(value)
    wanted = np.repeat(target[:, None], STARTS, axis=1)
    model.fit(x, wanted, batch_size=len(x), epochs=STEPS, verbose=0)
    errors = np.sqrt(np.mean((model.predict(x, verbose=0) - wanted) ** 2, axis=0)) / target.std()
    return int(np.sum(errors < 0.02))
