"""Verdicts on simulated scores, whose truth is known: how often they alarm, and what they find."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from keras_addmul.compare import judge
from keras_addmul.compare.judging.paired import fewest, look_at
from keras_addmul.compare.judging.planning import seeds_for, upper_sd
from keras_addmul.compare.report.said import _interval

REPETITIONS = 400


@pytest.fixture(autouse=True)
def no_garbage_is_collected(monkeypatch):
    """Statsmodels collects it at each adjustment, which takes half a second beside TensorFlow."""
    monkeypatch.setattr("gc.collect", lambda *_: 0)


def verdicts(draw, repetitions=REPETITIONS, seeds=20, **options):
    """The verdict in each repetition of an experiment with two arms."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(repetitions):
        baseline, arm = draw(rng, seeds)
        found.append(judge({"a": baseline, "b": arm}, **options)[0].verdict)
    return found


def normal(shift, correlation=0.5):
    """Two arms whose losses are lognormal; the second is `shift` sd of differences lower."""

    def draw(rng, seeds):
        shared = np.sqrt(correlation) * rng.normal(size=seeds)
        own = np.sqrt(1.0 - correlation) * rng.normal(size=(2, seeds))
        # Of the difference of logarithms, this is the standard deviation.
        sd = np.sqrt(2.0 * (1.0 - correlation))
        return np.exp(shared + own[0]), np.exp(shared + own[1] - shift * sd)

    return draw


CLEAN = normal(0.0)


def heavy(rng, seeds):
    """Two arms without a difference, whose scores have infinite variance."""
    return np.exp(rng.standard_t(1.5, size=(2, seeds)))


def blown_up(rng, seeds):
    """Two arms without a difference, one run in ten of each a thousand times as bad."""
    losses = np.exp(rng.normal(size=(2, seeds)))
    return np.where(rng.random((2, seeds)) < 0.1, 1000.0 * losses, losses)


def with_crashes(rng, seeds):
    """Two arms without a difference; one run in five of each has no score."""
    losses = np.exp(rng.normal(size=(2, seeds)))
    return np.where(rng.random((2, seeds)) < 0.2, np.nan, losses)


@pytest.mark.parametrize("draw", [CLEAN, heavy, blown_up, with_crashes])
def test_arms_without_a_difference_alarm_no_more_often_than_promised(draw):
    # An exact test alarms more often than the limit once in a thousand times.
    repetitions = REPETITIONS if draw in (CLEAN, heavy) else 200
    found = verdicts(draw, repetitions)
    limit = stats.binom.ppf(0.999, repetitions, 0.05)
    assert found.count("better") + found.count("worse") <= limit
    assert limit in (35, 21)
    assert {"better", "worse"} & set(found)  # it does decide, now and then


@pytest.mark.parametrize("effect", [0.5, 0.8])
def test_planted_differences_are_found_with_the_power_of_theory(effect):
    found = verdicts(normal(effect), repetitions=200)
    power = TTestPower().power(effect, 20, 0.05)
    low, high = stats.binom.ppf([0.001, 0.999], 200, power)
    assert low <= found.count("better") <= high
    assert not found.count("worse")


def test_a_difference_far_within_the_margin_is_called_the_same():
    found = verdicts(normal(0.0, correlation=0.98), repetitions=100)
    assert found.count("practically the same") >= 95


def test_several_arms_share_the_alarms():
    rng, alarms = np.random.default_rng(1), 0
    for _ in range(100):
        losses = np.exp(rng.normal(size=(5, 10)))
        found = judge({str(i): row for i, row in enumerate(losses)})
        alarms += any(v.verdict in ("better", "worse") for v in found)
    assert alarms <= stats.binom.ppf(0.999, 100, 0.05)


@pytest.mark.parametrize("arms", [1, 2, 3, 9])
def test_as_many_seeds_are_asked_for_as_can_decide_about_all_arms(arms):
    seeds = fewest(0.05 / arms)
    for n in (seeds - 1, seeds):
        losses = np.exp(np.random.default_rng(0).normal(0.0, 0.1, n))
        scores = {"a": losses, **{str(i): 1e-3 * losses**1.1 for i in range(arms)}}
        for found in judge(scores):
            assert found.verdict == ("better" if n == seeds else "not enough evidence")
            told = "fewer than 6 seeds" if n < 6 else f"no difference (p = {found.p_holm:.2g})"
            assert (told in found.reason) == (n < seeds)
    assert seeds_for(100.0, 1.0, 0.05 / arms) == seeds


@pytest.mark.parametrize("seeds", range(1, 6))
def test_fewer_than_six_seeds_never_decide(seeds):
    (found,) = judge({"a": np.full(seeds, 9.0), "b": np.arange(1, seeds + 1)})
    assert found.verdict == "not enough evidence"
    assert "fewer than 6 seeds can never decide" in found.reason
    assert found.more_seeds >= 1
    (same,) = judge({"a": [1.0] * seeds, "b": [1.0] * seeds})
    assert (same.verdict, "no run differs" in same.reason) == ("not enough evidence", True)


def test_identical_arms_are_the_same_and_raise_no_warning(recwarn):
    for scores in ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0] * 6, [1.0, None, 2.0, 3.0, 4.0, 5.0, 6.0]):
        (found,) = judge({"a": scores, "b": scores})
        assert (found.verdict, found.reason) == ("practically the same", "no run differs")
    assert not recwarn.list


