"""A picture shows every number that it is of, on scales that fit them."""

import types

import numpy as np
import pytest

from keras_addmul import demo
from keras_addmul.demo import drawing
from keras_addmul.demo.networks import Law
from keras_addmul.discover.report import plots

pytest.importorskip("matplotlib")

Y = {"decades": np.geomspace(0.5, 900.0, 30), "of both signs": np.linspace(-3.0, 8.0, 30)}


@pytest.fixture
def figures(monkeypatch):
    """The figures that are written."""
    from matplotlib.figure import Figure

    written = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **how: written.append(self))
    return written


def points(axes):
    """Every point of dots and lines; lines that go from edge to edge are left out."""
    found = [np.asarray(dots.get_offsets()) for dots in axes.collections]
    found += [line.get_xydata() for line in axes.lines if line.get_transform() == axes.transData]
    return np.concatenate(found)


def assert_all_are_shown(axes, xy):
    for values, limits in zip(xy.T, (axes.get_xlim(), axes.get_ylim()), strict=True):
        assert min(limits) <= values.min()
        assert values.max() <= max(limits)


def assert_is_plain(axes):
    assert not axes.spines["top"].get_visible()
    assert not axes.spines["right"].get_visible()
    assert axes.xaxis.get_gridlines()[0].get_visible()


def formula(error, complexity, text):
    return types.SimpleNamespace(error=error, complexity=complexity, text=text)


def discovery(y, residual):
    """As much of a discovery as the pictures use."""
    table = types.SimpleNamespace(x=y[:, None], y=y, target="T")
    front = [formula(0.5, 2.0, "a"), formula(1e-3, 5.0, "b"), formula(0.0, 9.0, "c")]

    predictions = y * (1.0 + residual * np.cos(np.arange(len(y))))
    return types.SimpleNamespace(
        held_out=np.arange(len(y)),
        predictions=predictions,
        cross_validated=False,
        table=table,
        formula=front[1],
        front=front,
        seed=0,
    )


@pytest.mark.parametrize("residual", [0.05, 0.0])
@pytest.mark.parametrize("kind", Y)
def test_picture_of_a_fit(kind, residual, figures):
    found = discovery(Y[kind], residual)
    plots.draw_fit(found)
    (figure,) = figures
    left, right = figure.axes
    truth, prediction = found.table.y, found.predictions
    scale = "log" if kind == "decades" else "linear"
    assert (left.get_xscale(), left.get_yscale(), right.get_xscale()) == (scale,) * 3
    assert right.get_yscale() == "linear"
    np.testing.assert_array_equal(left.collections[0].get_offsets(), np.c_[truth, prediction])
    away = 1 - prediction / truth if kind == "decades" else truth - prediction
    np.testing.assert_array_equal(right.collections[0].get_offsets(), np.c_[prediction, away])
    diagonal = left.lines[0].get_xydata()
    both = np.r_[truth, prediction]
    np.testing.assert_array_equal(diagonal, [[both.min()] * 2, [both.max()] * 2])
    low, high = right.get_ylim()
    assert low == -high < 0
    rounding = np.finfo("float64").eps * np.abs(truth).max()
    assert high < 1.3 * max(np.abs(away).max(), rounding)
    for axes in (left, right):
        assert_all_are_shown(axes, points(axes))
        assert_is_plain(axes)


def test_picture_of_many_rows_shows_some_of_them(figures):
    found = discovery(np.linspace(-3.0, 8.0, 5000), 0.05)
    plots.draw_fit(found)
    dots = np.asarray(figures[0].axes[0].collections[0].get_offsets())
    assert len(np.unique(dots[:, 0])) == plots.POINTS
    np.testing.assert_array_equal(
        dots[:, 1], found.predictions[np.searchsorted(found.table.y, dots[:, 0])]
    )


def test_picture_of_the_front(figures):
    found = discovery(Y["decades"], 0.05)
    plots.draw_front(found)
    (axes,) = figures[0].axes
    at = np.concatenate([np.asarray(dots.get_offsets()) for dots in axes.collections])
    np.testing.assert_array_equal(at, [[2.0, 0.5], [5.0, 1e-3], [9.0, 1e-17]])
    assert axes.get_yscale() == "log"
    (chosen,) = axes.texts
    assert (chosen.get_text(), tuple(chosen.xy)) == ("chosen", (5.0, 1e-3))
    assert_all_are_shown(axes, at)
    assert_is_plain(axes)


def test_picture_of_the_demonstration(figures):
    parts = demo.split(demo.load())
    names = ("AddMulDense", "Dense", "Dense, given logarithms")
    predictions = {
        name: {part: (1 + off) * bodies.period for part, bodies in vars(parts).items()}
        for name, off in zip(names, (1e-3, 0.4, 0.05), strict=True)
    }
    path = {"step": [1, 10, 2000], "order": [0.25, 0.8, 1.0]}
    path |= {"axis_exponent": [0.8, 1.2, 1.5], "mass_exponent": [0.7, 0.0, -0.5]}
    law = Law(1.0, 1.5, -0.5, 768680.0)
    steps = dict.fromkeys(names, 2000)
    drawing.draw(demo.Outcome(law, parts, predictions, steps, steps, path), "unused.png")
    (figure,) = figures
    left, middle, right = figure.axes
    days = parts.held_out.period / 86400.0
    for line, name in zip(left.lines[1:], ("Dense", "AddMulDense"), strict=False):
        np.testing.assert_allclose(
            line.get_xydata(), np.c_[days, predictions[name]["held_out"] / 86400.0]
        )
    (low, _), (high, _) = left.lines[0].get_xydata()
    assert low < days.min() < days.max() < high
    for axes, scales in ((left, ("log", "log")), (middle, ("log", "linear"))):
        assert (axes.get_xscale(), axes.get_yscale()) == scales
        drawn = [
            line.get_xydata() for line in axes.lines if line.get_marker() not in (None, "None")
        ]
        assert_all_are_shown(axes, np.concatenate(drawn))
    assert right.get_xscale() == "log"
    assert_all_are_shown(right, np.concatenate([np.c_[path["step"], v] for v in path.values()][1:]))
    for axes in figure.axes:
        assert_is_plain(axes)
