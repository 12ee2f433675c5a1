"""R^2, the relative error, and the interval that a bootstrap gives."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score

from keras_addmul.discover.scoring.scores import beats_the_mean, r2, r2_interval, relative_error

Y = np.random.default_rng(0).normal(3, 2, 300)
NEAR = Y + np.random.default_rng(1).normal(0, 0.5, 300)


def test_scores_are_their_definitions():
    np.testing.assert_allclose(r2(Y, NEAR), r2_score(Y, NEAR), rtol=1e-14)
    expected = np.sqrt(np.mean((Y - NEAR) ** 2) / np.mean(Y**2))
    np.testing.assert_allclose(relative_error(Y, NEAR), expected, rtol=1e-14)
    assert r2(Y, Y) == 1
    assert relative_error(Y, Y) == 0
    assert r2(Y, np.full_like(Y, Y.mean())) == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("unit", [1e-300, 1e-30, 1e30, 1e200, 1e307])
def test_scores_do_not_depend_on_the_unit(unit):
    # The products y * unit are rounded, which moves a residual by eps of the target.
    np.testing.assert_allclose(r2(Y * unit, NEAR * unit), r2(Y, NEAR), rtol=1e-12)
    error = relative_error(Y * unit, NEAR * unit)
    np.testing.assert_allclose(error, relative_error(Y, NEAR), rtol=1e-12)
    interval = r2_interval(Y * unit, NEAR * unit)
    np.testing.assert_allclose(interval, r2_interval(Y, NEAR), rtol=1e-9)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_predictions_that_are_not_finite_are_worst(wrong):
    answer = np.where(np.arange(len(Y)) == 5, wrong, Y)
    assert r2(Y, answer) == -np.inf
    assert relative_error(Y, answer) == np.inf
    assert np.isnan(r2_interval(Y, answer)).all()


def test_a_target_that_does_not_vary():
    assert r2(np.ones(4), np.ones(4)) == 1
    assert r2(np.ones(4), np.zeros(4)) == 0
    assert relative_error(np.zeros(4), np.zeros(4)) == 0
    assert relative_error(np.zeros(4), np.ones(4)) == np.inf


def test_rows_must_match():
    with pytest.raises(ValueError, match="same number of rows. Received: 300 and 299"):
        r2(Y, NEAR[1:])


def test_interval_is_scipys_and_seeded():
    low, high = r2_interval(Y, NEAR, seed=1)
    assert (low, high) == r2_interval(Y, NEAR, seed=1)
    assert (low, high) != r2_interval(Y, NEAR, seed=2)
    assert low < r2(Y, NEAR) < high
    drawn = stats.bootstrap(
        (Y, NEAR), r2_score, paired=True, vectorized=False, n_resamples=2000, method="percentile"
    ).confidence_interval
    # Two bootstraps of 2000 resamples: their ends vary by about 5 % of the width.
    np.testing.assert_allclose((low, high), drawn, atol=0.2 * (high - low))


def test_interval_of_many_rows_has_the_width_of_theirs(rng):
    # The groups that stand for the rows must vary as those do: a normal residual of share
    # 1/10 gives R^2 a standard deviation of about sqrt(4 / n) * 0.1 by the delta method.
    y = rng.normal(size=100_000)
    residual = rng.normal(0, np.sqrt(0.1), y.size)
    low, high = r2_interval(y, y + residual)
    assert low < r2(y, y + residual) < high
    assert 0.8 < (high - low) / (2 * 1.96 * 0.1 * np.sqrt(4 / y.size)) < 1.2


def test_few_rows_have_no_interval():
    assert np.isnan(r2_interval(Y[:7], NEAR[:7])).all()
    low, high = r2_interval(Y[:8], NEAR[:8])
    assert low <= high <= 1
    assert r2_interval(Y, Y) == (1, 1)


@pytest.mark.parametrize("rows", [8, 14, 60])
@pytest.mark.parametrize("unit", [1e-200, 1.0, 1e200])
def test_the_mean_is_beaten_by_more_than_chance(rows, unit, rng):
    y = unit * rng.normal(size=(300, rows))
    noise = 0.1 * unit * rng.normal(size=y.shape)
    assert np.mean([beats_the_mean(*pair) for pair in zip(y, y + noise, strict=True)]) > 0.95
    # The best straight line as each row is told by the others: what a search without a law finds.
    x = rng.normal(size=rows)
    hat = x[:, None] * x / np.sum(x**2)
    told = (y @ hat - y * np.diag(hat)) / (1 - np.diag(hat))
    assert np.mean([beats_the_mean(*pair) for pair in zip(y, told, strict=True)]) < 0.05
    assert not beats_the_mean(y[0], np.full(rows, np.inf))
    assert not beats_the_mean(y[0], np.full(rows, y[0].mean()))
