"""One style for the pictures of the cards: colors, labels on curves, and how files are written.

The same version of matplotlib writes the same files: there is no date in them, and
`tests/test_cards.py` compares.
"""

import io
import itertools
import re
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

# Orange and blue stay apart for every kind of color vision; green is Okabe and Ito's.
ORANGE, BLUE, GREEN, GREY = "#d9822b", "#0b6e99", "#009e73", "#7a7a7a"
SCALE = LinearSegmentedColormap.from_list("scale", [ORANGE, "#9b8aa6", BLUE])

STYLE = {
    "svg.hashsalt": "keras_addmul",
    "svg.fonttype": "path",
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
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


def places(low, high, breaks=(), number=401):
    """Points from `low` to `high` that come close to each break from either side.

    A break itself stands as nan, so that no line is drawn across a jump.
    """
    edges = [low, *sorted(breaks), high]
    parts = []
    for start, end in itertools.pairwise(edges):
        count = max(2, round(number * (end - start) / (high - low)))
        gap = 1e-6 * (high - low)
        inside = start if start == low else start + gap, end if end == high else end - gap
        parts += [np.linspace(*inside, count), [np.nan]]
    return np.concatenate(parts[:-1])


def valued(function, x):
    """`function(x)` with nan where x is nan; the function sees finite numbers only."""
    known = np.isfinite(x)
    y = np.full(len(x), np.nan)
    y[known] = np.asarray(function(x[known]), "float64").reshape(-1)
    return y


def broken(y, least=0.05):
    """`y` with nan before each step that is far larger than the steps beside it."""
    steps = np.abs(np.diff(y))
    padded = np.concatenate([[0.0], steps, [0.0]])
    beside = np.maximum(padded[:-2], padded[2:])
    y = np.array(y, "float64")
    y[:-1][(steps > least) & (steps > 8 * beside)] = np.nan
    return y


def label_ends(ax, curves, fontsize=9, gap=0.055, top="above", beside=0.0):
    """Writes a name where each curve leaves the axes: at the right, or at the top.

    Args:
        ax: Axes with their final limits.
        curves: Tuples of x, y, text and color.
        fontsize: Of the names.
        gap: Least distance of two names at the right, in heights of the axes.
        top: Where a curve that leaves through the top is named: "above" the axes,
            "inside" them to its left, or at the "right".
        beside: Least distance of two names above, in widths of the axes.
    """
    low, high = ax.get_ylim()
    start, end = ax.get_xlim()
    right, above = [], []
    for x, y, text, color in curves:
        inside = np.flatnonzero(np.isfinite(y) & (y <= high) & (y >= low) & (x <= end))
        last = inside[-1]
        leaves = last + 1 < len(x) and np.isfinite(y[last + 1]) and y[last + 1] > high
        if leaves and top != "right":
            above.append([(x[last] - start) / (end - start), text, color])
        else:
            right.append([(y[last] - low) / (high - low), text, color])
    style = {"xycoords": "axes fraction", "textcoords": "offset points", "fontsize": fontsize}
    heights = spread([height for height, _, _ in right], gap)
    for height, (_, text, color) in zip(heights, right, strict=True):
        ax.annotate(text, (1.0, height), (4, 0), va="center", color=color, **style)
    for at, (_, text, color) in zip(spread([at for at, *_ in above], beside), above, strict=True):
        if top == "above":
            place = {"ha": "center" if len(text) < 9 else "right", "va": "bottom"}
            ax.annotate(text, (at, 1.0), (0, 2), color=color, **place, **style)
        else:
            ax.annotate(text, (at, 1.0), (-7, -1), color=color, ha="right", va="top", **style)


def spread(heights, gap):
    """The heights moved apart until neighbors are at least `gap` from each other."""
    order = np.argsort(heights, kind="stable")
    moved = np.asarray(heights, "float64")[order]
    for _ in range(200):
        short = gap - np.diff(moved)
        if (short <= 1e-9).all():
            break
        push = np.maximum(short, 0.0) / 2
        moved[:-1] -= push
        moved[1:] += push
    found = np.empty_like(moved)
    found[order] = moved
    return found


def _rounded(line):
    """A line of an .svg file, coordinates of paths with two digits: a third of the size."""
    if re.match(r"(<path .*d=\")?[MLCQ] [-0-9. ]+", line.strip()):
        return re.sub(r"(\.\d\d)\d+", r"\1", line.rstrip())
    return line.rstrip()
