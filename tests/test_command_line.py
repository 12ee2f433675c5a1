"""The commands, run as a user types them."""

import json
import os
import shutil
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_addmul
from keras_addmul import barron, extras, layers
from keras_addmul.__main__ import main
from keras_addmul.commands import command_line, start_up
from tests.processes import has_child, has_loaded, interrupted_when, python, runs

COMMANDS = [
    "demo",
    "discover",
    "predict",
    "compare",
    "convert",
    "export",
    "check",
    "serve",
    "convert-to",
]


def small_model():
    keras.utils.set_random_seed(0)
    neuron = layers.AddMulDense(2, order_regularizer=layers.regularizers.OrdersToEnds())
    last = keras.layers.Dense(1, "tanh", kernel_regularizer=barron.PathNorm(1e-3))
    return keras.Sequential([keras.Input((3,), name="x"), neuron, last])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Files of every kind; see `files`."""
    folder = tmp_path_factory.mktemp("files")
    model, x = small_model(), np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    model.save(folder / "m.keras")
    (folder / "damaged.keras").write_bytes((folder / "m.keras").read_bytes()[:3000])
    with zipfile.ZipFile(folder / "m.keras") as whole:
        config = whole.read("config.json").decode()
    with zipfile.ZipFile(folder / "hollow.keras", "w") as part:
        part.writestr("config.json", config)
        part.writestr("metadata.json", "{}")
    with zipfile.ZipFile(folder / "foreign.keras", "w") as part:
        part.writestr("config.json", config.replace("keras_addmul>AddMulDense", "lab>Mine"))
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", model(x))
    np.save(folder / "wide.npy", np.ones((64, 8)))
    np.save(folder / "objects.npy", np.array([{}]), allow_pickle=True)
    np.savez(folder / "x.npz", x=x)
    (folder / "text.npy").write_text("1, 2, 3\n")
    (folder / "folder.keras").mkdir()
    (folder / "data.csv").write_text("# A product\nname,a,b,y\n" + "".join(rows()))
    noise = np.random.default_rng(0).normal(size=(400, 9))
    np.savetxt(folder / "noise.csv", noise, delimiter=",", header="a,b,c,d,e,f,g,h,y", comments="")
    return folder


@pytest.fixture
def files(made, tmp_path, monkeypatch):
    """The working directory, with a saved model, its input and output, a table, and bad files."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows():
    """Lines of a file in which y = 3 * a / b**2, after one whose a is missing."""
    yield "none,,1,1\n"
    for a, b in np.random.default_rng(0).uniform(1, 5, (60, 2)).tolist():
        yield f"some,{a!r},{b!r},{3 * a / b**2!r}\n"


