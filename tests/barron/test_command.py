"""The command `convert`, as typed."""

import json

import keras
import numpy as np
import pytest

from keras_addmul.__main__ import main


def test_convert_prints_the_certificate_and_writes_the_model(tmp_path, capsys):
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(4, "tanh", name="hidden")
    model = keras.Sequential([keras.Input((3,)), hidden, keras.layers.Dense(1)])
    model.save(tmp_path / "m.keras")
    files = [str(tmp_path / name) for name in ("m.keras", "c.keras", "c.json")]
    options = ["--to", "repu", "--order", "2", "--tolerance", "1e-3", "--domain", "-1", "2"]
    main(["convert", files[0], *options, "--out", files[1], "--json", files[2]])
    text = capsys.readouterr().out
    for part in ("degree 2", "hidden", "outputs differ by at most", "latency", files[1]):
        assert part in text
    assert json.loads((tmp_path / "c.json").read_text())["tolerance"] == 1e-3
    x = np.random.default_rng(0).uniform(-1, 2, (50, 3)).astype("float32")
    difference = np.abs(np.asarray(keras.saving.load_model(files[1])(x)) - np.asarray(model(x)))
    assert difference.max() <= json.loads((tmp_path / "c.json").read_text())["bound"]


def test_convert_tells_in_one_line_what_cannot_be_converted(tmp_path, capsys):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "softmax")])
    model.save(tmp_path / "m.keras")
    with pytest.raises(SystemExit) as stop:
        main(["convert", str(tmp_path / "m.keras"), "--out", str(tmp_path / "c.keras")])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "softmax joins all features" in error
    assert error.count("\n") == 1
