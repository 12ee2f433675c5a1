"""Writes the page that lists the formulas of groups of rows."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.report import sentences
from keras_addmul.discover.report.files import replace_files
from keras_addmul.discover.report.html_parts import document, escaped, table

__all__ = ["folder_name", "write"]


def folder_name(by: str, value: str, values: Sequence[str]) -> str:
    """Returns the name of the directory of a group, different for each of the values."""

    def plain(text: str) -> str:
        return re.sub(r"[^\w.+-]+", "_", text).strip("._") or "group"

    same = [other for other in values if plain(other).lower() == plain(value).lower()]
    behind = f"_{same.index(value) + 1}" if len(same) > 1 else ""
    return f"{plain(by)}={plain(value)}{behind}"


def write(
    by: str,
    found: Mapping[str, Discovery],
    values: Sequence[str],
    left: Sequence[str],
    folder: Path,
) -> Path:
    """Writes `report.html`, which links the reports of the groups, and `groups.json`.

    Args:
        by: Name of the column whose values are the groups.
        found: The `Discovery` of each group.
        values: All values, by which the directories are named.
        left: Sentences on groups that were left out.
        folder: Directory that holds those of the groups.

    Returns:
        `pathlib.Path` of the page.
    """
    folders = {value: folder_name(by, value, values) for value in found}
    title = f"Formulas for {next(iter(found.values())).table.target}, one for each {by}"
    rows = [(value, one.formula.text, sentences.verdict(one)) for value, one in found.items()]
    links = "".join(
        f'<li><a href="{escaped(inside)}/report.html">{escaped(by)} = {escaped(value)}</a></li>'
        for value, inside in folders.items()
    )
    notes = "".join(f"<p>{escaped(note)}</p>" for note in left)
    parts = [f"<h1>{escaped(title)}</h1>", table((by, "formula", ""), rows, code=1)]
    parts += ["<h2>The reports</h2>", f"<ul>{links}</ul>", notes]
    known = {"by": by, "groups": folders}
    replace_files(
        folder,
        {
            "groups.json": (json.dumps(known, indent=2) + "\n").encode(),
            "report.html": document(title, parts).encode(),
        },
    )
    return folder / "report.html"
