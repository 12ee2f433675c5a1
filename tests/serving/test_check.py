"""A fresh process answers as the model did, or the check says where not."""

import sys

import keras
import numpy as np
import pytest

from keras_addmul.serving import MismatchError, Report, check, export
from tests.serving import models

pytestmark = pytest.mark.slow  # each check starts a process that imports TensorFlow


KNOWN = {}


@pytest.fixture(autouse=True)
def asked_once(monkeypatch):
    """What a process has answered is known: the same question starts no second one."""
    module = sys.modules[check.__module__]
    ask = module._answers

    def answers(*question):
        key = repr(question)
        if key not in KNOWN:
            KNOWN[key] = ask(*question)
        return KNOWN[key]

    monkeypatch.setattr(module, "_answers", answers)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model, and where it was exported to."""
    model = models.dense()
    return model, export(model, tmp_path_factory.mktemp("dense") / "m")


def test_report_of_a_model_that_agrees(exported):
    model, path = exported
    x = models.data()
    report = check(path, x, model.predict(x, verbose=0))
    assert report == Report(
        ("serve", "serve_jit"), report.max_abs_error, report.max_rel_error, report.seconds, True
    )
    assert 0 <= report.max_abs_error < 1e-6
    assert 0 <= report.max_rel_error < 1e-5
    assert report.seconds > 0


def test_wrong_expected_names_endpoint_and_worst_element(exported):
    model, path = exported
    x = models.data()
    expected = np.array(model(x))
    expected[1, 0] += 0.01
    expected[3, 1] += 1.0
    with pytest.raises(MismatchError) as caught:
        check(path, x, expected)
    message, report = str(caught.value), caught.value.report
    assert "Endpoint 'serve' disagrees at element (3, 1) of output 0" in message
    assert f"expected {expected[3, 1]!s} (" in message
    assert "2 of 10 elements disagree" in message
    assert not report.ok
    assert report.max_abs_error == pytest.approx(1.0, rel=1e-5)
    assert check(path, x, expected, atol=1.1).ok


def test_nan_where_a_number_is_due_is_found(exported):
    model, path = exported
    x = models.data()
    expected = np.array(model(x))
    x[2] = np.nan
    with pytest.raises(MismatchError, match=r"element \(2, \d\).*received nan"):
        check(path, x, expected)
    expected[2] = np.nan
    assert check(path, x, expected).ok


def test_wrong_shape_is_named(exported):
    _, path = exported
    with pytest.raises(MismatchError, match=r"returns shape \(5, 2\) .*Expected: \(5,\)"):
        check(path, models.data(), np.zeros(5))


def test_float64_data_is_cast_as_keras_does(exported):
    model, path = exported
    x = models.data(2)
    assert check(path, x.astype("float64"), model(x), endpoints=["serve"]).endpoints == ("serve",)


def test_unknown_endpoint_lists_the_known(exported):
    _, path = exported
    with pytest.raises(RuntimeError, match=r"among \['serve', 'serve_jit'\].*\['predict'\]"):
        check(path, models.data(), 0.0, endpoints=["predict"])


def test_input_that_does_not_fit_names_the_endpoint(exported):
    _, path = exported
    with pytest.raises(RuntimeError, match="Endpoint 'serve' failed"):
        check(path, np.ones((2, 4)), np.zeros((2, 2)))


def test_objects_are_refused(exported):
    _, path = exported
    with pytest.raises(TypeError, match="`x` must be an array, or a list or dict of arrays"):
        check(path, [{"x": 1}], 0.0)


def test_missing_model_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must hold a SavedModel.*nowhere"):
        check(tmp_path / "nowhere", 0.0, 0.0)


def test_broken_model_is_told(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"not a protobuf")
    with pytest.raises(RuntimeError, match="The fresh process ended with status 1"):
        check(tmp_path, 0.0, 0.0)


def test_time_limit_is_told(exported):
    _, path = exported
    with pytest.raises(RuntimeError, match=r"took more than 0\.1 seconds"):
        check(path, models.data(), 0.0, timeout=0.1)


@pytest.mark.parametrize("as_dict", [False, True])
def test_several_inputs_by_order_and_by_name(tmp_path, as_dict):
    model = models.two_inputs(as_dict)
    path = export(model, tmp_path / "m")
    x = {"speed": models.data(), "mass": models.data(features=4)}
    want = model.predict(x if as_dict else list(x.values()), verbose=0)
    assert check(path, x, want).ok
    if not as_dict:
        assert check(path, list(x.values()), want, endpoints=["serve"]).ok
    else:
        with pytest.raises(RuntimeError, match=r"`x` must have the keys .*\['speed'\]"):
            check(path, {"speed": x["speed"]}, want)


def test_dict_of_outputs(tmp_path):
    model = models.two_outputs()
    path = export(model, tmp_path / "m")
    x = models.data()
    assert check(path, x, model.predict(x, verbose=0)).ok
    with pytest.raises(MismatchError, match="returns 2 outputs. Expected: 1"):
        check(path, x, np.zeros(5))


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "float64", "float16"])
def test_dtype_policies(tmp_path, dtype):
    model = models.dense(dtype)
    x = models.data()
    report = check(export(model, tmp_path / "m"), x, model.predict(x, verbose=0))
    assert report.endpoints == ("serve", "serve_jit")


def test_tolerance_follows_what_is_inside_and_not_the_last_layer(tmp_path):
    """The output is float32, but most of the model computes in sixteen bits."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, dtype="mixed_float16"), keras.layers.Dense(2, dtype="float32")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    path = export(model, tmp_path / "m")
    expected = np.array(model(models.data()))
    assert check(path, models.data(), expected * 1.001).ok
    with pytest.raises(MismatchError, match=r"rtol=0\.01"):
        check(path, models.data(), expected * 1.1)
