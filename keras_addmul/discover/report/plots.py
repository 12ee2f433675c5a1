"""Draws the pictures of a report."""

import io
from typing import Any

import numpy as np

from keras_addmul.discover.finding import Discovery

__all__ = ["GREY", "INK", "OTHER", "OURS", "STYLE", "draw_fit", "draw_front", "png"]

OURS, OTHER, GREY, INK = "#0b6e99", "#d9822b", "#9a9a9a", "#333333"
POINTS = 4000  # of more rows, so many are drawn
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
}


def draw_fit(discovery: Discovery) -> bytes:
    """Draws prediction against truth and residual against prediction, on the held-out rows.

    If the target is positive and spans more than two decades, its axes are
    logarithmic and the residuals are relative to the truth.

    Returns:
        The bytes of a PNG file.
    """
    import matplotlib
    from matplotlib.figure import Figure

    rows, prediction = discovery.held_out, discovery.predictions
    shown = f"{len(rows)}"
    if len(rows) > POINTS:
        shown = f"{POINTS} of the {shown}"
        some = np.random.default_rng(discovery.seed).choice(len(rows), POINTS, replace=False)
        rows, prediction = rows[some], prediction[some]
    truth = discovery.table.y[rows]
    finite = np.isfinite(prediction)
    truth, prediction = truth[finite], prediction[finite]
    decades = len(truth) and min(truth.min(), prediction.min()) > 0
    decades = bool(decades and truth.max() > 100 * truth.min())
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, 4.4), dpi=130, layout="constrained")
        left, right = figure.subplots(1, 2)
        if len(truth):
            _predictions(left, truth, prediction, decades)
            _residuals(right, truth, prediction, decades)
        name = _label(discovery.table.target)
        unit = "relative to the truth" if decades else f"of {name}"
        left.set(
            title=f"{shown} rows, each predicted from others"
            if discovery.cross_validated
            else f"{shown} held-out rows",
            xlabel=f"{name}, true",
        )
        left.set(ylabel=f"{name}, predicted")
        right.set(title="Residuals", xlabel=f"{name}, predicted", ylabel=f"residual {unit}")
        return png(figure)


def draw_front(discovery: Discovery) -> bytes:
    """Draws the error of each formula on the Pareto front against its complexity.

    Returns:
        The bytes of a PNG file.
    """
    import matplotlib
    from matplotlib.figure import Figure

    front = [f for f in discovery.front if np.isfinite(f.error)]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5, 2.9), dpi=130, layout="constrained")
        axes: Any = figure.subplots()
        # A logarithmic axis cannot show an error of zero; it is drawn at the level of rounding.
        errors = [max(f.error, 1e-17) for f in front]
        complexities = [f.complexity for f in front]
        axes.step(complexities, errors, where="post", color=GREY, linewidth=1, zorder=1)
        for f, error in zip(front, errors, strict=True):
            chosen = f.text == discovery.formula.text
            color, size = (OTHER, 70) if chosen else (OURS, 30)
            axes.scatter(f.complexity, error, s=size, color=color, zorder=2)
            if chosen:
                axes.annotate(
                    "chosen", (f.complexity, error), xytext=(8, 4), textcoords="offset points",
                    color=color,
                )  # fmt: skip
        axes.set(yscale="log", xlabel="complexity", ylabel="relative error")
        axes.margins(x=0.2, y=0.15)
        axes.locator_params(axis="x", integer=True)
        return png(figure)


def _predictions(axes: Any, truth: np.ndarray, prediction: np.ndarray, decades: bool) -> None:
    low, high = min(truth.min(), prediction.min()), max(truth.max(), prediction.max())
    axes.plot([low, high], [low, high], color=GREY, linewidth=1, zorder=1)
    axes.scatter(truth, prediction, **_dots(len(truth)))
    if decades:
        axes.set(xscale="log", yscale="log")


def _residuals(axes: Any, truth: np.ndarray, prediction: np.ndarray, decades: bool) -> None:
    residual = 1 - prediction / truth if decades else truth - prediction
    axes.axhline(0, color=GREY, linewidth=1, zorder=1)
    axes.scatter(prediction, residual, **_dots(len(truth)))
    largest = np.abs(residual).max()
    # If all residuals are zero, the axis spans the size of rounding.
    largest = largest if largest > 0 else np.finfo("float64").eps * np.abs(truth).max()
    if largest > 0:
        axes.set_ylim(-1.15 * largest, 1.15 * largest)
    if decades:
        axes.set_xscale("log")


def _dots(rows: int) -> dict[str, Any]:
    """Returns the style of the dots: the more rows, the smaller and paler."""
    many = float(np.clip((np.log10(max(rows, 1)) - 1.3) / 2.3, 0, 1))
    return {
        "s": 34 - 28 * many,
        "alpha": 0.85 - 0.5 * many,
        "color": OURS,
        "linewidths": 0,
        "zorder": 2,
    }


def _label(name: str) -> str:
    """Shortens the name of a column for an axis, and escapes its dollar signs."""
    name = name if len(name) <= 40 else f"{name[:37]}..."
    return name.replace("$", r"\$")


def png(figure: Any) -> bytes:
    """Returns a figure of matplotlib as the bytes of a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", facecolor="white")
    return file.getvalue()
