"""Draws the picture of the demonstration."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from keras_addmul.demo.results import Outcome

__all__ = ["draw"]

DAY: float = 86400.0
OURS, DENSE, DENSE_LOG, GREY = "#0b6e99", "#d9822b", "#8c6bb1", "#9a9a9a"


def draw(outcome: Outcome, path: str | Path) -> None:
    """Draws the predictions, the errors and the training of the weights to a PNG file."""
    figure = Figure(figsize=(14, 4.6), dpi=120, layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _predictions(left, outcome)
    _errors(middle, outcome)
    _weights(right, outcome)
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
    figure.savefig(path)


def _predictions(axes: Any, outcome: Outcome) -> None:
    """Plots predicted against measured periods, on logarithmic axes."""
    parts = outcome.parts
    ours, dense, *_ = outcome.predictions
    truth = parts.held_out.period / DAY
    low, high = truth.min() / 4, truth.max() * 8
    axes.plot([low, high], [low, high], color=GREY, linewidth=0.8, zorder=0)
    guess = outcome.predictions[dense]["held_out"] / DAY
    axes.loglog(truth, guess, "s", color=DENSE, markersize=5, fillstyle="none", label=dense)
    answer = outcome.predictions[ours]["held_out"] / DAY
    axes.loglog(truth, answer, "o", color=OURS, markersize=6, label=ours)
    for name, period in zip(parts.unseen.names, parts.unseen.period / DAY, strict=True):
        answer = outcome.predictions[ours]["unseen"] / DAY
        axes.loglog(period, answer, "*", color="black", markersize=13, label=f"{name}, unseen")
    axes.set(
        title="Periods of held-out bodies",
        xlabel="measured (days)",
        ylabel="predicted (days)",
        xlim=(low, high),
        ylim=(low * 0.8, high),
    )
    axes.legend(frameon=False, loc="upper left")


def _errors(axes: Any, outcome: Outcome) -> None:
    """Plots the sorted relative errors of each model, so that the median can be read off."""
    styles = zip(outcome.predictions, (OURS, DENSE, DENSE_LOG), "os^", strict=True)
    for name, color, marker in styles:
        errors = np.sort(outcome.errors(name, "held_out"))
        share = (np.arange(len(errors)) + 0.5) / len(errors)
        axes.semilogx(errors, share, color=color, marker=marker, markersize=4, label=name)
    axes.axvline(0.01, color=GREY, linewidth=0.8, linestyle="--")
    axes.set(
        title="Their relative errors",
        xlabel="relative error",
        ylabel="share of bodies with a smaller one",
        xlim=(5e-6, 10),
        ylim=(0, 1.35),
        yticks=np.linspace(0, 1, 5),
    )
    axes.legend(frameon=False, loc="upper left")
    axes.set_xticks([1e-4, 1e-3, 1e-2, 0.1, 1], ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"])


def _weights(axes: Any, outcome: Outcome) -> None:
    """Plots the order and the exponents during training."""
    lines = [
        ("order", 1.0, "black", "order"),
        ("axis_exponent", 1.5, OURS, "exponent of the axis"),
        ("mass_exponent", -0.5, DENSE, "exponent of the mass"),
    ]
    steps = outcome.path["step"]
    for field, truth, color, label in lines:
        axes.axhline(truth, color=color, linewidth=0.8, linestyle="--", alpha=0.6)
        axes.plot(steps, outcome.path[field], color=color, linewidth=2)
        axes.annotate(
            label, (steps[-1], truth), xytext=(0, -6), textcoords="offset points",
            color=color, ha="right", va="top",
        )  # fmt: skip
    axes.set(title="The neuron over its training", xlabel="step", xscale="log", ylim=(-0.8, 1.75))
