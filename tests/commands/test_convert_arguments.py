"""What `convert` takes before Keras is imported."""

import argparse
import zipfile

import pytest

from keras_addmul.commands import convert_command


@pytest.mark.parametrize("arguments", [["--degree", "3"], ["--order", "3"], []])
def test_the_degree_has_its_name_and_the_earlier_one(arguments, tmp_path):
    model = tmp_path / "m.keras"
    with zipfile.ZipFile(model, "w") as archive:
        archive.writestr("config.json", "{}")
    parser = argparse.ArgumentParser()
    convert_command.add_to(parser.add_subparsers())
    out = str(tmp_path / "c.keras")
    options = parser.parse_args(["convert", str(model), "--out", out, *arguments])
    assert options.degree == (3 if arguments else 2)
