"""Every layer under KERAS_BACKEND=jax: the answers of TensorFlow, a step of training, a file."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.layers import cases
from tests.layers.test_laws import as_list, model_of

ROOT = pathlib.Path(__file__).parents[2]

pytestmark = pytest.mark.slow  # a process of its own compiles every layer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The models, what TensorFlow makes of them, and what JAX does."""
    folder = tmp_path_factory.mktemp("jax")
    keras.utils.set_random_seed(0)
    rows = np.random.default_rng(0).uniform(0.3, 2.0, (4, 3)).astype("float32")
    for name, index in cases.EVERY:
        signed = -rows if (name, index) in cases.MIRRORED else rows
        model, x = model_of(name, cases.build(name, index)), as_list(name, signed)
        model.save(folder / f"{name}-{index}.keras")
        np.savez(folder / f"{name}-{index}.npz", *x)
        np.save(folder / f"{name}-{index}.npy", model(x if name in cases.MERGES else x[0]))
    # Compiling is what takes the time: as little of it as there is.
    flags = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    subprocess.run(
        [sys.executable, "-m", "tests.backends.layers_job", folder],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags},
        cwd=ROOT,
        check=True,
    )
    return folder


@pytest.mark.parametrize(("name", "index"), cases.EVERY)
def test_it_answers_as_under_tensorflow_trains_and_comes_back(name, index, folder):
    failure = folder / f"{name}-{index}.error.txt"
    assert not failure.exists(), failure.read_text()
    results = np.load(folder / f"{name}-{index}.answers.npz")
    want = np.load(folder / f"{name}-{index}.npy")
    np.testing.assert_allclose(results["inference"], want, rtol=1e-5, atol=1e-5)
    assert np.isfinite(results["loss"])
    steps = [results[key] for key in results.files if key.startswith("step")]
    assert all(np.all(np.isfinite(step)) for step in steps)
    # Noise moves its scale only where it is drawn large enough: by chance.
    by_chance = (name, index) in cases.NOISE_ONLY or cases.CASES[name][index].get("kind") == "NANIL"
    if not by_chance:
        assert not steps or any(np.any(step != 0.0) for step in steps)
    assert results["comes back"]
