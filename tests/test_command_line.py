"""The commands `export` and `check`, as typed."""

import numpy as np
import pytest

from keras_addmul import demo
from keras_addmul.__main__ import main
from tests.serving import models


@pytest.fixture
def files(tmp_path):
    """A saved model with an input and its output beside it."""
    model = models.dense()
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "x.npy", models.data())
    np.save(tmp_path / "y.npy", model(models.data()))
    np.savez(tmp_path / "x.npz", x=models.data())
    return tmp_path


def test_export_then_check(files, capsys):
    main(["export", str(files / "m.keras"), "--out", str(files / "served")])
    assert capsys.readouterr().out == f"exported to {files / 'served'}\n"
    for name in ("x.npy", "x.npz"):
        x, y = str(files / name), str(files / "y.npy")
        main(["check", str(files / "served"), "--input", x, "--expected", y])
        assert capsys.readouterr().out.startswith("serve, serve_jit agree: largest error")


@pytest.mark.parametrize(
    "arguments",
    [
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


def test_demo_without_its_libraries_says_what_to_install(capsys, monkeypatch):
    def run(out, **options):
        raise ModuleNotFoundError("No module named 'rich'")

    monkeypatch.setattr(demo, "run", run, raising=False)
    with pytest.raises(SystemExit):
        main(["demo"])
    assert "No module named 'rich'. Try: pip install" in capsys.readouterr().err


def test_no_command_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "command" in capsys.readouterr().err
