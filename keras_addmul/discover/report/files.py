"""Writes a report to files."""

import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_addmul.discover.dimension_check import dimensions
from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.forms import python_source
from keras_addmul.discover.report import html_page, plots, sentences
from keras_addmul.discover.report.screen import plain
from keras_addmul.extras import require_extra

__all__ = ["directory", "fields", "replace_files", "source", "write"]


def write(discovery: Discovery, folder: str | Path) -> Path:
    """Writes a report: `report.html`, and `formula` as `.py`, `.json`, `.txt` and `.png`.

    The page embeds its pictures and needs no other file; `formula.py` runs alone, with NumPy
    only. Everything is rendered before
    anything is written, and each file is replaced in one step: a report that fails
    or is interrupted leaves an earlier one as it was. Other files are not touched.

    Args:
        discovery: The `Discovery` to report.
        folder: Directory to write to; it is created if it does not exist.

    Returns:
        `pathlib.Path` of the page.

    Raises:
        ImportError: If a library of the extra `discover` is missing.
        OSError: If `folder` is a file, or cannot be written to.
    """
    require_extra("discover", "matplotlib", "rich", "sympy")
    folder = directory(folder)
    fit = plots.draw_fit(discovery)
    text = html_page.page(discovery, fit, plots.draw_front(discovery))
    files = {
        "formula.py": source(discovery).encode(),
        "formula.png": fit,
        "formula.txt": plain(discovery).encode(),
        "formula.json": (json.dumps(fields(discovery), indent=2) + "\n").encode(),
        "report.html": text.encode(),
    }
    replace_files(folder, files)
    return folder / "report.html"


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files, each of which replaces an earlier one in one step.

    Args:
        folder: An existing directory.
        files: Their contents by name.
    """
    with tempfile.TemporaryDirectory(prefix=".report.", dir=folder) as staging:
        for name, content in files.items():
            (Path(staging) / name).write_bytes(content)
        for name in files:
            os.replace(Path(staging) / name, folder / name)


def directory(folder: str | Path, argument: str = "out") -> Path:
    """Creates the directory of a report if it does not exist, and checks that it is writable.

    Args:
        folder: Its path.
        argument: What the user calls it.

    Raises:
        OSError: If `folder` is a file, cannot be created, or cannot be written to.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            f"`{argument}` must be a directory to write to. Received the file: {str(folder)!r}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"`{argument}` must be a directory to write to. Received: {str(folder)!r} "
            f"({error.strerror or error})"
        ) from error
    return folder


def source(discovery: Discovery) -> str:
    """Returns the text of `formula.py`."""
    formula, table = discovery.formula, discovery.table
    return python_source.program(
        formula.python,
        formula.text,
        sentences.verdict(discovery),
        table.target,
        dict(zip(table.names, table.domain, strict=True)),
    )


def fields(discovery: Discovery) -> dict[str, Any]:
    """Returns a report as a dictionary for JSON, with None for numbers that are not finite."""
    formula, table = discovery.formula, discovery.table
    return {
        "target": table.target,
        "formula": formula.text,
        "latex": formula.latex,
        "python": formula.python,
        "spreadsheet": formula.spreadsheet,
        "structure": formula.structure,
        "exact": bool(formula.exact),
        "r2": _finite(formula.r2),
        "r2_interval": [_finite(end) for end in discovery.r2_interval],
        "relative_error": _finite(formula.error),
        "complexity": _finite(formula.complexity),
        "verdict": sentences.verdict(discovery),
        "kind": sentences.judged(discovery)[0],
        "noise": formula.noise,
        "measured": [
            {
                "name": m.name,
                "value": _finite(m.value),
                "standard_error": _finite(m.error),
                "interval": [_finite(m.low), _finite(m.high)],
            }
            for m in formula.measured
        ],
        "interrupted": discovery.interrupted,
        "cross_validated": discovery.cross_validated,
        "front": [
            {
                "formula": f.text,
                "complexity": _finite(f.complexity),
                "relative_error": _finite(f.error),
                "r2": _finite(f.r2),
            }
            for f in discovery.front
        ],
        "baselines": [
            {
                "name": b.name,
                "r2": _finite(b.r2),
                "relative_error": _finite(b.error),
                "parameters": b.parameters,
                "seconds": b.seconds,
                "note": b.note,
            }
            for b in discovery.baselines
        ],
        "used": sorted(symbol.name for symbol in formula.expression.free_symbols),
        "units": dict(table.units),
        "dimensions": dimensions(formula, table.units),
        "days_since": dict(table.since),
        "domain": dict(zip(table.names, map(list, table.domain), strict=True)),
        "notes": list(table.notes),
        "training_rows": len(discovery.train),
        "held_out_rows": len(discovery.held_out),
        "seed": int(discovery.seed),
        "seconds": float(discovery.seconds),
    }


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
