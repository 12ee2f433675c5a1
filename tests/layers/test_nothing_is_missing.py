"""What a layer needs beside its own file, told to whoever adds one."""

import inspect
import re
from pathlib import Path

import keras
import pytest

from keras_addmul import layers
from tests.layers.cases import CASES

ROOT = Path(__file__).parents[2]
CARDS = {path.stem: path.read_text() for path in (ROOT / "layers").glob("[A-Z]*[a-z].md")}
SECTIONS = ["Args", "Raises", "Weights", "Input shape", "Output shape", "Example"]


def layers_defined():
    """Every registered layer that the package defines, exported or not."""
    for found in keras.saving.get_custom_objects().values():
        ours = getattr(found, "__module__", "").startswith("keras_addmul.layers.")
        if ours and isinstance(found, type) and issubclass(found, keras.layers.Layer):
            yield found


def missing(layer):
    """What is still to be written for a layer, a sentence each."""
    name, file = layer.__name__, f"keras_addmul/{layer.__module__.split('.', 1)[1]}"
    file = file.replace(".", "/") + ".py"
    if name not in layers.__all__:
        yield f"import {name} in keras_addmul/layers/__init__.py and list it in `__all__`"
    documented = inspect.getdoc(layer) or ""
    for section in SECTIONS:
        if not re.search(rf"^{section}:", documented, re.M):
            yield f"give the docstring of {name} in {file} a section `{section}:`"
    for parameter in list(inspect.signature(layer.__init__).parameters.values())[1:]:
        if parameter.annotation is parameter.empty:
            yield f"annotate the argument `{parameter.name}` of {name} in {file}"
        if not re.search(rf"\b{parameter.name}\b", documented):
            yield f"describe the argument `{parameter.name}` of {name} in {file}"
    if name not in CASES:
        yield f"add the arguments of {name} to tests/layers/cases.py"
    shown = [card for card, text in CARDS.items() if card == name or f"\n### {name}\n" in text]
    if not shown:
        yield f"write the card layers/{name}.md, or a heading `### {name}` in that of its family"
    gallery = (ROOT / "layers" / "README.md").read_text()
    for card in shown:
        if f"({card}.md)" not in gallery:
            yield f"link layers/{card}.md in layers/README.md"


@pytest.mark.parametrize("layer", list(layers_defined()), ids=lambda layer: layer.__name__)
def test_nothing_is_missing_of_a_layer(layer):
    todo = list(missing(layer))
    assert not todo, "\n- ".join([f"{layer.__name__} is not complete yet:", *todo])


def test_contributing_draws_every_folder_and_names_every_command():
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    package = ROOT / "keras_addmul"
    folders = [path.parent for path in package.rglob("__init__.py") if path.parent != package]
    for folder in folders:
        assert folder.name.startswith("_") or f"{folder.name}/ " in text, folder
    for target in re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M):
        assert f"`make {target}`" in text, target
