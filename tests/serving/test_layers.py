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


def exported(folder, name, index, dtype):
    """Exports the model of one case and returns what it answers."""
    keras.utils.set_random_seed(0)
    model = model_of(name, cases.build(name, index, dtype=dtype))
    random = np.random.default_rng(0)
    x = as_list(name, random.uniform(0.1, 2.0, (5, 3)).astype("float32"))
    folder.mkdir()
    # XLA compiles float32; the others differ in their casts alone.
    export(model, folder / "model", jit=dtype == "float32")
    np.savez(folder / "inputs.npz", *x)
    return model.predict(x, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_every_layer_answers_the_same_when_served(tmp_path, dtype):
    expected = {
        f"{name}-{index}": exported(tmp_path / f"{name}-{index}", name, index, dtype)
        for name, index in cases.EVERY
    }
    # -P: the folder of the script stays off the search path.
    subprocess.run([sys.executable, "-P", str(SCRIPT), str(tmp_path)], check=True)
    for case, wanted in expected.items():
        with np.load(tmp_path / case / "outputs.npz") as answers:
            assert set(answers) == {"serve", *(["serve_jit"] if dtype == "float32" else [])}
            for endpoint, answer in answers.items():
                np.testing.assert_allclose(
                    answer,
                    np.asarray(wanted, "float32"),
                    rtol=TOLERANCE[dtype],
                    atol=0.1 * TOLERANCE[dtype],
                    err_msg=f"{case} {endpoint}",
                )
