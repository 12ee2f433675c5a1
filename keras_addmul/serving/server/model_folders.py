"""Finds the models and their versions in a directory, and what has changed there."""

import json
from pathlib import Path

from keras_addmul.serving.version_folders import version_numbers

__all__ = ["LABELS", "fingerprint", "labels_in", "models_in"]

LABELS = "labels.json"


def models_in(folder: Path) -> dict[str, dict[int, Path]]:
    """Returns the versions of each model in a directory.

    Args:
        folder: A SavedModel, a directory of numbered versions, or a directory of several of these.

    Returns:
        For each model by name, the paths of its versions by number. A SavedModel without a number
        is version 1.
    """
    folder = folder.resolve()
    alone = _versions(folder)
    if alone is not None:
        return {folder.name: alone}
    found = {}
    for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
        versions = _versions(entry) if entry.is_dir() and entry.name[0] != "." else None
        if versions is not None:
            found[entry.name] = versions
    return found


def labels_in(folder: Path) -> dict[str, int]:
    """Returns the labels of a model's versions: the content of its `labels.json`, if it is valid.

    Args:
        folder: Directory of the model's versions.
    """
    try:
        content = json.loads((folder / LABELS).read_text())
        return {str(name): int(number) for name, number in content.items()}
    except (AttributeError, OSError, TypeError, ValueError):
        return {}


def fingerprint(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Returns something that changes when a file in a SavedModel does.

    Args:
        path: Directory of the SavedModel.
    """
    found = []
    for file in sorted(path.rglob("*")):
        try:
            about = file.stat()
        except OSError:  # it was removed meanwhile
            continue
        if file.is_file():
            found.append((str(file.relative_to(path)), about.st_size, about.st_mtime_ns))
    return tuple(found)


def _versions(folder: Path) -> dict[int, Path] | None:
    """Returns the versions of one model, or None if the directory holds none."""
    if (folder / "saved_model.pb").is_file():
        return {1: folder}
    numbers = version_numbers(folder)
    return {number: folder / str(number) for number in numbers} if numbers else None
