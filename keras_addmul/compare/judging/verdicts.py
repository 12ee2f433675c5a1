"""The verdict on each arm against the baseline."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_addmul.compare.judging.failures import Failures, count
from keras_addmul.compare.judging.paired import FEWEST, Paired, correlation, interval_of, look_at
from keras_addmul.compare.judging.planning import seeds_to_decide
from keras_addmul.extras import require_extra
from keras_addmul.layers.checks import check_number, check_share

__all__ = ["BETTER", "SAME", "UNDECIDED", "WORSE", "Verdict", "judge"]

BETTER, WORSE = "better", "worse"
SAME, UNDECIDED = "practically the same", "not enough evidence"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What the seeds say of an arm against the baseline.

    Attributes:
        arm: Name of the arm.
        baseline: Name of the baseline.
        verdict: `"better"`, `"worse"`, `"practically the same"` or `"not enough evidence"`.
        reason: Why, in a sentence.
        log: Whether differences are logarithms of ratios.
        higher_is_better: Whether a higher score is better.
        margin: Largest difference that does not matter, on that scale.
        paired: Statistics of the differences where both runs have a score, positive where the
            arm is better.
        imputed: The same of the signed ranks of the differences, where a run without a score
            ranks last; None where every run has one.
        failures: How many runs failed.
        p_holm: p of "no difference", adjusted for the number of arms.
        p_same_holm: p of "not within the margin", adjusted.
        correlation: Correlation of the two arms over seeds; pairing shrinks the variance of the
            difference by one minus it.
        on_new_data: Interval of the mean for other data like these, by Nadeau & Bengio's
            variance, or None where the number of rows is unknown.
        more_seeds: About how many further seeds would tell, or None where the verdict does.

    Example:

    >>> from keras_addmul.compare import judge
    >>> scores = {"old": [0.9, 0.8, 0.7, 0.9, 0.8, 0.6], "new": [0.8, 0.9, 0.7, 0.8, 0.9, 0.7]}
    >>> (verdict,) = judge(scores, higher_is_better=True)
    >>> verdict.verdict, verdict.paired.n
    ('not enough evidence', 6)
    """

    arm: str
    baseline: str
    verdict: str
    reason: str
    log: bool
    higher_is_better: bool
    margin: float
    paired: Paired
    imputed: Paired | None
    failures: Failures
    p_holm: float
    p_same_holm: float
    correlation: float
    on_new_data: tuple[float, float] | None = None
    more_seeds: int | None = None


def judge(
    scores: Mapping[str, Sequence[float | None]],
    failed: Mapping[str, Sequence[bool]] | None = None,
    higher_is_better: bool = False,
    log: bool | None = None,
    margin: float | None = None,
    alpha: float = 0.05,
    held_out_to_train: float | None = None,
    rows_are_shared: bool = False,
) -> list[Verdict]:
    """Compares arms with a baseline by their scores over the same seeds.

    The paired t interval and the sign-flip permutation test must both exclude "no difference",
    after Holm's adjustment for the number of arms, for "better" or "worse"; two one-sided t
    tests must place the difference within the margin for "practically the same". Fewer than 6
    seeds never decide. Where scores are missing, those pairs are left out, and the ranks of all
    pairs, with a missing score ranked last, must say the same.

    Args:
        scores: One score a seed for each arm, the baseline first; None or nan where a run has
            none.
        failed: Whether the run failed, for each arm and seed. The default is: where there is
            no score.
        higher_is_better: Whether a higher score is better.
        log: Whether to compare logarithms. The default does where lower is better and all
            scores are above 0, as losses are.
        margin: Largest difference that does not matter: a ratio minus one where logarithms are
            compared, otherwise in units of the score. The default is half the standard
            deviation of the baseline over seeds.
        alpha: Rate of false alarms over all arms.
        held_out_to_train: Number of held-out rows divided by that of training rows.
        rows_are_shared: Whether seeds are folds of the same rows. The verdict then uses the
            variance of Nadeau & Bengio, which needs `held_out_to_train`.

    Returns:
        List of a `Verdict` for each arm but the baseline.

    Raises:
        ImportError: If a library of the extra `compare` is missing.
        ValueError: If the arms have different numbers of seeds, or fewer than two arms are given.

    Example:

    >>> from keras_addmul.compare import judge
    >>> losses = {"old": [1.0, 1.2, 0.9, 1.1, 1.0, 1.3], "new": [0.5, 0.7, 0.4, 0.6, 0.5, 0.6]}
    >>> judge(losses)[0].verdict, judge({k: v[:5] for k, v in losses.items()})[0].verdict
    ('better', 'not enough evidence')

    References:
        - [Nadeau & Bengio, 2003](https://doi.org/10.1023/A:1024068626366)
    """
    require_extra("compare", "scipy", "statsmodels")
    from statsmodels.stats.multitest import multipletests

    check_share("alpha", alpha)
    if margin is not None:
        check_number("margin", margin, 0.0, strict=False)
    values = {name: _array(name, row) for name, row in scores.items()}
    lengths = {len(row) for row in values.values()}
    if len(values) < 2 or len(lengths) > 1:
        raise ValueError(
            "Argument `scores` must hold at least two arms with one score for each seed. "
            f"Received: { {name: len(row) for name, row in values.items()} }"
        )
    if rows_are_shared and held_out_to_train is None:
        raise ValueError(
            "Argument `held_out_to_train` must be a number where `rows_are_shared`. Received: None"
        )
    every = np.concatenate(list(values.values()))
    positive = np.all(every[np.isfinite(every)] > 0.0)
    if log and not positive:
        raise ValueError("Argument `scores` must be above 0 where `log`. Received: others")
    log = bool(not higher_is_better and positive) if log is None else log
    oriented = {name: _oriented(row, higher_is_better, log) for name, row in values.items()}
    lost = failed or {name: (~np.isfinite(row)).tolist() for name, row in values.items()}
    if {name: len(row) for name, row in lost.items()} != {n: len(v) for n, v in values.items()}:
        raise ValueError(
            "Argument `failed` must hold one truth for each score, or be None. "
            f"Received: { {name: len(row) for name, row in lost.items()} }"
        )
    baseline, *arms = values
    base = oriented[baseline]
    bound = _margin(base, margin, log)
    shared = held_out_to_train if rows_are_shared else None
    found: list[dict[str, Any]] = []
    for name in arms:
        own = oriented[name]
        both = np.isfinite(base) & np.isfinite(own)
        d = (own - base)[both]
        found.append(
            {
                "arm": name,
                "baseline": baseline,
                "log": log,
                "higher_is_better": higher_is_better,
                "margin": bound,
                "paired": look_at(d, bound, alpha, shared),
                "imputed": None if both.all() else look_at(_ranked(base, own), 0.0, alpha, shared),
                "failures": count(lost[baseline], lost[name], alpha),
                "correlation": correlation(base[both], own[both]),
                "on_new_data": interval_of(d, alpha, held_out_to_train),
            }
        )

    p, same, p_ranks, p_failures = (
        # It collects garbage at each call, which takes half a second beside TensorFlow.
        multipletests(ps, alpha, method="holm")[1] if len(ps) > 1 else ps
        for ps in (
            [f["paired"].p for f in found],
            [f["paired"].p_same for f in found],
            [1.0 if f["imputed"] is None else f["imputed"].p for f in found],
            [f["failures"].p for f in found],
        )
    )
    verdicts = []
    for i, fields in enumerate(found):
        verdict, reason = _decided(
            fields["failures"],
            _said(fields["paired"], p[i], same[i], alpha),
            fields["imputed"] and _said(fields["imputed"], p_ranks[i], 1.0, alpha),
            p_failures[i] < alpha,
            fields["failures"].p < alpha,
            bool(np.array_equal(oriented[fields["arm"]], base, equal_nan=True)),
            p[i],
        )
        more = (
            seeds_to_decide(fields["paired"], bound, alpha / len(arms))
            if verdict == UNDECIDED
            else None
        )
        verdicts.append(
            Verdict(
                verdict=verdict,
                reason=reason,
                p_holm=float(p[i]),
                p_same_holm=float(same[i]),
                more_seeds=more,
                **fields,
            )
        )
    return verdicts


