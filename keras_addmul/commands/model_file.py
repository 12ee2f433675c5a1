"""Checks a .keras file before Keras is imported, and loads it."""

import argparse
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_addmul.commands.arguments import keras_file

__all__ = ["checked", "load"]

# Packages whose classes Keras finds by itself when it loads a file.
KNOWN = ("keras", "keras_hub", "keras_cv", "keras_nlp", "keras_addmul", "builtins")


def checked(text: str) -> Path:
    """Returns the path of a .keras file of known classes, for `type=` of argparse.

    Raises:
        argparse.ArgumentTypeError: If it is not such a file; the message says why.
    """
    path = keras_file(text)
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise argparse.ArgumentTypeError(
            f"must be a .keras file as Keras writes it. Received: {text!r}, which is damaged"
        ) from error
    foreign = sorted(set(_foreign(config)))
    if foreign:
        raise argparse.ArgumentTypeError(
            f"must hold classes of Keras or keras_addmul only: your own can be loaded from Python, "
            f"where they are imported. Received: {text!r} with {', '.join(foreign)}"
        )
    return path


def load(path: Path) -> Any:
    """Loads the model in a .keras file, without compiling it.

    Raises:
        ValueError: If Keras cannot load it.
    """
    import keras

    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:
        raise ValueError(f"`model` cannot be loaded from {str(path)!r}: {error}") from error


def _foreign(config: Any) -> Iterator[str]:
    """Yields the names of classes that neither Keras nor this package defines."""
    if isinstance(config, list):
        for entry in config:
            yield from _foreign(entry)
    if not isinstance(config, dict):
        return
    name, module = config.get("registered_name"), config.get("module")
    if isinstance(name, str) and "class_name" in config:
        package = name.split(">")[0] if ">" in name else str(module).split(".")[0]
        if package not in KNOWN:
            yield name
    for key, entry in config.items():
        if key != "compile_config":  # the loss and the optimizer are not loaded
            yield from _foreign(entry)