@pytest.mark.parametrize("higher", [False, True])
def test_the_same_difference_in_each_seed_decides_its_direction(higher):
    a, b = [1.0] * 8, [2.0] * 8
    (found,) = judge({"a": a, "b": b}, higher_is_better=higher)
    assert found.verdict == ("better" if higher else "worse")
    assert found.log is not higher
    np.testing.assert_allclose(found.paired.interval, found.paired.mean)


def test_an_arm_that_always_crashes_is_worse_and_one_that_never_does_is_better():
    good, lost = list(np.linspace(1.0, 2.0, 12)), [None] * 12
    for baseline, arm, verdict in ((good, lost, "worse"), (lost, good, "better")):
        (found,) = judge({"a": baseline, "b": arm})
        assert found.verdict == verdict
        assert "12 of 12 runs fail" in found.reason or "0 of 12 runs fail" in found.reason
    assert judge({"a": lost, "b": lost})[0].verdict == "not enough evidence"


def test_an_arm_that_is_better_only_where_it_trains_is_not_called_better():
    rng = np.random.default_rng(0)
    baseline = np.exp(0.1 * rng.normal(size=20))
    arm = np.where(np.arange(20) < 4, np.nan, 0.8 * baseline * np.exp(0.02 * rng.normal(size=20)))
    (found,) = judge({"a": baseline, "b": arm})
    assert found.paired.interval[0] > 0.0
    assert found.verdict == "not enough evidence"
    assert "better where both train" in found.reason


def test_stalled_runs_keep_their_scores_and_count_as_failures():
    scores = np.exp(np.random.default_rng(0).normal(size=(2, 20)))
    failed = {"a": [False] * 20, "b": [True] * 10 + [False] * 10}
    (found,) = judge({"a": scores[0], "b": scores[1]}, failed)
    assert (found.paired.n, found.failures.arm, found.verdict) == (20, 10, "worse")


def test_shared_rows_widen_the_interval_by_nadeau_and_bengio():
    d = np.random.default_rng(0).normal(0.5, 1.0, 10)
    free, shared = look_at(d, 0.0), look_at(d, 0.0, held_out_to_train=1.0 / 9.0)
    ratio = np.ptp(shared.interval) / np.ptp(free.interval)
    np.testing.assert_allclose(ratio, np.sqrt((1 / 10 + 1 / 9) / (1 / 10)), rtol=1e-6)
    assert shared.p > free.p
    folds = {"a": np.exp(d - d), "b": np.exp(d)}
    (found,) = judge(folds, held_out_to_train=1.0 / 9.0, rows_are_shared=True)
    assert np.ptp(found.paired.interval) > np.ptp(judge(folds)[0].paired.interval)
    assert found.on_new_data == found.paired.interval
    assert found.imputed is None


def test_intervals_and_ps_are_those_of_scipy():
    a, b = np.random.default_rng(0).normal(size=(2, 11))
    (found,) = judge({"a": a, "b": b}, higher_is_better=True)
    wanted = stats.ttest_rel(b, a)
    np.testing.assert_allclose(found.paired.interval, wanted.confidence_interval())
    np.testing.assert_allclose(max(wanted.pvalue, found.paired.p_sign_flip), found.paired.p)
    assert found.margin == pytest.approx(0.5 * a.std(ddof=1))


def test_the_number_of_further_seeds_would_have_the_power():
    rng = np.random.default_rng(2)
    a = np.exp(rng.normal(size=8))
    (found,) = judge({"a": a, "b": np.exp(rng.normal(size=8))})
    assert found.verdict == "not enough evidence"
    needed = 8 + found.more_seeds
    size = found.margin / found.paired.sd
    assert (
        TTestPower().power(size, needed, 0.05) >= 0.8 > TTestPower().power(size, needed - 1, 0.05)
    )


def test_seeds_for_a_difference_are_those_of_the_tables():
    assert seeds_for(0.66, 1.0) == 21  # 20 find it with 79.9 %
    assert seeds_for(100.0, 1.0) == 6
    assert seeds_for(1e-9, 1.0) == 100_000
    assert upper_sd(1.0, 8) == pytest.approx(np.sqrt(7 / stats.chi2.ppf(0.2, 7)))


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ({"a": [1.0]}, {}, "`scores` must hold at least two arms.*Received: {'a': 1}"),
        ({"a": [1.0], "b": [1.0, 2.0]}, {}, "one score for each seed.*{'a': 1, 'b': 2}"),
        ({"a": [1.0], "b": [-1.0]}, {"log": True}, "must be above 0 where `log`"),
        ({"a": [1.0], "b": [1.0]}, {"rows_are_shared": True}, "`held_out_to_train` must be"),
    ],
)
def test_wrong_scores_are_refused(scores, options, message):
    with pytest.raises(ValueError, match=message):
        judge(scores, **options)


@pytest.mark.parametrize("higher", [False, True])
@pytest.mark.parametrize("log", [False, True])
def test_an_interval_is_said_in_the_metric_with_its_lower_end_first(higher, log):
    rng = np.random.default_rng(0)
    base, own = rng.uniform(1.0, 2.0, 8), rng.uniform(2.0, 3.0, 8)
    (found,) = judge({"a": base, "b": own}, higher_is_better=higher, log=log)
    low, high = (float(part) for part in _interval(found, found.paired.interval).split(" to "))
    d = np.log(own / base) if log else own - base
    wanted = stats.ttest_1samp(d, 0.0).confidence_interval()
    np.testing.assert_allclose([low, high], np.exp(wanted) if log else wanted, rtol=2e-3)
