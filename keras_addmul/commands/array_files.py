"""Loads arrays from .npy and .npz files."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["load"]


def load(files: Sequence[Path], argument: str) -> Any:
    """Loads one array, a list of arrays, or the dictionary of arrays in a .npz file.

    Args:
        files: Paths of .npy files, or of one .npz file.
        argument: Name of the argument, for messages.

    Returns:
        An array for one .npy file, a list of arrays for several, a dictionary for a .npz file.

    Raises:
        ValueError: If a file does not hold arrays of numbers or strings, or a .npz file is
            combined with other files.
    """
    import numpy as np

    loaded = []
    for file in files:
        try:
            content = np.load(file)
            one = dict(content) if isinstance(content, np.lib.npyio.NpzFile) else content
        except (EOFError, OSError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"`{argument}` must be a .npy or .npz file as NumPy writes it, without objects. "
                f"Received: {str(file)!r}"
            ) from error
        loaded.append(one)
    if len(loaded) > 1 and any(isinstance(one, dict) for one in loaded):
        raise ValueError(f"`{argument}` must be .npy files, or one .npz. Received: {len(loaded)}")
    return loaded[0] if len(loaded) == 1 else loaded
