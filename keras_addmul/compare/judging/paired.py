"""What the differences between two arms say, one difference a seed."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

__all__ = ["FEWEST", "Paired", "correlation", "fewest", "interval_of", "look_at", "step_time_ratio"]

# With fewer differences, the sign-flip test cannot have p < 0.05: its smallest is 2 / 2**n.
FEWEST = 6
RESAMPLES = 9999


def fewest(alpha: float) -> int:
    """Returns how many differences it takes until the sign-flip test can have p < alpha."""
    return max(FEWEST, math.floor(math.log2(2.0 / alpha)) + 1)


@dataclasses.dataclass(frozen=True)
class Paired:
    """Statistics of differences between paired scores, positive where the arm is better.

    Attributes:
        n: How many differences there are.
        mean: Their mean; nan if there are none.
        sd: Their standard deviation.
        interval: Paired t interval of the mean.
        p: p of "no difference": the larger of the t and the sign-flip test.
        p_sign_flip: p of the sign-flip permutation test alone.
        p_same: p of "the difference is not within the margin", of two one-sided t tests.
        effect: Mean in units of `sd`.
        wins: Share of seeds in which the arm is better; ties count half.
        wins_interval: Wilson's interval of it.
    """

    n: int
    mean: float
    sd: float
    interval: tuple[float, float]
    p: float
    p_sign_flip: float
    p_same: float
    effect: float
    wins: float
    wins_interval: tuple[float, float]


def look_at(
    differences: Sequence[float] | np.ndarray,
    margin: float,
    alpha: float = 0.05,
    held_out_to_train: float | None = None,
) -> Paired:
    """Returns the statistics of paired differences.

    Args:
        differences: One number a seed, finite.
        margin: Largest difference that does not matter.
        alpha: One minus the level of the intervals.
        held_out_to_train: Number of held-out rows divided by that of training rows, where seeds
            share rows. The variance of the mean is then that of Nadeau & Bengio (2003).

    Returns:
        A `Paired`.
    """
    from scipy import stats
    from statsmodels.stats.proportion import proportion_confint

    d = np.asarray(differences, float)
    n = len(d)
    if n < 2:
        mean = float(d.mean()) if n else np.nan
        everything = (-np.inf, np.inf)
        return Paired(n, mean, np.nan, everything, 1.0, 1.0, 1.0, np.nan, np.nan, (0.0, 1.0))
    mean, sd = float(d.mean()), _sd(d)
    error = _error(sd, n, held_out_to_train)
    low, high = interval_of(d, alpha, held_out_to_train) or (mean, mean)
    student = stats.t(n - 1)
    if error > 0.0:
        p_t = float(2.0 * student.sf(abs(mean) / error))
        p_same = float(student.sf((margin - abs(mean)) / error)) if margin > 0.0 else 1.0
    else:
        p_t = 0.0 if mean else 1.0
        p_same = 0.0 if abs(mean) < margin else 1.0
    p_flip = sign_flip(d)
    # The sign-flip test knows of no shared rows; there the t test decides alone.
    p = max(p_t, p_flip) if held_out_to_train is None else max(p_t, 2.0 / 2.0**n)
    wins = float(np.sum(d > 0.0) + 0.5 * np.sum(d == 0.0))
    share = proportion_confint(wins, n, alpha, method="wilson")
    return Paired(
        n=n,
        mean=mean,
        sd=sd,
        interval=(low, high),
        p=p,
        p_sign_flip=p_flip,
        p_same=p_same,
        effect=mean / sd if sd else float(np.copysign(np.inf, mean)) if mean else 0.0,
        wins=wins / n,
        wins_interval=(float(share[0]), float(share[1])),
    )


def interval_of(
    differences: np.ndarray, alpha: float, held_out_to_train: float | None
) -> tuple[float, float] | None:
    """Returns the t interval of the mean, or None for fewer than two differences."""
    from scipy import stats

    n = len(differences)
    if n < 2:
        return None
    mean, error = float(differences.mean()), _error(_sd(differences), n, held_out_to_train)
    if error == 0.0:
        return mean, mean
    low, high = stats.t.interval(1.0 - alpha, n - 1, loc=mean, scale=error)
    return float(low), float(high)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Returns the correlation of two arms' scores; nan where they do not vary."""
    if len(a) < 3 or not np.ptp(a) or not np.ptp(b):
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _sd(differences: np.ndarray) -> float:
    sd = float(differences.std(ddof=1))
    # Differences that are all the same number differ by its rounding.
    return 0.0 if sd <= 1e-12 * np.abs(differences).max() else sd


def _error(sd: float, n: int, held_out_to_train: float | None) -> float:
    return float(sd * np.sqrt(1.0 / n + (held_out_to_train or 0.0)))


def sign_flip(differences: np.ndarray) -> float:
    """Returns the two-sided p of the sign-flip permutation test, exact up to 13 differences."""
    from scipy import stats

    if not np.any(differences):
        return 1.0
    found = stats.permutation_test(
        (differences,),
        lambda d, axis: np.mean(d, axis=axis),
        permutation_type="samples",
        n_resamples=RESAMPLES,
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return float(found.pvalue)


def step_time_ratio(
    baseline: Sequence[float], arm: Sequence[float], alpha: float = 0.05
) -> tuple[float, float, float]:
    """Returns the ratio of two arms' step times, and the ends of its interval.

    Args:
        baseline: Seconds of a step of the baseline, one number a round.
        arm: Those of the arm in the same rounds.
        alpha: One minus the level of the interval.
    """
    ratios = np.log(np.asarray(arm, float)) - np.log(np.asarray(baseline, float))
    found = look_at(ratios, margin=0.0, alpha=alpha)
    low, mean, high = np.exp([found.interval[0], found.mean, found.interval[1]])
    return float(mean), float(low), float(high)
