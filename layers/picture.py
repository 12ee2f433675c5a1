"""How the pictures of the cards are drawn and written.

The same version of matplotlib writes the same files: there is no date in them, and
`tests/test_cards.py` compares.
"""

import io
import re
from pathlib import Path

import matplotlib

STYLE = {
    "svg.hashsalt": "keras_addmul",
    "svg.fonttype": "path",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
}


def save(pictures, folder):
    """Writes `name.svg` for each name and function that draws a figure; returns the names."""
    with matplotlib.rc_context(STYLE):
        for name, draw in pictures.items():
            text = io.StringIO()
            draw().savefig(text, format="svg", metadata={"Date": None})
            lines = [_rounded(line) for line in text.getvalue().splitlines()]
            (Path(folder) / name).write_text("\n".join(lines) + "\n")
    return sorted(pictures)


def _rounded(line):
    """A line of an .svg file, coordinates of paths with two digits: a third of the size."""
    if re.match(r"(<path .*d=\")?[MLCQ] [-0-9. ]+", line.strip()):
        return re.sub(r"(\.\d\d)\d+", r"\1", line.rstrip())
    return line.rstrip()
