"""The commands `discover`, `export` and `check`, as typed."""

import json

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import demo
from keras_addmul.__main__ import main
from keras_addmul.discover import command
from tests.serving import models


@pytest.fixture
def files(tmp_path):
    """A saved model with an input and its output beside it."""
    model = models.dense()
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "x.npy", models.data())
    np.save(tmp_path / "y.npy", model(models.data()))
    np.savez(tmp_path / "x.npz", x=models.data())
    (tmp_path / "data.csv").write_text("# A product\nname,a,b,y\n" + "".join(rows()))
    return tmp_path


def rows():
    """Lines of a file in which y = 3 * a / b**2, after one whose a is missing."""
    yield "none,,1,1\n"
    for a, b in np.random.default_rng(0).uniform(1, 5, (60, 2)).tolist():
        yield f"some,{a!r},{b!r},{3 * a / b**2!r}\n"


def test_export_then_check(files, capsys):
    main(["export", str(files / "m.keras"), "--out", str(files / "served")])
    assert capsys.readouterr().out == f"exported to {files / 'served'}\n"
    x, y = str(files / "x.npz"), str(files / "y.npy")
    main(["check", str(files / "served"), "--input", x, "--expected", y])
    assert capsys.readouterr().out.startswith("serve, serve_jit agree: largest error")


@pytest.mark.slow
def test_discover_writes_a_report_and_a_model(files, capsys):
    arguments = ["--target", "y", "--leave-out", "name", "--time-limit", "5", "--no-baselines"]
    out = files / "new" / "out"
    main(["discover", str(files / "data.csv"), "--out", str(out), *arguments])
    printed = capsys.readouterr().out
    assert "60 rows of a, b; the target is y." in printed
    assert "An exact law" in printed
    assert f"SavedModel: {out / 'model'}" in printed.replace("\n", "")
    assert {path.name for path in out.iterdir()} == {
        "report.html", "formula.png", "formula.txt", "formula.json", "model",
    }  # fmt: skip
    fields = json.loads((out / "formula.json").read_text())
    assert "1 of 61 rows was left out: 'a' is missing in 1." in fields["notes"]
    assert fields["exact"]
    loaded = tf.saved_model.load(out / "model")
    answer = loaded.serve(tf.constant([[2.0, 4.0]]))
    np.testing.assert_allclose(answer, [[3 * 2 / 16]], rtol=1e-5)


@pytest.mark.parametrize(
    "arguments",
    [
        ["discover", "no.csv", "--target", "y", "--out", "out"],
        ["discover", "data.csv", "--target", "z", "--out", "out"],
        ["discover", "data.csv", "--target", "y", "--out", "out"],
        ["discover", "data.csv", "--target", "y", "--out", "x.npy", "--leave-out", "name"],
        ["export", "no.keras", "--out", "served"],
        ["check", "nowhere", "--input", "x.npy", "--expected", "y.npy"],
        ["check", "nowhere", "--input", "no.npy", "--expected", "y.npy"],
    ],
)
def test_error_is_one_line_and_status_2(files, capsys, monkeypatch, arguments):
    monkeypatch.chdir(files)
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith(f"keras_addmul {arguments[0]}: ")
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("place", "arguments"),
    [(demo, ["demo"]), (command, ["discover", "data.csv", "--target", "y", "--out", "out"])],
)
def test_a_command_without_its_libraries_says_what_to_install(
    capsys, monkeypatch, place, arguments
):
    def run(*values, **options):
        raise ModuleNotFoundError("No module named 'rich'")

    monkeypatch.setattr(place, "run", run, raising=False)
    with pytest.raises(SystemExit):
        main(arguments)
    assert "No module named 'rich'. Try: pip install" in capsys.readouterr().err


def test_no_command_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "command" in capsys.readouterr().err
