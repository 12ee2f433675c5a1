"""From a pilot to a number of seeds."""

import dataclasses

import numpy as np

from keras_addmul.compare.findings import Findings
from keras_addmul.compare.judging.planning import POWER, seeds_for, upper_sd
from keras_addmul.extras import require_extra
from keras_addmul.layers.checks import check_share

__all__ = ["Plan", "plan"]


@dataclasses.dataclass(frozen=True)
class Plan:
    """How many seeds a comparison needs.

    Attributes:
        seeds: The number of seeds, enough for every arm.
        by_arm: The number for each arm.
        difference: The difference to find, on the scale of the pilot's verdicts.
        sd: Upper limit of the standard deviation of the differences, for each arm.
        power: Probability of finding that difference.

    Example:

    >>> from keras_addmul.compare import Plan
    >>> needed = Plan(21, {"new": 21}, difference=0.66, sd={"new": 1.0}, power=0.8)
    >>> needed.seeds
    21
    """

    seeds: int
    by_arm: dict[str, int]
    difference: float
    sd: dict[str, float]
    power: float


def plan(pilot: Findings, difference: float | None = None, power: float = POWER) -> Plan:
    """Returns how many seeds a comparison needs, from a pilot with a few.

    The standard deviation of a few differences may be too low by chance; its upper limit at
    80 % is used.

    Args:
        pilot: Result of `compare` with at least 3 seeds.
        difference: Smallest difference worth finding: a share where the pilot compared ratios,
            as of losses, otherwise in units of the metric. The default is the margin.
        power: Probability of finding it.

    Returns:
        A `Plan`.

    Raises:
        ImportError: If a library of the extra `compare` is missing.
        TypeError: If `pilot` is no result.
        ValueError: If an arm has fewer than 3 pairs of scores in the pilot, or an argument is
            out of range.

    Example:

    >>> import keras, numpy as np
    >>> from keras_addmul import compare
    >>> x = np.random.default_rng(0).normal(size=(64, 2))
    >>> def stack(activation):
    ...     layers = [keras.Input((2,)), keras.layers.Dense(2, activation), keras.layers.Dense(1)]
    ...     return keras.Sequential(layers)
    >>> arms, y = {name: stack(name) for name in ("relu", "tanh")}, x[:, :1] ** 2
    >>> pilot = compare.compare(arms, (x, y), seeds=3, epochs=1, workers=0, verbose=0)
    >>> compare.plan(pilot).seeds > 6
    True
    """
    require_extra("compare", "scipy", "statsmodels")
    if not isinstance(pilot, Findings):
        raise TypeError(
            f"Argument `pilot` must be the result of `compare`. Received: {type(pilot).__name__}"
        )
    check_share("power", power)
    if difference is not None and not difference > 0.0:
        raise ValueError(f"Argument `difference` must be above 0. Received: {difference!r}")
    few = {v.arm: v.paired.n for v in pilot.judgements if v.paired.n < 3}
    if few or not pilot.judgements:
        raise ValueError(
            "Argument `pilot` must have at least 3 seeds with scores of both arms. "
            f"Received: {few or 'no complete seed'}"
        )
    first = pilot.judgements[0]
    if difference is None:
        difference = first.margin
    elif first.log:
        difference = float(np.log1p(difference))
    level = pilot.alpha / len(pilot.judgements)
    sd = {v.arm: upper_sd(v.paired.sd, v.paired.n) for v in pilot.judgements}
    by_arm = {arm: seeds_for(difference, value, level, power) for arm, value in sd.items()}
    return Plan(max(by_arm.values()), by_arm, difference, sd, power)
