"""What is typed reaches the function that a command calls, each under its own name."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import barron, demo, serving
from keras_addmul.__main__ import main
from keras_addmul.discover import command
from keras_addmul.serving import saved_model


class Recorder:
    """Stands in for a function: keeps what it was called with, and returns what it was given."""

    def __init__(self, answer=None):
        self.answer = answer

    def __call__(self, *arguments, **options):
        self.arguments, self.options = arguments, options
        return self.answer


class Certificate:
    def to_json(self):
        return json.dumps({"degree": 3})

    def __str__(self):
        return "the certificate"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("a,y\n1,2\n")
    layers = [keras.Input((3,)), keras.layers.Dense(1, "tanh")]
    keras.Sequential(layers).save("m.keras")
    np.save("x.npy", np.arange(6.0).reshape(2, 3))
    np.savez("named.npz", speed=np.ones(2), mass=np.zeros(2))
    Path("served").mkdir()
    Path("served", "saved_model.pb").touch()
    return tmp_path


def test_discover(folder, monkeypatch):
    monkeypatch.setattr(command, "run", run := Recorder())
    typed = "--target y --out o --leave-out b c --held-out 0.5 --time-limit 7 --seed 3"
    main(["discover", "data.csv", *typed.split(), "--no-baselines"])
    assert run.arguments == (Path("data.csv"), "y", Path("o"), ["b", "c"])
    assert run.options == {"held_out": 0.5, "time_limit": 7.0, "seed": 3, "baselines": False}
    main(["discover", "data.csv", "--target", "y", "--out", "o"])
    assert run.arguments[3] == []
    assert run.options == {"held_out": 0.25, "time_limit": 120.0, "seed": 0, "baselines": True}


def test_demo(folder, monkeypatch):
    monkeypatch.setattr(demo, "run", run := Recorder())
    main(["demo", "--out", "o", "--table", "data.csv", "--steps", "5", "--seed", "2"])
    assert run.arguments == (Path("o"),)
    assert run.options == {"table": Path("data.csv"), "steps": 5, "seed": 2}
    main(["demo"])
    assert run.arguments == (Path("demo_out"),)
    assert run.options == {"table": None, "steps": 2000, "seed": 0}


def test_convert(folder, monkeypatch, capsys):
    converted = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    convert = Recorder((converted, Certificate()))
    monkeypatch.setattr(barron, "convert_activation", convert)
    typed = (
        "--to repu --degree 3 --tolerance 0.1 --domain -2 3 --layers a b --method quadrature "
        "--outside extrapolate --ranges data --data x.npy --out c.keras --json c.json"
    )
    main(["convert", "m.keras", *typed.split()])
    data = convert.options.pop("data")
    np.testing.assert_array_equal(data, np.load("x.npy"))
    assert convert.options == {
        "to": "repu", "degree": 3, "tolerance": 0.1, "domain": [-2.0, 3.0], "layers": ["a", "b"],
        "method": "quadrature", "outside": "extrapolate", "ranges": "data",
    }  # fmt: skip
    assert len(convert.arguments[0].layers) == 1
    assert keras.saving.load_model("c.keras").input_shape == (None, 1)
    assert json.loads(Path("c.json").read_text()) == {"degree": 3}
    assert capsys.readouterr().out == "the certificate\nwritten to c.keras\n"
    main(["convert", "m.keras", "--out", "c.keras"])
    assert convert.options == {
        "to": "repu", "degree": 2, "tolerance": 1e-3, "domain": None, "layers": None,
        "method": "spline", "outside": "clip", "ranges": "domain", "data": None,
    }  # fmt: skip


def test_check(folder, monkeypatch, capsys):
    report = serving.Report(("serve",), 0.125, 0.25, 3.0, True)
    monkeypatch.setattr(serving, "check", check := Recorder(report))
    typed = "served --input named.npz --expected x.npy x.npy --rtol 0.5 --atol 0"
    main(["check", *typed.split()])
    path, x, expected = check.arguments
    assert path == Path("served")
    assert {name: array.tolist() for name, array in x.items()} == {
        "speed": [1.0, 1.0], "mass": [0.0, 0.0],
    }  # fmt: skip
    np.testing.assert_array_equal(expected, [np.load("x.npy")] * 2)
    assert check.options == {"rtol": 0.5, "atol": 0.0}
    wanted = "serve agree: largest error 0.125 absolute, 0.25 relative, in 3.0 s\n"
    assert capsys.readouterr().out == wanted
    main(["check", "served", "--input", "x.npy", "--expected", "x.npy"])
    assert check.options == {"rtol": None, "atol": None}


@pytest.mark.parametrize("typed", [[], ["--no-jit"]])
def test_export(folder, typed, capsys):
    main(["export", "m.keras", "--out", "new/model", *typed])
    path = saved_model.replaceable("new/model")
    assert capsys.readouterr().out == f"exported to {path}\n"
    served = tf.saved_model.load(str(path))
    assert hasattr(served, "serve_jit") is not bool(typed)
    x = np.load("x.npy").astype("float32")
    np.testing.assert_allclose(served.serve(x), keras.saving.load_model("m.keras")(x), rtol=1e-6)
