"""The command: what it refuses before the search, and what it hands on to it."""

import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest

from keras_addmul import demo, serving
from keras_addmul.discover import command, discover
from keras_addmul.discover.report import files, screen
from keras_addmul.discover.table.reading import read_csv
from tests.discover.test_report import discovery


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a,b,y\n" + "".join(f"{i},{i * i % 7},{3 * i}\n" for i in range(12)))
    return path


def never(*arguments, **options):
    raise AssertionError("the search must not begin")


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("/proc/x", r"`out` must be a directory to write to. Received: '/proc/x' \("),
        ("data.csv", "`out` must be a directory to write to. Received the file: "),
    ],
)
def test_a_directory_that_cannot_be_written_to_is_told_before_the_search(
    monkeypatch, tmp_path, data, out, message
):
    monkeypatch.setattr(command, "discover", never)
    with pytest.raises(OSError, match=message) as caught:
        command.run(data, "y", tmp_path / out if out == "data.csv" else out)
    assert "\n" not in str(caught.value)


def test_a_directory_is_made_and_left_empty(tmp_path):
    folder = files.directory(tmp_path / "new" / "one")
    assert list(folder.iterdir()) == []
    assert files.directory(folder) == folder


def test_what_is_asked_for_is_handed_on_and_what_was_done_is_told(
    monkeypatch, tmp_path, data, capsys
):
    kept = {}

    def found(table, **options):
        kept.update(options, table=table)
        return discovery(np.arange(80.0), *expressions(), notes=("Of the search.",))

    monkeypatch.setattr(command, "discover", found)
    monkeypatch.setattr(command.files, "write", lambda found, folder: folder / "report.html")
    monkeypatch.setattr(serving, "export", lambda model, path, **more: path)
    shown = []
    monkeypatch.setattr(screen, "show", shown.append)
    result = command.run(data, "y", tmp_path / "out", ["b"], seed=3, held_out=0.4)
    table = kept["table"]
    np.testing.assert_array_equal(table.x[:, 0], np.arange(12.0))
    np.testing.assert_array_equal(table.y, 3.0 * np.arange(12.0))
    assert (table.names, table.target) == (("a",), "y")
    assert (kept["seed"], kept["held_out"]) == (3, 0.4)
    assert table.notes == ("Left out, as asked: 'b'.",)
    assert shown == [result]
    said = capsys.readouterr().out
    assert said.startswith("12 rows of a; the target is y.\n")
    assert f"Report:     {tmp_path / 'out' / 'report.html'}\n" in said
    assert f"SavedModel: {tmp_path / 'out' / 'model'}\n" in said


def expressions():
    import sympy

    return sympy.Symbol("mass [kg]"), 2 * sympy.Symbol("mass [kg]")


@pytest.mark.parametrize("module", ["sympy", "pandas", "rich", "sklearn", "scipy"])
def test_discover_names_the_library_that_is_missing(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"{module}, which.*pip install 'keras_addmul\[discov"):
        discover(np.ones((9, 1)), np.ones(9))


@pytest.mark.parametrize("module", ["matplotlib", "rich", "pandas"])
def test_the_demonstration_names_the_library_that_is_missing(monkeypatch, module, tmp_path):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"{module}, which.*pip install 'keras_addmul\[discov"):
        demo.run(str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_ctrl_c_during_the_comparison_keeps_the_methods_until_then(monkeypatch, rng):
    from keras_addmul.discover.scoring import baselines

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(baselines, "_network", interrupted)
    x = rng.uniform(1.0, 5.0, (60, 2))
    found = discover(x, x[:, 0] * x[:, 1], verbose=0)
    assert [b.name for b in found.baselines] == ["least squares", "least squares on logarithms"]
    assert found.formula.exact
    assert found.interrupted == "comparison"


def test_ctrl_c_while_the_network_trains_is_ctrl_c(monkeypatch, rng):
    from sklearn.neural_network import MLPRegressor

    from keras_addmul.discover.scoring import baselines

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(MLPRegressor, "_backprop", interrupted)
    x = rng.uniform(1.0, 5.0, (60, 2))
    task = baselines._Task(x[:45], x[:45, 0] * x[:45, 1], x[45:], ("a", "b", "y"), 0)
    with pytest.raises(KeyboardInterrupt):
        baselines._network(task)


def cpu_seconds(process):
    fields = open(f"/proc/{process}/stat").read().rpartition(")")[2].split()  # noqa: SIM115
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not os.path.exists("/proc"), reason="looks into /proc")
def test_ctrl_c_during_the_search_keeps_the_best_at_once(tmp_path):
    noise = np.random.default_rng(0).normal(size=(400, 9))
    noise[:, -1] += 3 * noise[:, 0]
    header = "a,b,c,d,e,f,g,h,y"
    np.savetxt(tmp_path / "noise.csv", noise, delimiter=",", header=header, comments="")
    typed = ["discover", "noise.csv", "--target", "y", "--out", "out"]
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "keras_addmul", *typed],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    out = child.stdout.readline()
    assert out == "Reading noise.csv.\n"
    assert cpu_seconds(child.pid) < 1  # nothing slow was imported before
    while "best so far: " not in out:
        out += child.stdout.readline()
    before = cpu_seconds(child.pid), resource.getrusage(resource.RUSAGE_CHILDREN)
    os.kill(child.pid, signal.SIGINT)
    rest, err = child.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before[1].ru_utime - before[1].ru_stime
    assert spent - before[0] < 2
    assert (child.returncode, err) == (130, "keras-addmul: interrupted\n"), out + rest
    assert "Interrupted: the search ended early" in rest
    assert "SavedModel: none" in rest
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {"report.html", "formula.py"}
    fields = json.loads((tmp_path / "out" / "formula.json").read_text())
    assert fields["interrupted"] == "search"
    assert fields["formula"].endswith("*a")


def test_a_table_keeps_its_rounding_notes_and_units(tmp_path):
    import pandas as pd

    x = np.random.default_rng(0).uniform(1, 5, (60, 2)).astype("float32")
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] * x[:, 1], "who": "x"})
    frame.to_parquet(tmp_path / "single.parquet")
    rows = read_csv(tmp_path / "single.parquet", "y")
    rows = dataclasses.replace(rows, units={"a": "V", "b": "A", "y": "W"})
    found = discover(rows, baselines=False, verbose=0)
    assert found.formula.text == "y = a*b"
    assert found.formula.exact
    assert found.table.eps == np.finfo("float32").eps
    assert "The column 'who' was left out: text." in found.table.notes
    assert files.fields(found)["dimensions"].startswith("The dimensions agree: ")
