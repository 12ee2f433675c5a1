"""The model class for KServe, on a stand-in for its library, which is not installed here."""

import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.serving.kserve_model import KServeModel


class Model:
    def __init__(self, name):
        self.name, self.ready = name, False


class Output:
    def __init__(self, name, shape, datatype):
        self.name, self.shape, self.datatype = name, shape, datatype

    def set_data_from_numpy(self, values, binary_data):
        self.values = values


@pytest.fixture
def kserve(monkeypatch):
    """The names of the library that the class uses."""
    library, errors = types.ModuleType("kserve"), types.ModuleType("kserve.errors")
    library.__spec__ = errors.__spec__ = types.SimpleNamespace()
    library.Model, library.InferOutput = Model, Output
    library.InferResponse = lambda *content: content
    errors.InvalidInput = type("InvalidInput", (ValueError,), {})
    monkeypatch.setitem(sys.modules, "kserve", library)
    monkeypatch.setitem(sys.modules, "kserve.errors", errors)
    return errors


def test_both_protocols_are_answered_and_checked(folder, kserve, monkeypatch):
    path = folder / "small" / "1"
    model = KServeModel("small", path, max_batch=2)
    assert isinstance(model, Model)
    assert isinstance(model, KServeModel)
    assert (model.name, model.ready) == ("small", True)
    row = np.array([[1.0, 0.5]], "float32")
    loaded = tf.saved_model.load(str(path))
    (want,) = loaded.signatures["serving_default"](tf.constant(row)).values()
    answer = model.predict({"instances": row.tolist()})
    np.testing.assert_allclose(answer["predictions"], want, rtol=1e-6)

    def request(name, values):
        entry = types.SimpleNamespace(name=name, as_numpy=lambda: values)
        return types.SimpleNamespace(id="7", inputs=[entry])

    number, name, (output,) = model.predict(request("x", row))
    assert (number, name, output.name, output.datatype) == ("7", "small", "output_0", "FP32")
    np.testing.assert_allclose(output.values, want, rtol=1e-6)
    for wrong in ({"instances": [[1.0]]}, {}, request("y", row), request("x", row[0])):
        with pytest.raises(kserve.InvalidInput, match="must"):
            model.predict(wrong)
    with pytest.raises(FileNotFoundError, match="`path` must hold a SavedModel"):
        KServeModel("small", folder)


def test_without_the_library_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "kserve", None)
    with pytest.raises(ImportError, match=r"pip install 'keras_addmul\[kserve\]'"):
        KServeModel("small", folder / "small" / "1")
