"""What is converted answers as the SavedModel does, or is refused and leaves nothing."""

import keras
import numpy as np
import pytest

from keras_addmul.layers import AddMulDense, NoisyTanh
from keras_addmul.serving import MismatchError, convert, export, other_runtimes
from tests.serving import models

pytestmark = pytest.mark.slow

SUFFIXES = {"onnx": [".onnx"], "litert": [".tflite"], "openvino": [".bin", ".xml"]}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,), name="x"), AddMulDense(2), NoisyTanh()])
    return export(model, tmp_path_factory.mktemp("models") / "m", jit=False)


@pytest.mark.parametrize("to", SUFFIXES)
def test_conversion_agrees_on_every_kind_of_numbers(path, tmp_path, to):
    made = convert(path, to, tmp_path / f"m{SUFFIXES[to][-1]}")
    assert made.max_rel_error < 1e-3
    assert sorted(entry.suffix for entry in tmp_path.iterdir()) == SUFFIXES[to]


def test_eight_bits_lose_what_the_result_says(tmp_path):
    keras.utils.set_random_seed(0)
    wide = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64), keras.layers.Dense(2)])
    source = export(wide, tmp_path / "wide", jit=False)
    assert 1e-4 < convert(source, "litert", int8=True).max_rel_error < 0.2
    with pytest.raises(MismatchError, match="disagrees with the SavedModel"):
        convert(source, "litert", tmp_path / "no.tflite", int8=True, tolerance=1e-5)
    assert not (tmp_path / "no.tflite").exists()


@pytest.mark.parametrize("wrong", [np.nan, 1.0])
def test_what_disagrees_is_refused_with_the_difference_and_leaves_nothing(
    path, tmp_path, monkeypatch, wrong
):
    needs, run = other_runtimes.RUNTIMES["litert"]

    def off(file):
        right = run(file)

        def answer(inputs, outputs):
            return {name: value + wrong for name, value in right(inputs, outputs).items()}

        return answer

    monkeypatch.setitem(other_runtimes.RUNTIMES, "litert", (needs, off))
    message = "The conversion to litert disagrees .* in 'output_0' on usual numbers: .* (inf|1),"
    with pytest.raises(MismatchError, match=message):
        convert(path, "litert", tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"to": "coreml"}, r"`to` must be one of \['litert', 'onnx', 'openvino'\].*'coreml'"),
        ({"to": "onnx", "int8": True}, "`int8` must be False unless `to` is 'litert'"),
        ({"to": "onnx", "tolerance": -1}, "`tolerance` must be a finite number >= 0"),
        ({"to": "onnx", "tolerance": "x"}, "`tolerance` must be .* >= 0. Received: 'x'"),
        ({"to": "onnx", "out": "m.xml"}, "`out` must be a .onnx file for onnx. Received: 'm.xml'"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_converted(path, arguments, message):
    with pytest.raises(ValueError, match=message):
        convert(path, **arguments)


def test_what_a_converter_cannot_do_is_told_in_one_line(tmp_path, monkeypatch):
    source = export(models.dense(), tmp_path / "m", jit=False)

    def fail(*arguments):
        raise KeyError("an operation\nthat it does not know")

    monkeypatch.setitem(other_runtimes._WRITERS, "onnx", fail)
    with pytest.raises(RuntimeError, match="^The conversion to onnx failed: KeyError: .*operation"):
        convert(source, "onnx")
    with pytest.raises(FileNotFoundError, match="`path` must hold a SavedModel"):
        convert(tmp_path / "nowhere", "onnx")
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]
