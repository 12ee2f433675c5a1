"""Each layer, exported by Keras to ONNX, answers the same there."""

import warnings

import keras
import numpy as np
import onnxruntime
import pytest

from tests.layers.cases import EVERY, MERGES, SEQUENCES, SHAPED, build, inputs_for

# Negative numbers, zeros, and large and small ones.
X = np.array(
    [[0.5, -2.0, 1.0], [0.0, 1.0, -2.0], [0.0, 0.0, 0.0], [1e6, -1e6, 1e3], [-0.5, -100.0, 1e-8]],
    "float32",
)

# Operations that ONNX does not have.
MISSING = {
    ("NoisyActivation", 5): "StatelessRandomUniform",  # draws noise when it answers
    ("ProductDense", 1): "BitwiseAnd",  # counts signs as bits
}

# One form of each layer, and those that are made of other functions.
SEVERAL = ("ExpIterate", "NoisyActivation", "ProductDense")
# ONNX has no `log1p`, on which complex logarithms stand.
WITHOUT = ("ComplexAddMulDense",)
TRIED = [(n, i) for n, i in EVERY if (i == 0 or n in SEVERAL) and n not in WITHOUT]


def exported(model, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.export(path, format="onnx", verbose=False)
    return onnxruntime.InferenceSession(str(path))


@pytest.mark.parametrize(("name", "index"), TRIED)
def test_a_layer_answers_the_same_in_onnx(name, index, tmp_path):
    keras.utils.set_random_seed(0)
    shape = (2, 3) if name in SEQUENCES else (3,)
    inputs = [keras.Input(shape) for _ in range(2 if name in MERGES else 1)]
    layer = build(name, index)
    given = inputs_for(name, inputs[0]) if name in SHAPED else inputs[0]
    model = keras.Model(inputs, layer(inputs if name in MERGES else given))
    x = [np.stack([X, 0.5 * X], 1) if name in SEQUENCES else X, X[::-1].copy()][: len(inputs)]
    want = model.predict_on_batch(x if name in MERGES else x[0])
    if (name, index) in MISSING:
        with pytest.raises(Exception, match=MISSING[name, index]):
            exported(model, tmp_path / "model.onnx")
        return
    session = exported(model, tmp_path / "model.onnx")
    (got,) = session.run(None, {i.name: v for i, v in zip(session.get_inputs(), x, strict=True)})
    # What the signs of two numbers add is up to their product, and may cancel.
    terms = np.abs(np.prod(x, axis=0)) if name in MERGES else 0.0
    assert np.all(np.abs(got - want) <= 1e-5 * (1.0 + terms) + 1e-4 * np.abs(want))
