"""Writes the page that lists the formulas of groups of rows."""

import html
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.report import sentences
from keras_addmul.discover.report.html_parts import STYLE

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
    target = html.escape(next(iter(found.values())).table.target)
    rows = "".join(
        f'<tr><td><a href="{html.escape(folders[value])}/report.html">{html.escape(value)}</a></td>'
        f"<td><code>{html.escape(one.formula.text)}</code></td>"
        f"<td>{html.escape(sentences.verdict(one))}</td></tr>"
        for value, one in found.items()
    )
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in left)
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>Formulas for {target}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Formulas for {target}, one for each {html.escape(by)}</h1>\n"
        f'<div class="scroll"><table><tr><th>{html.escape(by)}</th><th>formula</th><th></th></tr>'
        f"{rows}</table></div>\n<ul>{notes}</ul>\n</body>\n</html>\n"
    )
    contents = {
        "groups.json": json.dumps({"by": by, "groups": folders}, indent=2) + "\n",
        "report.html": page,
    }
    with tempfile.TemporaryDirectory(prefix=".report.", dir=folder) as staging:
        for name, text in contents.items():
            (Path(staging) / name).write_text(text, encoding="utf-8")
            os.replace(Path(staging) / name, folder / name)
    return folder / "report.html"
