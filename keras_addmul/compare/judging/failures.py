"""How often two arms fail, and whether that differs."""

import dataclasses
from collections.abc import Sequence

import numpy as np

__all__ = ["Failures", "count"]


@dataclasses.dataclass(frozen=True)
class Failures:
    """How many runs of two arms failed, over the same seeds.

    Attributes:
        n: Number of seeds.
        baseline: How many runs of the baseline failed.
        arm: How many runs of the arm failed.
        interval: Newcombe's interval of the arm's rate minus the baseline's.
        p: p of the exact McNemar test of equal rates.
    """

    n: int
    baseline: int
    arm: int
    interval: tuple[float, float]
    p: float


def count(baseline: Sequence[bool], arm: Sequence[bool], alpha: float = 0.05) -> Failures:
    """Compares the failures of two arms.

    Args:
        baseline: Whether the run of the baseline failed, by seed.
        arm: Whether that of the arm did.
        alpha: One minus the level of the interval.
    """
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.proportion import confint_proportions_2indep

    a, b = np.asarray(baseline, bool), np.asarray(arm, bool)
    if not len(a):
        return Failures(0, 0, 0, (-1.0, 1.0), 1.0)
    table = [[np.sum(~a & ~b), np.sum(~a & b)], [np.sum(a & ~b), np.sum(a & b)]]
    p = float(mcnemar(table, exact=True).pvalue) if table[0][1] or table[1][0] else 1.0
    low, high = confint_proportions_2indep(
        b.sum(), len(b), a.sum(), len(a), method="newcomb", alpha=alpha
    )
    return Failures(len(a), int(a.sum()), int(b.sum()), (float(low), float(high)), p)
