"""Directories of numbered versions of a model, as TensorFlow Serving reads them."""

import os
import shutil
from os import PathLike
from pathlib import Path

from keras_addmul.serving.staging import local_directory

__all__ = ["add_version", "folder_of_versions", "keep_last", "rollback", "version_numbers"]

# A version that was rolled back keeps its number, which no later version takes.
_WITHDRAWN = ".withdrawn"


def folder_of_versions(path: str | PathLike[str]) -> Path:
    """Returns the absolute path of a directory that may get another version.

    Args:
        path: Local directory.

    Raises:
        ValueError: If `path` is not local.
        FileExistsError: If it is a file, or a directory of something else.
    """
    folder = local_directory(path)
    if (folder / "saved_model.pb").exists() or (
        folder.is_dir()
        and any(not entry.name.startswith(".") for entry in folder.iterdir())
        and not version_numbers(folder)
    ):
        raise FileExistsError(
            "`path` must be new, empty, or a directory of numbered versions. "
            f"Received a directory of something else: {str(path)!r}"
        )
    return folder


def version_numbers(folder: Path) -> list[int]:
    """Returns the numbers of the versions in a directory, the newest last.

    Args:
        folder: Directory of a model, with a directory for each version.

    Returns:
        List of integers, ascending.
    """
    return sorted(int(entry.name) for entry in _entries(folder) if entry.name.isdecimal())


def add_version(fresh: Path, folder: Path) -> Path:
    """Moves a SavedModel into a directory of versions, under the next number.

    Args:
        fresh: The SavedModel, on the same file system.
        folder: Directory of the model.

    Returns:
        `pathlib.Path` of the new version.
    """
    while True:
        used = [entry.name.removesuffix(_WITHDRAWN) for entry in _entries(folder)]
        number = max((int(name) for name in used if name.isdecimal()), default=0) + 1
        target = folder / str(number)
        try:
            os.rename(fresh, target)
            return target
        except OSError:
            if not target.exists():  # otherwise another process was faster
                raise


def keep_last(folder: Path, count: int) -> None:
    """Removes all versions but the last ones.

    Args:
        folder: Directory of the model.
        count: How many versions to keep.
    """
    for number in version_numbers(folder)[:-count]:
        # Under another name first, so that a server never finds half a version.
        gone = folder / f".{number}.removed"
        os.rename(folder / str(number), gone)
        shutil.rmtree(gone, ignore_errors=True)


def rollback(path: str | PathLike[str]) -> Path:
    """Withdraws the newest version of a model, so that servers return to the one before.

    The directory of the withdrawn version is renamed and not deleted: rename
    `3.withdrawn` to `3` to serve it again. Its number is not given to another version.

    Args:
        path: Directory of a model with numbered versions, as written by
            `export` with `keep`.

    Returns:
        `pathlib.Path` of the version that is now the newest.

    Raises:
        ValueError: If there are fewer than two versions.

    Example:

    >>> import tempfile
    >>> import keras
    >>> from keras_addmul import serving
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(3.0)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for _ in range(2):
    ...         newest = serving.export(model, f"{folder}/triple", jit=False, keep=3)
    ...     newest.name, serving.rollback(f"{folder}/triple").name
    ('2', '1')
    """
    folder = Path(path)
    numbers = version_numbers(folder)
    if len(numbers) < 2:
        raise ValueError(
            "`path` must be a directory with at least two numbered versions. "
            f"Received: {str(path)!r} with {numbers or 'none'}"
        )
    newest = folder / str(numbers[-1])
    os.rename(newest, newest.with_name(newest.name + _WITHDRAWN))
    return folder / str(numbers[-2])


def _entries(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
