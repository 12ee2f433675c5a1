"""Says what a comparison found, in sentences and in rows of tables."""

import math

from keras_addmul.compare.findings import ArmSummary, Findings
from keras_addmul.compare.judging.paired import FEWEST, fewest
from keras_addmul.compare.judging.verdicts import BETTER, SAME, UNDECIDED, WORSE, Verdict

__all__ = [
    "ARMS_HEAD",
    "VERDICTS_HEAD",
    "arm_rows",
    "facts",
    "headline",
    "level",
    "number",
    "sentence",
    "verdict_rows",
]

ARMS_HEAD = (
    "model", "runs", "failed", "mean", "sd", "median", "worst", "parameters", "step time",
)  # fmt: skip
VERDICTS_HEAD = ("model", "verdict", "ratio or difference", "interval", "p", "better in", "why")


def headline(found: Findings) -> str:
    """Returns the verdicts in one sentence."""
    if not found.judgements:
        return "Nothing is known yet: no seed has run with every model."
    if len(found.judgements) == 1:
        return sentence(found, found.judgements[0])
    groups = []
    for verdict, words in ((BETTER, "better"), (WORSE, "worse"), (SAME, SAME)):
        names = [v.arm for v in found.judgements if v.verdict == verdict]
        if names:
            groups.append(f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {words}")
    open_ones = [v.arm for v in found.judgements if v.verdict == UNDECIDED]
    if open_ones:
        groups.append(f"there is not enough evidence about {_listed(open_ones)}")
    return f"Against {found.arms[0]}, {'; '.join(groups)}."


def sentence(found: Findings, v: Verdict) -> str:
    """Returns the verdict on one arm, with its size and its cost."""
    cost = _cost(next(s for s in found.summaries if s.name == v.arm))
    size = f"{_difference(found, v)}, over {_count(v.failures.n, 'seed')}"
    if v.verdict == UNDECIDED:
        more = ""
        if v.more_seeds:
            more = f" About {_count(v.more_seeds, 'more seed')} would tell."
        return (
            f"There is not enough evidence that {v.arm} differs from {v.baseline}: {v.reason}; "
            f"{size}.{more}{cost}"
        )
    name = {BETTER: "better than", WORSE: "worse than", SAME: "practically the same as"}
    why = "" if "interval" in v.reason else f" {v.reason};"
    return f"{v.arm} is {name[v.verdict]} {v.baseline}:{why} {size}.{cost}"


def arm_rows(found: Findings) -> list[tuple[str, ...]]:
    """Returns a row for each arm, below `ARMS_HEAD`."""
    return [
        (
            s.name,
            str(s.runs),
            _outcomes(s),
            *map(number, (s.mean, s.sd, s.median, s.worst)),
            "" if s.parameters is None else str(s.parameters),
            "" if s.step_ratio is None else _times(s.step_ratio),
        )
        for s in found.summaries
    ]


def verdict_rows(found: Findings) -> list[tuple[str, ...]]:
    """Returns a row for each arm but the baseline, below `VERDICTS_HEAD`."""
    rows = []
    for v in found.judgements:
        more = f"; about {v.more_seeds} more seeds would tell" if v.more_seeds else ""
        rows.append(
            (
                v.arm,
                v.verdict,
                _effect(v, v.paired.mean),
                _interval(v, v.paired.interval) if v.paired.n > 1 else "unknown",
                f"{v.p_holm:.3g}",
                "" if math.isnan(v.paired.wins) else f"{v.paired.wins:.0%}",
                f"{v.reason}{more}",
            )
        )
    return rows


def facts(found: Findings) -> list[tuple[str, str]]:
    """Returns names and values of what a reader has to know of how it was done."""
    settings = found.settings
    better = "higher" if found.higher_is_better else "lower"
    scale = ""
    margin = "unknown"
    pairing = "unknown"
    if found.judgements:
        v = found.judgements[0]
        scale = ", compared by its ratio" if v.log else ", compared by its difference"
        asked = "as asked" if found.margin is not None else "half the baseline's sd over seeds"
        margin = f"{_size(v.margin, v.log)} ({asked})"
        pairing = "; ".join(
            f"{v.arm} {v.correlation:.2f}{'' if v.correlation > 0.1 else ', so it bought nothing'}"
            if not math.isnan(v.correlation)
            else f"{v.arm} unknown"
            for v in found.judgements
        )
    rows = [
        ("metric", f"{found.metric} on held-out rows, {better} is better{scale}"),
        ("seeds", f"{len(found.complete_seeds)} of {len(found.seeds)}; {_needed(found)}"),
        ("data", f"{settings['rows']} rows, {settings['held_out']:.0%} held out by each seed"
                 if settings["folds"] is None
                 else f"{settings['rows']} rows in {settings['folds']} folds"),
        ("budget", _budget(found)),
        ("does not matter", f"differences below {margin}"),
        ("false alarms", f"{found.alpha:.0%} over all models, by Holm's adjustment"),
        ("correlation over seeds", pairing),
    ]  # fmt: skip
    for v in found.judgements:
        if v.on_new_data is not None and v.paired.n > 1 and settings["folds"] is None:
            interval = _interval(v, v.on_new_data)
            rows.append((f"{v.arm} on new rows", f"{interval} (Nadeau and Bengio)"))
    if len(found.looks) > 1:
        looks = ", ".join(map(str, found.looks))
        rows.append(("looks", f"{len(found.looks)}, at {looks} seeds: each adds false alarms"))
    if found.interrupted:
        rows.append(("interrupted", "the training was ended before all runs were done"))
    errors = {str(run["error"]) for run in found.runs if run.get("error")}
    rows += [("crashed", error) for error in sorted(errors)]
    return rows


def level(found: Findings) -> str:
    """Returns the level of the intervals, as "95 %"."""
    return f"{100.0 * (1.0 - found.alpha):.4g} %"


def number(value: float) -> str:
    """Returns a number with four digits; a dash where there is none."""
    return "-" if math.isnan(value) else f"{value:.4g}"


def _needed(found: Findings) -> str:
    # Holm's adjustment asks more of the first of several arms.
    more = fewest(found.alpha / max(1, len(found.arms) - 1))
    also = f", fewer than {more} never find a difference" if more > FEWEST else ""
    return f"fewer than {FEWEST} never decide{also}"


def _budget(found: Findings) -> str:
    settings = found.settings
    epochs = settings["epochs_of"]
    size = f"batches of {settings['batch_size']}"
    if len(set(epochs.values())) == 1:
        return f"{settings['epochs']} epochs for each model, {size}"
    each = ", ".join(f"{name} {count}" for name, count in epochs.items())
    return f"equal time, {size}; epochs: {each}"


def _difference(found: Findings, v: Verdict) -> str:
    if not v.paired.n:
        return f"no seed gave both a {found.metric}"
    size, interval = _effect(v, v.paired.mean), ""
    if v.paired.n > 1:
        interval = f" ({level(found)} interval {_interval(v, v.paired.interval)})"
    if v.log:
        return f"its {found.metric} is {size} times that of {v.baseline}{interval}"
    return f"its {found.metric} differs by {size}{interval}"


def _effect(v: Verdict, oriented: float) -> str:
    """Writes a difference of oriented scores as that of the metric: a ratio, or a number."""
    if math.isnan(oriented):
        return "unknown"
    difference = oriented if v.higher_is_better else -oriented
    if not v.log:
        return f"{difference:+.4g}"
    ratio = math.exp(min(difference, 700.0))
    return f"{ratio:.3f}" if 0.1 <= ratio < 10.0 else f"{ratio:.3g}"


def _interval(v: Verdict, interval: tuple[float, float]) -> str:
    low, high = interval if v.higher_is_better else reversed(interval)
    return f"{_effect(v, low)} to {_effect(v, high)}"


def _size(margin: float, log: bool) -> str:
    return f"{100 * math.expm1(margin):.1f} %" if log else f"{margin:.4g}"


def _cost(summary: ArmSummary) -> str:
    if summary.step_ratio is None:
        return ""
    ratio, low, high = summary.step_ratio
    return f" A step takes {ratio:.2f} times as long ({low:.2f} to {high:.2f})."


def _times(ratio: tuple[float, float, float]) -> str:
    middle, low, high = ratio
    return f"{middle:.2f}" if low == high else f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _outcomes(summary: ArmSummary) -> str:
    bad = {kind: n for kind, n in summary.outcomes.items() if kind != "finished"}
    told = ", ".join(f"{n} {kind}" for kind, n in bad.items())
    return f"{summary.failed} ({told})" if bad else "0"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
