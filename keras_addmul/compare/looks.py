"""Remembers at which numbers of seeds a comparison was looked at: each look adds false alarms."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from keras_addmul.annotations import Config
from keras_addmul.discover.report.files import replace_files

__all__ = ["seen"]

NAME = "looks.txt"


def seen(
    folder: Path, models: Mapping[str, Config], settings: Config, seeds: int
) -> tuple[int, ...]:
    """Adds a look to those kept in a folder, and returns all of the same comparison.

    Args:
        folder: Where the runs are kept.
        models: What the models are, by name.
        settings: How they are trained.
        seeds: Number of seeds of this look.
    """
    text = json.dumps([list(models.values()), settings], sort_keys=True, default=str)
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    path = folder / NAME
    kept = {}
    # ValueError: a file that is not whole tells of no looks.
    with contextlib.suppress(FileNotFoundError, ValueError):
        kept = json.loads(path.read_text())
    kept[key] = sorted({*kept.get(key, []), seeds})
    replace_files(folder, {NAME: json.dumps(kept).encode()})
    return tuple(kept[key])
