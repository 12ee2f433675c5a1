"""Every layer answers the same when it is served, under every dtype policy."""

import keras
import numpy as np
import pytest

from keras_addmul.serving import check, export
from tests.layers import cases


def every_layer():
    """One model with an output for each layer and each of its cases, on positive inputs."""
    keras.utils.set_random_seed(0)
    x = [keras.Input((3,), name="left"), keras.Input((3,), name="right")]
    outputs = {}
    for name, variants in cases.CASES.items():
        for number, kwargs in enumerate(variants):
            layer = cases.make(name, **kwargs)
            outputs[f"{name}_{number}"] = layer(x if name in cases.MERGES else x[0])
    return keras.Model(x, outputs)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_every_layer_answers_the_same_when_served(tmp_path, dtype):
    keras.config.set_dtype_policy(dtype)
    try:
        model = every_layer()
    finally:
        keras.config.set_dtype_policy("float32")
    random = np.random.default_rng(0)
    path = export(model, tmp_path / "m")
    for rows in (1, 6):
        x = [random.uniform(0.1, 2.0, (rows, 3)).astype("float32") for _ in range(2)]
        assert check(path, x, model.predict(x, verbose=0)).endpoints == ("serve", "serve_jit")
