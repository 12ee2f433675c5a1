"""Draws the pictures of a comparison."""

from typing import Any

import numpy as np

from keras_addmul.compare.findings import Findings
from keras_addmul.compare.report.said import level
from keras_addmul.discover.report.plots import GREY, OTHER, OURS, STYLE, png

__all__ = ["draw_costs", "draw_curves", "draw_differences"]

COLORS = ("#5a5a5a", OURS, OTHER, "#2e7d4f", "#8c3d88", "#b0413e", "#7a6a00", "#3d5a8c")


def draw_curves(found: Findings) -> bytes:
    """Draws the score on held-out rows after each epoch: median, and the middle half of seeds.

    Returns:
        The bytes of a PNG file.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, 4.2), dpi=130, layout="constrained")
        axes: Any = figure.subplots(1, 2)
        for axis, curve, title in zip(
            axes,
            ("score", "loss"),
            (f"{found.metric}, held-out rows", "loss, training rows"),
            strict=True,
        ):
            logarithmic = True
            for color, arm in zip(_colors(found), found.arms, strict=True):
                low, middle, high = _band([r.get("curves", {}) for r in found.of(arm)], curve)
                if not len(middle):
                    continue
                epochs = np.arange(1, len(middle) + 1)
                marker = "o" if len(middle) == 1 else None
                axis.plot(epochs, middle, color=color, label=_short(arm), marker=marker, zorder=3)
                axis.fill_between(epochs, low, high, color=color, alpha=0.18, linewidth=0)
                logarithmic &= bool(np.nanmin(low) > 0.0)
            accuracy = curve == "score" and found.higher_is_better
            if logarithmic and not accuracy:
                axis.set_yscale("log")
                _plain_numbers(axis.yaxis, axis.get_ylim())
            axis.set(title=title, xlabel="epoch")
        axes[0].legend(frameon=False)
        return png(figure)


def draw_differences(found: Findings) -> bytes:
    """Draws the paired difference of each seed, with the interval of its mean and the margin.

    Returns:
        The bytes of a PNG file.
    """
    import matplotlib
    from matplotlib.figure import Figure

    verdicts = found.judgements
    scores = {(r["arm"], r["seed"]): r.get("score") for r in found.runs}
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, 1.6 + 0.75 * max(1, len(verdicts))), dpi=130)
        figure.set_layout_engine("constrained")
        axis: Any = figure.subplots()
        rng = np.random.default_rng(0)
        for row, v in enumerate(verdicts):
            color = _colors(found)[found.arms.index(v.arm)]
            pairs = [(scores[v.baseline, s], scores[v.arm, s]) for s in found.complete_seeds]
            d = [_difference(v, a, b) for a, b in pairs if a is not None and b is not None]
            height = row + rng.uniform(-0.22, 0.22, len(d))
            axis.scatter(d, height, s=22, color=color, alpha=0.55, linewidths=0, zorder=2)
            if v.paired.n > 1:
                axis.plot(v.paired.interval, [row, row], color=color, linewidth=3, zorder=3)
                axis.plot(v.paired.mean, row, "o", color=color, markersize=9, zorder=4)
        if verdicts:
            margin = verdicts[0].margin
            axis.axvspan(-margin, margin, color=GREY, alpha=0.18, linewidth=0)
            log = verdicts[0].log
            what = f"log ratio of {found.metric}" if log else f"difference of {found.metric}"
            axis.set_xlabel(f"{what}: better than {_short(found.arms[0])} to the right")
        axis.axvline(0.0, color=GREY, linewidth=1)
        axis.set_yticks(range(len(verdicts)), [_short(v.arm) for v in verdicts])
        axis.set_ylim(len(verdicts) - 0.4, -0.6)
        axis.grid(visible=False, axis="y")
        axis.set_title(
            f"one dot a seed; bar: {level(found)} interval of the mean; grey: does not matter"
        )
        return png(figure)


def draw_costs(found: Findings) -> bytes:
    """Draws the score against the time of a training and the number of parameters.

    Returns:
        The bytes of a PNG file.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, 3.6), dpi=130, layout="constrained")
        axes: Any = figure.subplots(1, 2)
        for color, s in zip(_colors(found), found.summaries, strict=True):
            scores = [r["score"] for r in found.of(s.name) if r.get("score") is not None]
            if not scores:
                continue
            low, middle, high = np.quantile(scores, (0.25, 0.5, 0.75))
            error = [[middle - low], [high - middle]]
            steps = next((r["steps"] for r in found.of(s.name) if r.get("steps")), None)
            own = found.step_times.get(s.name)
            costs = (steps * np.median(own) if steps and own else s.seconds, s.parameters)
            for axis, cost in zip(axes, costs, strict=True):
                if cost:
                    axis.errorbar(cost, middle, error, fmt="o", color=color, capsize=3)
                    axis.annotate(
                        _short(s.name), (cost, middle), xytext=(7, 5), textcoords="offset points",
                        color=color,
                    )  # fmt: skip
        for axis, label in zip(axes, ("seconds of a training", "trainable numbers"), strict=True):
            axis.set(xlabel=label, ylabel=found.metric, xscale="log")
            if not found.higher_is_better:
                axis.set_yscale("log")
            axis.margins(x=0.3, y=0.2)
            _plain_numbers(axis.xaxis, axis.get_xlim())
            if not found.higher_is_better:
                _plain_numbers(axis.yaxis, axis.get_ylim())
        axes[0].set_title("median over seeds, and the middle half")
        return png(figure)


def _plain_numbers(axis: Any, limits: tuple[float, float]) -> None:
    """Writes 0.3 rather than 3 x 10^-1 on a logarithmic axis, and few numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    low, high = limits
    some = LogLocator(subs=(1.0, 2.0, 5.0) if high < 100.0 * low else (1.0,))
    axis.set_major_locator(MaxNLocator(4) if high < 5.0 * low else some)
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _band(curves: list[dict[str, list[float]]], name: str) -> tuple[np.ndarray, ...]:
    """Quartiles over seeds after each epoch; a run that stopped early is missing from there on."""
    rows = [np.array(c.get(name, []), float) for c in curves]
    longest = max(map(len, rows), default=0)
    if not longest:
        return (np.array([]),) * 3
    table = np.full((len(rows), longest), np.nan)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    some = np.isfinite(table).any(axis=0)
    found = np.full((3, longest), np.nan)
    found[:, some] = np.nanquantile(table[:, some], (0.25, 0.5, 0.75), axis=0)
    return tuple(found)


def _difference(v: Any, baseline: float, arm: float) -> float:
    a, b = np.log([baseline, arm]) if v.log else (baseline, arm)
    return float(b - a if v.higher_is_better else a - b)


def _colors(found: Findings) -> list[str]:
    return [COLORS[i % len(COLORS)] for i in range(len(found.arms))]


def _short(name: str) -> str:
    name = name if len(name) <= 30 else f"{name[:27]}..."
    return name.replace("$", r"\$")
