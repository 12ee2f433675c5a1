"""What a comparison found: its runs, and the statistics that follow from them."""

import dataclasses
import functools
import math
from collections.abc import Mapping

import numpy as np

from keras_addmul.annotations import Config
from keras_addmul.compare.judging.paired import step_time_ratio
from keras_addmul.compare.judging.verdicts import Verdict, judge

__all__ = ["ArmSummary", "Findings"]


@dataclasses.dataclass(frozen=True)
class ArmSummary:
    """One arm in numbers.

    Attributes:
        name: Name of the arm.
        runs: How many runs are done.
        failed: How many of them failed.
        mean: Mean score of those that have one.
        sd: Standard deviation over seeds.
        median: Median.
        worst: The worst.
        parameters: Number of trainable numbers, or None.
        seconds: Median seconds of a training.
        step_ratio: Step time divided by the baseline's, and its interval; None if not measured.
        outcomes: How many runs ended in which way.
    """

    name: str
    runs: int
    failed: int
    mean: float
    sd: float
    median: float
    worst: float
    parameters: int | None
    seconds: float
    step_ratio: tuple[float, float, float] | None
    outcomes: Mapping[str, int]


@dataclasses.dataclass(frozen=True)
class Findings:
    """The runs of a comparison.

    Attributes:
        arms: Names of the arms, the baseline first.
        seeds: The seeds.
        runs: The result of each run that is done, with `arm`, `seed`, `outcome`, `score`,
            `curves`, `parameters`, `steps` and `seconds`.
        step_times: Seconds of a step by arm, one number a round, measured in turns.
        metric: Name of the metric.
        higher_is_better: Its direction.
        settings: How the models were trained.
        margin: The margin that was asked for, or None.
        alpha: Rate of false alarms over all arms.
        held_out_to_train: Number of held-out rows divided by that of training rows.
        interrupted: Whether the training was ended early.
        versions: Versions of the libraries.
        looks: Numbers of seeds at which results in the same folder were looked at.
    """

    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    runs: tuple[Config, ...]
    step_times: Mapping[str, list[float]]
    metric: str
    higher_is_better: bool
    settings: Config
    margin: float | None
    alpha: float
    held_out_to_train: float
    interrupted: bool
    versions: Mapping[str, str]
    looks: tuple[int, ...] = ()

    @functools.cached_property
    def judgements(self) -> tuple[Verdict, ...]:
        """The verdict on each arm but the baseline, with its statistics."""
        seeds = self.complete_seeds
        if not seeds:
            return ()
        found = {(run["arm"], run["seed"]): run for run in self.runs}
        return tuple(
            judge(
                {a: [found[a, s].get("score") for s in seeds] for a in self.arms},
                {a: [found[a, s]["outcome"] != "finished" for s in seeds] for a in self.arms},
                higher_is_better=self.higher_is_better,
                margin=self.margin,
                alpha=self.alpha,
                held_out_to_train=self.held_out_to_train,
                rows_are_shared=self.settings["folds"] is not None,
            )
        )

    @property
    def complete_seeds(self) -> list[int]:
        """The seeds with which every arm has run."""
        done = {(run["arm"], run["seed"]) for run in self.runs}
        return [seed for seed in self.seeds if all((arm, seed) in done for arm in self.arms)]

    @functools.cached_property
    def summaries(self) -> tuple[ArmSummary, ...]:
        """The arms in numbers."""
        return tuple(self._summary(arm) for arm in self.arms)

    def of(self, arm: str) -> list[Config]:
        """Returns the runs of an arm, by seed."""
        return sorted((run for run in self.runs if run["arm"] == arm), key=lambda run: run["seed"])

    def _summary(self, arm: str) -> ArmSummary:
        runs = self.of(arm)
        scores = np.array([r["score"] for r in runs if r.get("score") is not None], float)
        some = len(scores) > 0
        outcomes: dict[str, int] = {}
        for run in runs:
            outcomes[run["outcome"]] = outcomes.get(run["outcome"], 0) + 1
        baseline, own = (self.step_times.get(name) for name in (self.arms[0], arm))
        worst = scores.min if self.higher_is_better else scores.max
        return ArmSummary(
            name=arm,
            runs=len(runs),
            failed=sum(run["outcome"] != "finished" for run in runs),
            mean=float(scores.mean()) if some else math.nan,
            sd=float(scores.std(ddof=1)) if len(scores) > 1 else math.nan,
            median=float(np.median(scores)) if some else math.nan,
            worst=float(worst()) if some else math.nan,
            parameters=next((r["parameters"] for r in runs if r.get("parameters")), None),
            seconds=float(np.median([r["seconds"] for r in runs if "seconds" in r] or [math.nan])),
            step_ratio=step_time_ratio(baseline, own) if baseline and own else None,
            outcomes=outcomes,
        )
