"""Runs under KERAS_BACKEND=jax in a process of its own: writes what JAX makes of the package.

    python -m tests.backends.jax_job inputs.npz outputs.npz

`test_jax_functions.py` starts it and holds the results against the truth.
"""

import inspect
import sys

import keras
import numpy as np

import keras_addmul
from keras_addmul import special

if keras.backend.backend() == "jax":
    import jax


def functions(solution):
    """What is computed, by name; each a function of x and n."""

    def iterate(x, n):
        return special.exp_iterate(x, n, solution)

    in_x, in_n = (jax.grad(iterate, argument) for argument in (0, 1))
    return {
        "jit": jax.jit(iterate),
        "vmap": jax.jit(jax.vmap(iterate)),
        "x": jax.jit(jax.grad(lambda x, n: iterate(x, n).sum(), 0)),
        "n": jax.jit(jax.vmap(in_n)),
        "xx": jax.jit(jax.vmap(jax.grad(in_x, 0))),
        "xn": jax.jit(jax.vmap(jax.grad(in_x, 1))),
        "nn": jax.jit(jax.vmap(jax.grad(in_n, 1))),
        "superlog": jax.jit(lambda x, n: special.superlog(x, solution)),
        "superexp": jax.jit(lambda x, n: special.superexp(n, solution)),
    }


# The layers of which it is promised.
LAYERS = ("AddMul", "AddMulDense", "AddMulSelect", "ExpIterate")


def build(name, features):
    """A layer with its defaults, built, and inputs for it."""
    cls = getattr(keras_addmul.layers, name)
    layer = cls(3) if "units" in inspect.signature(cls).parameters else cls()
    inputs = [features, features[::-1].copy()] if name == "AddMul" else features
    layer.build([features.shape] * 2 if name == "AddMul" else features.shape)
    return layer, inputs


def layer_results(name, features):
    """Weights, output and gradient of a layer."""
    layer, inputs = build(name, features)
    weights = [w.value for w in layer.trainable_variables]
    fixed = [w.value for w in layer.non_trainable_variables]

    def output(weights):
        return layer.stateless_call(weights, fixed, inputs)[0]

    slopes = jax.jit(jax.grad(lambda weights: output(weights).sum()))(weights)
    results = {"output": jax.jit(output)(weights)}
    results |= {f"slope{i}": s for i, s in enumerate(slopes)}
    results |= {f"weight{i}": w for i, w in enumerate(layer.get_weights())}
    return {f"{name}/{key}": np.asarray(v) for key, v in results.items()}


def main(source, target):
    assert keras.backend.backend() == "jax"
    given = np.load(source)
    x, n = (jax.numpy.asarray(given[key]) for key in ("x", "n"))
    results = {}
    for solution in ("kneser", "linear"):
        for name, function in functions(solution).items():
            results[f"{solution}/{name}"] = np.asarray(function(x, n))
    for name in LAYERS:
        results |= layer_results(name, given["features"])
    np.savez(target, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
