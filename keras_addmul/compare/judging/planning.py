"""How many seeds a comparison needs."""

import math

import numpy as np

from keras_addmul.compare.judging.paired import Paired, fewest

__all__ = ["POWER", "seeds_for", "seeds_to_decide", "upper_sd"]

POWER = 0.8
MOST = 100_000


def seeds_for(difference: float, sd: float, alpha: float = 0.05, power: float = POWER) -> int:
    """Returns how many seeds find a difference, given the sd of the differences over seeds.

    Args:
        difference: The difference to find, above 0.
        sd: Standard deviation of the differences between two arms over seeds.
        alpha: Rate of false alarms.
        power: Probability of finding it.
    """
    from statsmodels.stats.power import TTestPower

    if sd <= 0.0 or difference / sd > 5.0:
        return fewest(alpha)
    if difference <= 0.0 or difference / sd < 0.005:
        return MOST
    found = TTestPower().solve_power(effect_size=difference / sd, alpha=alpha, power=power)
    return max(fewest(alpha), math.ceil(float(np.squeeze(found))))


def seeds_to_decide(found: Paired, margin: float, alpha: float) -> int:
    """Returns about how many more seeds would tell a difference of the margin from none.

    If there are that many already, the difference lies between 0 and the margin, and the count
    is for the larger of its distances to the two.
    """
    if not np.isfinite(found.sd):
        return max(1, fewest(alpha) - found.n)
    needed = seeds_for(margin, found.sd, alpha)
    if needed <= found.n:
        distance = max(abs(found.mean), margin - abs(found.mean))
        needed = max(seeds_for(distance, found.sd, alpha), math.ceil(1.5 * found.n))
    return max(1, needed - found.n)


def upper_sd(sd: float, n: int, level: float = 0.8) -> float:
    """Returns the upper limit of a standard deviation that was found with n differences."""
    from scipy import stats

    return sd * math.sqrt((n - 1) / stats.chi2.ppf(1.0 - level, n - 1))
