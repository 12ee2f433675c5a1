"""What is written, how it replaces what was there, and what is refused."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.layers import AddMulDense
from keras_addmul.serving import export, staging
from tests.serving import models


def answer(path, x):
    loaded = tf.saved_model.load(str(path))  # its functions do not keep it alive
    return loaded.serve(x).numpy()


def outputs_of(path):
    return tf.saved_model.load(str(path)).signatures["serve"].structured_outputs


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_endpoints_and_input_names(tmp_path):
    path = export(models.dense(), tmp_path / "m")
    signatures = tf.saved_model.load(str(path)).signatures
    assert sorted(signatures) == ["serve", "serve_jit", "serving_default"]
    for signature in signatures.values():
        assert list(signature.structured_input_signature[1]) == ["x"]
        assert signature.structured_input_signature[1]["x"].shape == (None, 3)


def test_only_the_jit_endpoint_is_compiled(tmp_path):
    loaded = tf.saved_model.load(str(export(models.dense(), tmp_path / "m")))
    for name, compiled in [("serve", False), ("serve_jit", True)]:
        graph = loaded.signatures[name].graph.as_graph_def().SerializeToString()
        assert (b"_XlaMustCompile" in graph) is compiled


def test_jit_endpoint_can_be_left_out(tmp_path):
    loaded = tf.saved_model.load(str(export(models.dense(), tmp_path / "m", jit=False)))
    assert sorted(loaded.signatures) == ["serve", "serving_default"]


@pytest.mark.parametrize("endpoint", ["serve", "serve_jit"])
def test_any_batch_size_is_answered(tmp_path, endpoint):
    model = models.dense()
    loaded = tf.saved_model.load(str(export(model, tmp_path / "m")))
    for rows in (1, 7):
        x = models.data(rows)
        np.testing.assert_allclose(getattr(loaded, endpoint)(x), model(x), rtol=1e-5, atol=1e-6)


def test_batch_size_a_model_was_built_with_is_forgotten(tmp_path):
    model = keras.Sequential([keras.layers.Dense(2)])
    model(models.data(2))
    assert answer(export(model, tmp_path / "m"), models.data(5)).shape == (5, 2)


def test_model_runs_as_at_inference(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5)])
    x = models.data()
    np.testing.assert_array_equal(answer(export(model, tmp_path / "m"), x), x)


@pytest.mark.parametrize("as_dict", [False, True])
def test_names_and_structure_of_several_inputs_are_kept(tmp_path, as_dict):
    model = models.two_inputs(as_dict)
    loaded = tf.saved_model.load(str(export(model, tmp_path / "m")))
    x = {"speed": models.data(), "mass": models.data(features=4)}
    want = model(x if as_dict else list(x.values()))
    got = loaded.serve(x if as_dict else list(x.values()))
    np.testing.assert_allclose(got, want, rtol=1e-6)
    got = loaded.signatures["serving_default"](**{key: tf.constant(x[key]) for key in x})
    np.testing.assert_allclose(got["output_0"], want, rtol=1e-6)


def test_subclass_of_model_takes_a_signature(tmp_path):
    model = models.Subclassed()
    want = model(models.data())
    signature = keras.InputSpec(shape=(None, 3), name="x")
    np.testing.assert_allclose(
        answer(export(model, tmp_path / "m", signature=signature), models.data()), want, rtol=1e-6
    )


def test_earlier_export_is_replaced_and_nothing_is_left(tmp_path):
    first, second = models.dense(), models.two_outputs()
    path = export(first, tmp_path / "deep" / "m")
    export(second, path)
    assert set(outputs_of(path)) == {"first", "second"}
    assert names(path.parent) == ["m"]


def test_replaced_where_the_system_cannot_exchange(tmp_path, monkeypatch):
    path = export(models.dense(), tmp_path / "m")
    monkeypatch.setattr(staging, "_exchange", lambda a, b: False)
    export(models.two_outputs(), path)
    assert set(outputs_of(path)) == {"first", "second"}
    assert names(tmp_path) == ["m"]


def test_old_export_returns_when_the_second_rename_fails(tmp_path, monkeypatch):
    path = export(models.dense(), tmp_path / "m")
    want = answer(path, models.data())
    rename, calls = os.rename, []

    def failing(a, b):
        calls.append(a)
        if len(calls) == 2:
            raise OSError("the disk is gone")
        rename(a, b)

    monkeypatch.setattr(staging, "_exchange", lambda a, b: False)
    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(OSError, match="the disk is gone"):
        export(models.two_outputs(), path)
    monkeypatch.undo()
    np.testing.assert_array_equal(answer(path, models.data()), want)
    assert names(tmp_path) == ["m"]


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_failed_export_leaves_the_old_one_and_no_litter(tmp_path, monkeypatch, error):
    path = export(models.dense(), tmp_path / "m")
    want = answer(path, models.data())

    def half(obj, folder, **kwargs):
        os.makedirs(folder)
        Path(folder, "saved_model.pb").write_bytes(b"half")
        raise error

    monkeypatch.setattr(tf.saved_model, "save", half)
    with pytest.raises(type(error)):
        export(models.two_outputs(), path)
    np.testing.assert_array_equal(answer(path, models.data()), want)
    assert names(tmp_path) == ["m"]


KILLED = """
import os, signal, sys, time
from unittest import mock
import keras
import tensorflow as tf
from keras_addmul import serving

