"""Every layer answers the same when it is served, under every dtype policy."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_addmul.serving import export
from tests.layers import cases
from tests.layers.test_laws import as_list, model_of

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


def exported(folder, model, x, jit):
    """Exports a model and returns what it answers."""
    folder.mkdir()
    export(model, folder / "model", jit=jit)
    np.savez(folder / "inputs.npz", *x)
    answer = model(x if isinstance(model.input, list) else x[0])
    return [np.asarray(keras.ops.cast(y, "float32")) for y in keras.tree.flatten(answer)]


def ask_a_fresh_process(folder):
    """What every model in the folder answers, by endpoint, where there is no Keras."""
    # -P: the folder of the script stays off the search path.
    subprocess.run([sys.executable, "-P", str(SCRIPT), str(folder)], check=True)
    for case in sorted(folder.iterdir()):
        with np.load(case / "outputs.npz") as answers:
            yield case.name, dict(answers)


def assert_same(answers, endpoint, wanted, dtype, case):
    assert len([key for key in answers if key.startswith(f"{endpoint}/")]) == len(wanted)
    for i, want in enumerate(wanted):
        np.testing.assert_allclose(
            answers[f"{endpoint}/{i}"],
            want,
            rtol=TOLERANCE[dtype],
            atol=0.1 * TOLERANCE[dtype],
            err_msg=f"{case} {endpoint} {i}",
        )


@pytest.mark.slow
def test_every_layer_answers_the_same_when_served(tmp_path):
    keras.utils.set_random_seed(0)
    wanted = {}
    for name, index in SERVED:
        model = model_of(name, cases.build(name, index))
        at = f"{name}-{index}"
        wanted[at] = exported(tmp_path / at, model, as_list(name, ROWS), jit=True)
    for case, answers in ask_a_fresh_process(tmp_path):
        for endpoint in ("serve", "serve_jit"):
            assert_same(answers, endpoint, wanted[case], "float32", case)


@pytest.mark.slow
def test_every_layer_answers_the_same_when_served_in_mixed_precision(tmp_path):
    """All layers in one model: without XLA, which would take minutes, its size costs nothing."""
    keras.utils.set_random_seed(0)
    wanted = {}
    for dtype in ("mixed_float16", "mixed_bfloat16"):
        x = keras.Input((3,))
        made = [cases.build(name, index, dtype=dtype) for name, index in SERVED]
        given = [cases.inputs_for(name, x) for name, _ in SERVED]
        model = keras.Model(x, [layer(v) for layer, v in zip(made, given, strict=True)])
        wanted[dtype] = exported(tmp_path / dtype, model, [ROWS], jit=False)
    for dtype, answers in ask_a_fresh_process(tmp_path):
        assert_same(answers, "serve", wanted[dtype], dtype, dtype)
