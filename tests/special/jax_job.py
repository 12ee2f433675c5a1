"""Runs under KERAS_BACKEND=jax in a process of its own: writes what JAX makes of the package.

    python -m tests.special.jax_job inputs.npz outputs.npz

`test_jax_backend.py` starts it and holds the results against the truth.
"""

import inspect
import sys

import jax
import keras
import numpy as np

import keras_addmul
from keras_addmul import special


def total(solution):
    return lambda x, n: special.exp_iterate(x, n, solution).sum()


def functions(solution):
    """What is computed, by name; each a function of x and n."""

    def iterate(x, n):
        return special.exp_iterate(x, n, solution)

    one = jax.grad(iterate, argnums=(0, 1))
    in_x, in_n = (lambda x, n, i=i: one(x, n)[i] for i in (0, 1))
    return {
        "value": iterate,
        "jit": jax.jit(iterate),
        "vmap": jax.vmap(iterate),
        "x": lambda x, n: jax.grad(total(solution), 0)(x, n),
        "n": lambda x, n: jax.grad(total(solution), 1)(x, n),
        "xx": jax.vmap(jax.grad(in_x, 0)),
        "xn": jax.vmap(jax.grad(in_x, 1)),
        "nn": jax.jit(jax.vmap(jax.grad(in_n, 1))),
        "superlog": lambda x, n: special.superlog(x, solution),
        "superexp": lambda x, n: special.superexp(n, solution),
    }


def layer_results(name, x):
    """Weights, output, compiled output and gradient of a layer with its defaults."""
    cls = getattr(keras_addmul.layers, name)
    layer = cls(3) if "units" in inspect.signature(cls).parameters else cls()
    inputs = [x, x[::-1]] if name == "AddMul" else x
    got = layer(inputs)
    weights = [w.value for w in layer.trainable_variables]
    fixed = [w.value for w in layer.non_trainable_variables]

    def loss(weights):
        return layer.stateless_call(weights, fixed, inputs)[0].sum()

    compiled = jax.jit(lambda w: layer.stateless_call(w, fixed, inputs)[0])(weights)
    results = {"output": got, "compiled": compiled}
    slopes = jax.jit(jax.grad(loss))(weights)
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
    for name in keras_addmul.layers.__all__:
        if isinstance(getattr(keras_addmul.layers, name), type):
            results |= layer_results(name, jax.numpy.asarray(given["features"]))
    np.savez(target, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