def refused(capsys, *arguments):
    """The one line that a command prints before it ends with status 2."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith(f"keras-addmul {arguments[0]}: ")
    assert message.endswith("\n")
    assert message.count("\n") == 1
    assert len(message) <= 500
    return message


@pytest.mark.slow
def test_export_then_check_print_one_line_each_and_nothing_else(files):
    done = python("-m", "keras_addmul", "export", "m.keras", "--out", "served")
    assert (done.returncode, done.stdout, done.stderr) == (
        0, f"exported to {files / 'served'}\n", "",
    )  # fmt: skip
    done = python(
        "-m", "keras_addmul", *["check", "served", "--input", "x.npz", "--expected", "y.npy"]
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("serve, serve_jit agree: largest error")
    assert done.stdout.count("\n") == 1


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
        "report.html", "formula.py", "formula.png", "formula.txt", "formula.json", "model",
    }  # fmt: skip
    fields = json.loads((out / "formula.json").read_text())
    assert "1 of 61 rows was left out: 'a' is missing in 1." in fields["notes"]
    assert fields["exact"]
    loaded = tf.saved_model.load(out / "model")
    answer = loaded.serve(tf.constant([[2.0, 4.0]]))
    np.testing.assert_allclose(answer, [[3 * 2 / 16]], rtol=1e-5)


# What was typed, and what the message must hold: the argument by the name it was typed under.
WRONG = [
    ("discover no.csv --target y --out out", "argument data: .*'no.csv', which does not exist"),
    ("discover . --target y --out out", "argument data: .*'.', which is a directory"),
    ("discover data.csv --target y --out x.npy", "argument --out: .*directory.*'x.npy'"),
    ("discover data.csv --target y --out /proc/x", r"argument --out: .*'/proc/x' \("),
    ("discover data.csv --target y --out out --held-out 1", "argument --held-out: .*'1'"),
    ("discover data.csv --target y --out out --time-limit 0", "argument --time-limit: .*'0'"),
    ("discover data.csv --target y --out out --seed -1", "argument --seed"),
    ("discover data.csv --out out", "arguments are required: --target"),
    ("predict nowhere data.csv --out p.csv", "argument result: .*'nowhere', which does not exist"),
    ("predict . data.csv --out p.csv", "argument result: .*'.', which holds no formula.json"),
    ("predict . no.csv --out p.csv", "argument (result|data): "),
    ("compare no.csv --target y --models a b --out out", "argument data: .*'no.csv'"),
    ("compare data.csv --target y --out out", "arguments are required: --models"),
    ("compare data.csv --target y --models a b --out x.npy", "argument --out: .*'x.npy'"),
    ("compare data.csv --target y --models a b --out out --seeds 0", "argument --seeds: .*'0'"),
    ("compare data.csv --target y --models a b --out out --budget joy", "--budget: .*'joy'"),
    ("demo --steps 0", "argument --steps: must be a positive integer. Received: '0'"),
    ("demo --steps 2.5", "argument --steps: must be a positive integer. Received: '2.5'"),
    ("demo --table nowhere.csv", "argument --table: .*'nowhere.csv', which does not exist"),
    ("export nope.keras --out served", "argument model: .*'nope.keras', which does not exist"),
    ("export x.npy --out served", "argument model: must be a .keras file. Received: 'x.npy'"),
    ("export folder.keras --out served", "argument model: .*'folder.keras', which is a directory"),
    ("export damaged.keras --out served", "argument model: .*'damaged.keras', which is damaged"),
    ("export foreign.keras --out served", "argument model: .*'foreign.keras' with lab>Mine"),
    ("export m.keras --out m.keras", "argument --out: must be a directory.*'m.keras'"),
    ("export m.keras --out .", "--out must be new, empty, or a SavedModel"),
    ("convert m.keras --out served", "argument --out: must be a .keras file. Received: 'served'"),
    ("convert m.keras --out c.keras --tolerance nan", "argument --tolerance: .*'nan'"),
    ("convert m.keras --out c.keras --method guess", "argument --method: invalid choice: 'guess'"),
    ("convert m.keras --out c.keras --json c.txt", "argument --json: must be a .json file"),
    ("convert m.keras --out c.keras --data text.npy", "--data must be a .npy or .npz file"),
    ("serve nowhere", "argument folder: must be a directory.*'nowhere', which does not exist"),
    ("serve . --port -1", "argument --port: must be an integer, 0 or more. Received: '-1'"),
    ("serve . --host 203.0.113.7", "--host and --port must be a free address"),
    ("convert-to coreml served", "argument to: invalid choice: 'coreml'"),
    ("convert-to onnx nowhere", "argument path: .*'nowhere', which does not exist"),
    ("check nowhere --input x.npy --expected y.npy", "argument path: .*which does not exist"),
    ("check . --input x.npy --expected y.npy", "argument path: .*which is a directory"),
    ("check served --input no.npy --expected y.npy", "argument --input: .*'no.npy', which does"),
    ("check served --input x.npy --expected data.csv", "argument --expected: .*'data.csv'"),
    ("check served --input text.npy --expected y.npy", "--input must be .*'text.npy'"),
    ("check served --input objects.npy --expected y.npy", "without objects.*'objects.npy'"),
    ("check served --input x.npy --expected y.npy --rtol -1", "argument --rtol: .*'-1'"),
]


@pytest.mark.parametrize(("typed", "message"), WRONG)
def test_wrong_arguments_are_refused_before_keras_is_imported(
    files, capsys, monkeypatch, typed, message
):
    def start():
        raise AssertionError("Keras was imported")

    for command in command_line.COMMANDS:
        monkeypatch.setattr(command, "start_keras", start, raising=False)
    if "nowhere" not in typed:
        (files / "served").mkdir()
        (files / "served" / "saved_model.pb").touch()
    assert_found(message, refused(capsys, *typed.split()))


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("discover data.csv --target z --out out", "z"),
        ("discover data.csv --target y --out out --leave-out q", "--leave-out|'q'"),
        ("compare data.csv --target z --models dense pelu --out out", "target must.*'z'"),
        ("compare data.csv --target y --models dense --out out", "--models must name.*two"),
        ("compare data.csv --target y --models dense pelu --out out --metric accuracy", "numbers"),
        ("compare data.csv --target y --models dense plu --out out", "--models.* pelu.*'plu'"),
        ("export hollow.keras --out served", "model cannot be loaded from 'hollow.keras'"),
        ("convert m.keras --out c.keras --data wide.npy", r"--data must .*\(64, 8\)"),
        ("convert m.keras --out c.keras --domain 1 0", "--domain must"),
    ],
)
def test_other_errors_are_one_line_too(files, capsys, typed, message):
    assert_found(message, refused(capsys, *typed.split()))


def assert_found(pattern, message):
    with pytest.raises(ValueError, match=pattern):
        raise ValueError(message)


def test_error_of_any_class_is_one_line_and_traceback_shows_it_whole(files, capsys, monkeypatch):
    def fail(path):
        raise KeyError("lost\nin two lines " + "and many words " * 100)

    monkeypatch.setattr(command_line.export_command.model_file, "load", fail)
    assert "KeyError: 'lost" in refused(capsys, "export", "m.keras", "--out", "served")
    with pytest.raises(KeyError, match="lost"):
        main(["--traceback", "export", "m.keras", "--out", "served"])


@pytest.mark.parametrize(
    "typed", ["demo", "discover data.csv --target y --out out"], ids=["demo", "discover"]
)
def test_command_without_its_libraries_says_what_to_install(files, capsys, monkeypatch, typed):
    find = extras.importlib.util.find_spec
    monkeypatch.setattr(
        extras.importlib.util, "find_spec", lambda name: None if name == "rich" else find(name)
    )
    message = refused(capsys, *typed.split())
    assert "rich" in message
    assert "pip install 'keras_addmul[discover]'" in message


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["nope"], ["export", "no.keras", "--out", "x"]]
)
def test_help_and_wrong_arguments_import_nothing_heavy(arguments):
    done = python("-X", "importtime", "-m", "keras_addmul", *arguments)
    assert done.returncode in (0, 2)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    imported = {line.split("|")[-1].strip().split(".")[0] for line in lines}
    assert "keras_addmul" in imported
    assert not imported & {"keras", "tensorflow", "numpy", "pandas", "matplotlib", "scipy"}


def test_version_and_help(capsys):
    for arguments in (["--version"], ["--help"], *([name, "--help"] for name in COMMANDS)):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert not caught.value.code
        printed = capsys.readouterr().out
        if arguments == ["--version"]:
            assert printed == f"keras-addmul {keras_addmul.__version__}\n"
        if arguments == ["--help"]:
            assert all(name in printed for name in COMMANDS)


def test_no_command_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_a_level_of_messages_is_set_unless_there_is_one(monkeypatch):
    for given, kept in ((None, "2"), ("0", "0")):
        monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
        if given is not None:
            monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", given)
        start_up.start_keras()
        assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == kept


def test_stderr_is_held_back_while_it_starts_and_heard_afterwards(capfd):
    with start_up.stderr_held_back() as shown:
        os.write(2, b"start-up lines\n")
        os.write(shown, b"a line of ours\n")
    os.write(2, b"a real error\n")
    assert capfd.readouterr().err == "a line of ours\na real error\n"

    def broken_import():
        with start_up.stderr_held_back():
            os.write(2, b"why it is broken\n")
            raise ImportError("broken")

    with pytest.raises(ImportError, match="broken"):
        broken_import()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "why it is broken\nafter\n"


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc"), reason="looks into /proc")
@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("export m.keras --out served", has_loaded("libtensorflow")),
        ("discover noise.csv --target y --out out", "400 rows"),
        ("check served --input x.npy --expected y.npy", has_child),
    ],
    ids=["while TensorFlow is imported", "while it searches", "while a child works"],
)
def test_interrupt_ends_with_one_line_and_status_130(files, typed, moment):
    (files / "served").mkdir()
    (files / "served" / "saved_model.pb").touch()
    before = {path.name for path in files.iterdir()}
    done, children = interrupted_when(moment, "-m", "keras_addmul", *typed.split())
    assert (done.returncode, done.stderr) == (130, "keras-addmul: interrupted\n"), done.stdout
    assert not any(map(runs, children))
    assert {path.name for path in files.iterdir()} - before <= {"out"}
