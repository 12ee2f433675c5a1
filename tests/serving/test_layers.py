"""Every layer answers the same when it is served, under every dtype policy."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_addmul.serving import export
from tests.layers import cases

SCRIPT = Path(__file__).with_name("answer_all.py")
# A few roundings, and of half precision its eps.
TOLERANCE = {"float32": 2e-5, "mixed_float16": 1e-2, "mixed_bfloat16": 8e-2}
# One of each, and the second code path of the layer that has two.
SERVED = [
    *((name, 0) for name in sorted(cases.CASES)),
    ("AddMulDense", 2),
    ("PiecewisePolynomial", 1),
]
ROWS = np.random.default_rng(0).uniform(0.1, 2.0, (5, 3)).astype("float32")


def model_of_all(served, dtype):
    """All layers in one model: without XLA, which would take minutes, its size costs nothing."""
    keras.utils.set_random_seed(0)
    x, outputs = keras.Input((3,)), []
    for name, index in served:
        layer = cases.build(name, index, dtype=dtype)
        outputs.append(layer(cases.inputs_for(name, x)))
    return keras.Model(x, outputs)


def exported(folder, model, jit):
    """Exports a model and returns what it answers."""
    folder.mkdir()
    export(model, folder / "model", jit=jit)
    np.savez(folder / "inputs.npz", ROWS)
    return [np.asarray(keras.ops.cast(y, "float32")) for y in model(ROWS)]


def ask_a_fresh_process(folder):
    """What every model in the folder answers, by endpoint, where there is no Keras."""
    # -P: the folder of the script stays off the search path.
    subprocess.run([sys.executable, "-P", str(SCRIPT), str(folder)], check=True)
    for case in sorted(folder.iterdir()):
        with np.load(case / "outputs.npz") as answers:
            yield case.name, dict(answers)


def assert_same(answers, endpoint, wanted, dtype, served):
    assert len([key for key in answers if key.startswith(f"{endpoint}/")]) == len(wanted)
    for i, (case, want) in enumerate(zip(served, wanted, strict=True)):
        np.testing.assert_allclose(
            answers[f"{endpoint}/{i}"],
            want,
            rtol=TOLERANCE[dtype],
            atol=0.1 * TOLERANCE[dtype],
            err_msg=f"{case} {endpoint} {dtype}",
        )


@pytest.mark.slow
def test_every_layer_answers_the_same_when_served(tmp_path):
    """In single precision, and each in one of the half precisions: the kernels are the same."""
    parts = {"float32": SERVED, "mixed_float16": SERVED[::2], "mixed_bfloat16": SERVED[1::2]}
    wanted = {
        dtype: exported(tmp_path / dtype, model_of_all(served, dtype), jit=False)
        for dtype, served in parts.items()
    }
    for dtype, answers in ask_a_fresh_process(tmp_path):
        assert_same(answers, "serve", wanted[dtype], dtype, parts[dtype])


@pytest.mark.slow
def test_layers_of_every_kind_answer_the_same_when_xla_serves_them(tmp_path):
    """A kind: what XLA makes of each layer, `test_laws` asks where it costs less."""
    served = [("AddMulDense", 2), ("NoisyActivation", 1), ("PiecewisePolynomial", 1)]
    wanted = exported(tmp_path / "jit", model_of_all(served, "float32"), jit=True)
    ((_, answers),) = ask_a_fresh_process(tmp_path)
    for endpoint in ("serve", "serve_jit"):
        assert_same(answers, endpoint, wanted, "float32", served)
