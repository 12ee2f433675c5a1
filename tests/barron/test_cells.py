"""The proved bounds on cells, against forty digits: of values, slopes and differences."""

import itertools

import mpmath
import numpy as np
import pytest

from keras_addmul.barron.fitting.units import quadrature
from keras_addmul.barron.functions.cells import Cells
from keras_addmul.barron.functions.intervals import Interval
from keras_addmul.barron.functions.smooth import SMOOTH
from tests.barron import exactly
from tests.barron.test_smooth import EVERY


def intervals(low, high, rng, count=6):
    """Parts of an interval: the whole, random ones, and points."""
    ends = np.sort(rng.uniform(low, high, (count, 2)), axis=1)
    ends[:2] = [[low, high], [low, low]]
    ends[2, 1] = ends[2, 0]
    return ends


def at_random(low, high, rng, count=5):
    return [low, high, *rng.uniform(low, high, count)] if high > low else [low]


@pytest.mark.parametrize("outside", ["clip", "extrapolate"])
@pytest.mark.parametrize("number", range(len(EVERY)))
def test_every_bound_holds_at_forty_digits(number, outside, rng):
    smooth, exact = EVERY[number]
    degree = 1 if smooth.max_degree == 1 else int(rng.integers(1, 4))
    degree = min(degree, smooth.max_degree or degree)
    low = float(rng.uniform(-6, 0))
    high = low + float(rng.choice([0.01, 1.0, 9.0]))
    bank, _ = quadrature(smooth, degree, low, high, int(rng.integers(0, 12)), outside)
    if rng.uniform() < 0.3:  # beyond where it was fitted
        low, high = low - 1.0, high + 0.5
    cells = Cells(smooth, low, high, bank, scale=float(rng.choice([1e-5, 1e-2, 1e3])))
    alone = Cells(smooth, low, high)
    ends, its_bank = intervals(low, high, rng), exactly.bank(bank)
    proved = cells.error(*ends.T), cells.slope(*ends.T), cells.bank_slope(*ends.T)
    values = cells.values(*ends.T), alone.values(*ends.T)
    with mpmath.workdps(40):
        for i, (a, b) in enumerate(ends):
            x = [mpmath.mpf(float(v)) for v in at_random(a, b, rng)]
            f, q = [exact(v) for v in x], [its_bank(v) for v in x]
            assert max(abs(y - w) for y, w in zip(f, q, strict=True)) <= proved[0][i]
            for below, above in values:
                assert below[i] <= min(f)
                assert max(f) <= above[i]
            for v, w in itertools.pairwise(x):
                step = abs(v - w)
                rise = abs(exact(v) - exact(w)), abs(its_bank(v) - its_bank(w))
                assert rise[0] <= min(proved[1][i], alone.slope(a, b)) * step
                assert rise[1] <= proved[2][i] * step


def test_bounds_tighten_with_the_scale_and_are_those_of_the_part():
    smooth = SMOOTH["tanh"]
    bank, _ = quadrature(smooth, 1, -3.0, 3.0, 20)
    coarse, fine = (Cells(smooth, -3.0, 3.0, bank, scale) for scale in (1.0, 1e-4))
    assert fine.error(-3.0, 3.0) <= coarse.error(-3.0, 3.0)
    z = np.linspace(0.5, 0.6, 1001)
    true = np.max(np.abs(smooth(z) - bank(z)))
    assert true <= fine.error(0.5, 0.6) <= true + 1e-4
    steepest = float(smooth.derivative(np.array(2.0), 1))
    assert steepest <= fine.slope(2.0, 3.0) <= 1.03 * steepest


def test_nothing_is_said_beyond_the_interval():
    cells = Cells(SMOOTH["tanh"], -1.0, 2.0)
    for low, high in ((-1.1, 0.0), (0.0, 2.001), (1.0, 0.5), (np.nan, 1.0), (0.0, np.inf)):
        with pytest.raises(ValueError, match=r"known on \[-1, 2\]. Received: intervals from"):
            cells.slope(np.array([0.0, low]), np.array([1.0, high]))
    with pytest.raises(OverflowError, match="exponential leaves the double numbers"):
        Cells(SMOOTH["exponential"], 0.0, 800.0)


def test_intervals_hold_every_result(rng):
    ends = np.sort(rng.normal(size=(2, 400, 2)) * 10.0 ** rng.integers(-8, 3, (2, 400, 1)), axis=2)
    a, b = (Interval(e[:, 0], e[:, 1]) for e in ends)
    inside = [e[:, 0] + (e[:, 1] - e[:, 0]) * rng.choice([0, 0.3, 1], 400) for e in ends]
    inside = [np.clip(v, e[:, 0], e[:, 1]) for v, e in zip(inside, ends, strict=True)]
    positive = Interval(np.abs(b.low) + 0.1, np.abs(b.low) + np.abs(b.high) + 0.2)
    of_positive = np.clip(np.abs(inside[1]) + 0.1, positive.low, positive.high)
    with mpmath.workdps(40):
        x, y = ([mpmath.mpf(float(v)) for v in values] for values in inside)
        over = [mpmath.mpf(float(v)) for v in of_positive]
        for result, exact in (
            (a + b, [p + q for p, q in zip(x, y, strict=True)]),
            (a - b, [p - q for p, q in zip(x, y, strict=True)]),
            (1.0 - a, [1 - p for p in x]),
            (a * b, [p * q for p, q in zip(x, y, strict=True)]),
            (a * -3.7, [p * mpmath.mpf(-3.7) for p in x]),
            (a * 0.0, [0 * p for p in x]),
            (a / 3, [p / 3 for p in x]),
            (a / positive, [p / q for p, q in zip(x, over, strict=True)]),
            (a.square(), [p * p for p in x]),
            (a.growing(np.tanh), [mpmath.tanh(p) for p in x]),
            (positive.falling(lambda v: v**-0.5), [q ** mpmath.mpf(-0.5) for q in over]),
            # Functions that are off by half of what is allowed, either way.
            (positive.growing(lambda v: v * (1 - 2.0**-47)), over),
            (positive.growing(lambda v: v * (1 + 2.0**-47)), over),
            (a.falling(lambda v: -v - 2.0**-47 * abs(v)), [-p for p in x]),
            (a.falling(lambda v: -v + 2.0**-47 * abs(v)), [-p for p in x]),
        ):
            for low, high, value in zip(result.low, result.high, exact, strict=True):
                assert low <= value <= high