def model(units):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])

def stall(obj, folder, **kwargs):
    os.makedirs(folder)
    open(os.path.join(folder, "saved_model.pb"), "wb").close()
    print("writing", flush=True)
    time.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it in the background
serving.export(model(2), sys.argv[1])
with mock.patch.object(tf.saved_model, "save", stall):
    serving.export(model(7), sys.argv[1])
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_export_leaves_the_old_one_and_the_next_sweeps(tmp_path, how):
    path = tmp_path / "m"
    command = [sys.executable, "-c", KILLED, str(path)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdout.readline() == b"writing\n"
    assert len(names(tmp_path)) == 2
    child.send_signal(how)
    child.communicate()
    assert child.returncode != 0
    assert answer(path, models.data()).shape == (5, 2)
    export(models.dense(), path)
    assert names(tmp_path) == ["m"]


@pytest.mark.slow
def test_reader_never_finds_half_a_model(tmp_path):
    """One process reads all the time while this one exports, again and again."""
    path = export(models.dense(), tmp_path / "m")
    reader = (
        "import os, sys\n"
        "missing = 0\n"
        "print('ready', flush=True)\n"
        "while not os.path.exists(sys.argv[2]):\n"
        "    missing += not os.path.isfile(os.path.join(sys.argv[1], 'saved_model.pb'))\n"
        "print(missing)\n"
    )
    stop = tmp_path / "stop"
    child = subprocess.Popen(
        [sys.executable, "-c", reader, str(path), str(stop)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    model = models.dense()
    for _ in range(5):
        export(model, path)
        time.sleep(0.01)
    stop.touch()
    missing = int(child.communicate()[0])
    if staging._exchange(path, export(model, tmp_path / "other")):
        assert missing == 0


@pytest.mark.parametrize("model", [3, None, "model.keras", keras.layers.Dense(1)])
def test_what_is_no_model_is_refused(tmp_path, model):
    with pytest.raises(TypeError, match=r"`model` must be a Keras model. Received: .* of type"):
        export(model, tmp_path / "m")
    assert names(tmp_path) == []


def test_unbuilt_model_is_refused(tmp_path):
    model = keras.Sequential([keras.layers.Dense(1)], name="young")
    with pytest.raises(ValueError, match="`model` must be built.*unbuilt model 'young'"):
        export(model, tmp_path / "m")


def test_subclass_of_model_without_signature_is_refused(tmp_path):
    model = models.Subclassed()
    model(models.data())
    with pytest.raises(ValueError, match="`signature` must say what the model takes"):
        export(model, tmp_path / "m")


def test_path_of_a_file_is_refused(tmp_path):
    file = tmp_path / "m.keras"
    file.write_text("precious")
    with pytest.raises(FileExistsError, match=r"`path` must be a directory.*m\.keras"):
        export(models.dense(), file)
    assert file.read_text() == "precious"


def test_directory_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(FileExistsError, match="`path` must be new, empty, or a SavedModel"):
        export(models.dense(), tmp_path)
    assert names(tmp_path) == ["thesis.tex"]


def test_path_elsewhere_is_refused():
    with pytest.raises(ValueError, match="`path` must be a local directory.*gs://bucket/m"):
        export(models.dense(), "gs://bucket/m")


def test_link_is_followed(tmp_path):
    export(models.dense(), tmp_path / "v1")
    (tmp_path / "latest").symlink_to("v1")
    export(models.two_outputs(), tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink()
    assert set(outputs_of(tmp_path / "v1")) == {"first", "second"}


@pytest.mark.parametrize("endpoint", ["serve", "serve_jit"])
def test_gradients_come_along(tmp_path, endpoint):
    model = keras.Sequential([keras.Input((3,)), AddMulDense(2)])
    loaded = tf.saved_model.load(str(export(model, tmp_path / "m")))
    x = tf.constant(models.data(4))
    found = []
    for function in (model, getattr(loaded, endpoint)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        found.append(tape.gradient(y, x))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-6)


def test_lookup_tables_come_along(tmp_path):
    words = keras.Input((1,), dtype="string")
    lookup = keras.layers.StringLookup(vocabulary=["sum", "product"], name="words")
    embedded = keras.layers.Embedding(3, 2)(keras.Sequential([lookup])(words))
    model = keras.Model(words, keras.layers.Flatten()(embedded))
    x = tf.constant([["product"], ["sum"], ["other"]])
    want = model(x).numpy()
    path = export(model, tmp_path / "m", jit=False)
    np.testing.assert_array_equal(answer(path, x), want)
