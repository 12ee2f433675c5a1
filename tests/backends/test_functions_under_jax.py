"""The same files give the same numbers under KERAS_BACKEND=jax."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.special.separable import separable_sums
from tests import reference
from tests.special import truth
from tests.special.test_derivatives import EPS_ALLOWED_IN_SECOND

ROOT = pathlib.Path(__file__).parents[2]

# JAX differentiates twice through the unused logarithm where superlog(x) + n is 0 exactly.
X = np.array([-30, -3, -0.6, -0.3, 0.25, 0.9, 1.5, 2, 7, 80, 100, 1e6, 0.5, 0.5, 4, 4], "float32")
N = np.array([0.5, 1.4, 1, 0.3, -0.2, 0.7, 0.5, 0, -0.4, 0.1, -1.3, -0.5, 0, 1, -1, 0], "float32")

pytestmark = [
    pytest.mark.slow,  # a process of its own compiles everything again
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed"),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jax")
    np.savez(folder / "in.npz", x=X, n=N)
    subprocess.run(
        [sys.executable, "-m", "tests.backends.jax_job", folder / "in.npz", folder / "out.npz"],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        cwd=ROOT,
        check=True,
    )
    return np.load(folder / "out.npz")


@pytest.fixture(scope="module", params=truth.SOLUTIONS)
def solution(request):
    return request.param


@pytest.mark.parametrize("name", ["jit", "vmap", "x", "n", "xx", "xn", "nn"])
def test_iterates_and_their_derivatives(results, solution, name):
    points = zip(X.tolist(), N.tolist(), strict=True)
    key = name if len(name) < 3 else "y"
    found = [reference.derivatives(x, n, solution)[key] for x, n in points]
    want, units = zip(*found, strict=True)
    got = results[f"{solution}/{name}"]
    assert got.dtype == "float32"
    allowed = EPS_ALLOWED_IN_SECOND["float32"] if key in ("xx", "xn", "nn") else None
    truth.assert_accurate(got, want, "float32", units, at=[X, N], allowed=allowed)


def test_separable_sums_have_the_gradients_that_tensorflow_gives_them(results):
    x, n = tf.constant(abs(X)[None]), tf.constant(abs(N) % 1.0)
    kernel = tf.reshape(tf.cos(tf.range(float(X.size * N.size))), (X.size, N.size))
    with tf.GradientTape() as tape:
        tape.watch([x, kernel, n])
        found = separable_sums(x, kernel, n, 6, 1e-7)
        mixture = sum(share * t for share, t in zip((1.0, 0.5, -0.3), found, strict=True))
    slopes = tape.gradient(mixture, [x, kernel, n])
    for name, want in zip(("x", "kernel", "n"), slopes, strict=True):
        # Sums of terms of both signs; numbers up to 1e6 are among them.
        tolerance = 64 * np.finfo("float32").eps * np.max(np.abs(want))
        np.testing.assert_allclose(results[f"separable/{name}"], want, rtol=2e-5, atol=tolerance)


def test_superlog(results, solution):
    want = [truth.superlog(x, solution) for x in X.tolist()]
    truth.assert_accurate(results[f"{solution}/superlog"], want, "float32", at=[X])


def test_superexp(results, solution):
    got, n = results[f"{solution}/superexp"], N.tolist()
    edge = N <= -1
    np.testing.assert_array_equal(got[N == -1], -np.inf)
    assert np.all(np.isnan(got[N < -1]))
    n = N[~edge].tolist()
    want = [reference.SOLUTIONS[solution].superexp(v) for v in n]
    units = [reference.superexp_unit(v, solution) for v in n]
    truth.assert_accurate(got[~edge], want, "float32", units, at=[N[~edge]])
