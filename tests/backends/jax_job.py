"""Runs under KERAS_BACKEND=jax in a process of its own: writes what JAX makes of `special`.

    python -m tests.backends.jax_job inputs.npz outputs.npz

`test_functions_under_jax.py` starts it and holds the results against the truth.
"""

import sys

import keras
import numpy as np

from keras_addmul import special
from keras_addmul.special.separable import separable_sums

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


def separable(x, n):
    """The gradients of a mixture of the separable sums in their three tensors."""

    def mixture(x, kernel, n):
        found = separable_sums(x, kernel, n, 6, 1e-7)
        return sum(share * t.sum() for share, t in zip((1.0, 0.5, -0.3), found, strict=True))

    kernel = jax.numpy.cos(jax.numpy.arange(x.size * n.size, dtype=x.dtype))
    return jax.jit(jax.grad(mixture, (0, 1, 2)))(x[None], kernel.reshape(x.size, n.size), n)


def main(source, target):
    assert keras.backend.backend() == "jax"
    given = np.load(source)
    x, n = (jax.numpy.asarray(given[key]) for key in ("x", "n"))
    results = {}
    for solution in ("kneser", "linear"):
        for name, function in functions(solution).items():
            results[f"{solution}/{name}"] = np.asarray(function(x, n))
    for name, slope in zip(("x", "kernel", "n"), separable(abs(x), abs(n) % 1.0), strict=True):
        results[f"separable/{name}"] = np.asarray(slope)
    np.savez(target, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
