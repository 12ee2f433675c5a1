"""Every public name is reachable, and importing the package loads only what it should."""

import ast
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import keras_addmul
from keras_addmul import discover, layers

ROOT = Path(__file__).parents[1]

PACKAGES = [
    f"keras_addmul.{module.name}"
    for module in pkgutil.iter_modules(keras_addmul.__path__)
    if module.ispkg
]


@pytest.mark.parametrize("name", PACKAGES)
def test_dir_of_a_package_is_what_all_says(name):
    package = importlib.import_module(name)
    assert sorted(package.__all__) == dir(package)
    assert len(set(package.__all__)) == len(package.__all__)
    assert all(hasattr(package, public) for public in package.__all__)


def test_everything_public_is_reached_from_the_top():
    assert sorted([*keras_addmul.__all__, "__version__"]) == dir(keras_addmul)
    for name in keras_addmul.__all__:
        value = getattr(keras_addmul, name)
        assert value is getattr(layers, name, sys.modules.get(f"keras_addmul.{name}"))
    inside = {"constraints", "initializers", "regularizers"}
    assert set(layers.__all__) - inside < set(keras_addmul.__all__)
    assert not [name for name in inside if hasattr(keras_addmul, name)]
    with pytest.raises(AttributeError, match="'keras_addmul' has no attribute 'AddMulDence'"):
        keras_addmul.AddMulDence  # noqa: B018


def test_discover_is_a_package_and_a_function():
    assert keras_addmul.discover is sys.modules["keras_addmul.discover"]
    assert inspect.signature(keras_addmul.discover) == inspect.signature(discover.discover)
    with pytest.raises(ValueError, match="`x`"):
        keras_addmul.discover([[1.0]], [1.0, 2.0])


@pytest.mark.parametrize(
    ("typed", "eager"),
    [
        (["-m", "keras_addmul", "--version"], False),
        (["-m", "keras_addmul.annotations"], True),
        (["-c", "import keras_addmul"], True),
    ],
)
def test_only_our_own_command_imports_the_layers_late(tmp_path, typed, eager):
    """A stub in place of Keras tells whether it was imported."""
    (tmp_path / "keras.py").write_text("raise SystemExit('Keras was imported')")

    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, *typed],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert ("Keras was imported" in done.stderr) is eager


def test_api_reference_has_a_page_for_every_package():
    script = ast.parse((ROOT / "docs" / "site_pages.py").read_text())
    (pages,) = (
        ast.literal_eval(node.value)
        for node in script.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PACKAGES"
    )
    parts = {name.removeprefix("keras_addmul.") for name in PACKAGES}
    assert set(pages) == parts - {"commands", "demo"}  # these have no API to call


def test_version_is_the_same_everywhere():
    version = keras_addmul.__version__
    for file, line in (
        ("docs/CHANGELOG.md", f"## {version}"),
        ("docs/CITATION.cff", f"version: {version}\n"),
        ("README.md", f"Version {version}"),
    ):
        assert line in (ROOT / file).read_text(), file
