"""A fresh process answers as the model did, or the check says why it cannot be asked."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.serving import MismatchError, _child, agreement, check, export, fresh_process
from tests.serving import models

pytestmark = pytest.mark.slow  # each check starts a process that imports TensorFlow


KNOWN = {}


@pytest.fixture(autouse=True)
def asked_once(monkeypatch):
    """What a process has answered is known: the same question starts no second one."""

    def answers(*question):
        key = repr(question)
        if key not in KNOWN:
            KNOWN[key] = fresh_process.answers(*question)
        return KNOWN[key]

    monkeypatch.setattr(agreement, "answers", answers)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model, and where it was exported to."""
    model = models.dense()
    return model, export(model, tmp_path_factory.mktemp("dense") / "m")


def test_model_agrees_with_its_export_and_not_with_another(exported):
    model, path = exported
    x = models.data()
    want = np.array(model(x))
    report = check(path, x, want)
    assert report.endpoints == ("serve", "serve_jit")
    assert 0 <= report.max_abs_error < 1e-6
    want[3, 1] += 1e-3
    with pytest.raises(MismatchError, match=r"'serve' disagrees at element \(3, 1\) of output 0"):
        check(path, x, want)


def test_nan_in_is_nan_out(exported):
    model, path = exported
    x = models.data()
    x[2] = np.nan
    report = check(path, x, model(x))
    assert report.max_abs_error < 1e-6


def test_endpoints_are_chosen_by_name_and_the_known_are_listed(exported):
    model, path = exported
    x = models.data(2)
    # float64 is cast as Keras does it
    assert check(path, x.astype("float64"), model(x), endpoints=["serve"]).endpoints == ("serve",)
    with pytest.raises(ValueError, match=r"among \['serve', 'serve_jit'\].*\['predict'\]"):
        check(path, models.data(), 0.0, endpoints=["predict"])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((64, 8)), r"have shape \(None, 3\) for input 'x'. Received: shape \(64, 8\)"),
        (np.ones((2, 3)) + 1j, "hold float32 for input 'x'. Received: complex128"),
        ([np.ones((2, 3))] * 2, "have 1 arrays. Received: 2"),
    ],
)
def test_input_that_does_not_fit_is_told_in_one_short_line(exported, x, message):
    _, path = exported
    with pytest.raises(ValueError, match=f"^`x` must {message}$"):
        check(path, x, np.zeros((2, 2)))


def test_objects_are_refused(exported):
    _, path = exported
    with pytest.raises(TypeError, match="`x` must be an array, or a list or dict of arrays"):
        check(path, [{"x": 1}], 0.0)


def test_missing_model_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must hold a SavedModel.*nowhere"):
        check(tmp_path / "nowhere", 0.0, 0.0)


def test_broken_model_is_told(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"not a protobuf")
    with pytest.raises(RuntimeError, match="The fresh process ended with status 1: .*parse"):
        check(tmp_path, 0.0, 0.0)


def test_time_limit_is_told(exported):
    _, path = exported
    with pytest.raises(RuntimeError, match=r"took more than 0\.1 seconds"):
        check(path, models.data(), 0.0, timeout=0.1)


def test_signal_that_ends_the_process_is_named(exported, monkeypatch, tmp_path):
    script = tmp_path / "_child.py"
    script.write_text("import os, sys; print('start-up', file=sys.stderr); os.kill(os.getpid(), 9)")
    monkeypatch.setattr(fresh_process, "__file__", str(script))
    with pytest.raises(RuntimeError, match="^The fresh process was ended by SIGKILL$"):
        check(exported[1], models.data(3), 0.0)


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
        with pytest.raises(ValueError, match=r"`x` must have the keys .*\['speed'\]"):
            check(path, {"speed": x["speed"]}, want)


def test_whole_numbers_and_strings_are_taken_by_inputs_of_their_kind(tmp_path):
    number, word = keras.Input((1,), dtype="int32", name="n"), keras.Input((1,), dtype="string")
    row = keras.layers.StringLookup(vocabulary=["a", "b"])(word)
    model = keras.Model([number, word], [keras.layers.Embedding(4, 2)(number), row])
    path = export(model, tmp_path / "m", jit=False)
    words = np.array([["b"], ["c"]])
    numbers = keras.ops.array([[3], [0]])
    want = [np.array(y) for y in model([numbers, keras.ops.convert_to_tensor(words)])]
    assert check(path, [np.array([[3.0], [0.0]]), words], want).ok
    with pytest.raises(ValueError, match="hold int32 for input 'n'. Received: float64"):
        check(path, [np.array([[0.5], [0.0]]), words], want)
    with pytest.raises(ValueError, match="hold string for input .* Received: int64"):
        check(path, [np.array([[3], [0]]), np.array([[1], [2]])], want)


def test_dict_of_outputs(tmp_path):
    model = models.two_outputs()
    path = export(model, tmp_path / "m")
    x = models.data()
    assert check(path, x, model.predict(x, verbose=0)).ok


@pytest.mark.parametrize(
    ("dtype", "precision"),
    [
        ("mixed_float16", "float16"), ("mixed_bfloat16", "bfloat16"), ("float64", "float64"),
        ("float16", "float16"), ("float32", "float32"),
    ],
)  # fmt: skip
def test_precision_is_the_narrowest_inside_and_not_that_of_the_last_layer(
    tmp_path, dtype, precision
):
    keras.utils.set_random_seed(0)
    last = dtype if dtype == "float64" else "float32"
    hidden = [keras.layers.Dense(8, "tanh", dtype=dtype), keras.layers.Dense(2, dtype=last)]
    model = keras.Sequential([keras.Input((3,), dtype=models.keras_input(dtype)), *hidden])
    x = models.data()
    path = export(model, tmp_path / "m")
    assert check(path, x, model.predict(x, verbose=0)).ok
    answers = agreement.answers(path, x, None, 300)  # known from the check
    assert {answer.precision for answer in answers.values()} == {precision}


# What each dtype of an endpoint takes: kinds of arrays as NumPy names them.
TAKEN = {
    "float32": {"bool", "int8", "uint16", "float16", "float64"},
    "int32": {"bool", "int8", "uint16", "float16", "float64"},
    "bool": {"bool"},
    "string": {"str_", "bytes_"},
    "complex64": {"bool", "int8", "uint16", "float16", "float64", "complex64"},
}


@pytest.mark.parametrize("taken", TAKEN)
def test_an_endpoint_takes_what_its_dtype_can_hold(taken):
    spec = tf.TensorSpec((2,), taken, name="x")
    for name in ("bool", "int8", "uint16", "float16", "float64", "complex64", "str_", "bytes_"):
        array = np.ones(2, getattr(np, name))
        if name in TAKEN[taken]:
            assert _child._tensor(array, spec).dtype.name == taken
        else:
            with pytest.raises(ValueError, match=f"`x` must hold {taken} for input 'x'"):
                _child._tensor(array, spec)
    if taken == "int32":
        with pytest.raises(ValueError, match="must hold int32"):
            _child._tensor(np.array([1.0, 1.5]), spec)