def _said(found: Paired, p: float, p_same: float, alpha: float) -> str:
    if found.n < FEWEST:
        return UNDECIDED
    if p_same < alpha:
        return SAME
    if p < alpha:
        return BETTER if found.mean > 0.0 else WORSE
    return UNDECIDED


def _decided(
    failures: Failures,
    paired: str,
    imputed: str | None,
    fail_differently: bool,
    may_fail_differently: bool,
    identical: bool,
    p: float,
) -> tuple[str, str]:
    """Returns the verdict, and the reason for it."""
    if failures.n < FEWEST:
        same = "; no run differs" if identical else ""
        return UNDECIDED, f"fewer than {FEWEST} seeds can never decide{same}"
    if identical and failures.baseline == failures.arm:
        if failures.arm == failures.n:
            return UNDECIDED, "no run of either has a score"
        return SAME, "no run differs"
    sign = WORSE if failures.arm > failures.baseline else BETTER
    fails = f"{failures.arm} of {failures.n} runs fail against {failures.baseline}"
    if may_fail_differently and not fail_differently and paired not in (sign, UNDECIDED):
        return UNDECIDED, f"{paired} where both train, but {fails}"
    if fail_differently:
        if paired in (sign, SAME, UNDECIDED):
            return sign, fails
        return UNDECIDED, f"{paired} where both train, but {fails}"
    agree = {None, paired, UNDECIDED} if paired == SAME else {None, paired}
    if paired != UNDECIDED and imputed not in agree:
        return UNDECIDED, (
            f"{paired} where both train, but {imputed} if a run without a score ranks last"
        )
    return paired, {
        BETTER: "all of the interval is better",
        WORSE: "all of the interval is worse",
        SAME: "the difference lies within the margin",
        UNDECIDED: f"neither no difference (p = {p:.2g}) nor one above the margin is excluded",
    }[paired]


def _ranked(base: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Signed ranks of the differences; those with one missing score are the largest."""
    from scipy import stats

    known, own_known = np.isfinite(base), np.isfinite(own)
    d = np.where(known & own_known, own - base, 0.0)
    d[known & ~own_known], d[~known & own_known] = -np.inf, np.inf
    return np.sign(d) * stats.rankdata(np.abs(d))


def _array(name: str, row: Sequence[float | None]) -> np.ndarray:
    try:
        return np.array([np.nan if value is None else value for value in row], float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Argument `scores` must hold a number or None for each seed. Received: {row!r} "
            f"as {name!r}"
        ) from error


def _oriented(row: np.ndarray, higher: bool, log: bool) -> np.ndarray:
    """Scores of which a higher one is better; nan where there is none."""
    row = np.where(np.isfinite(row), row, np.nan)
    row = np.log(row) if log else row
    return row if higher else -row


def _margin(base: np.ndarray, margin: float | None, log: bool) -> float:
    if margin is not None:
        return float(np.log1p(margin)) if log else float(margin)
    finite = base[np.isfinite(base)]
    return 0.5 * float(finite.std(ddof=1)) if len(finite) > 1 else 0.0
