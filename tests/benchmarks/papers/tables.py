"""Rows of the experiments: kept as they come, and judged against the first model."""

import argparse
import dataclasses
import json
import math

import numpy as np

from keras_addmul.compare import judge
from tests.benchmarks.run import RESULTS, save, show


def asked(text, seeds, steps, arguments=None):
    """The options of a command."""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("--only", default="", help="only rows whose task or model holds this")
    parser.add_argument("--seeds", type=int, default=seeds, help=f"starts of a model; {seeds}")
    parser.add_argument("--steps", type=int, default=steps, help=f"steps of training; {steps}")
    parser.add_argument("--slow", action="store_true", help="with the models that take minutes")
    parser.add_argument("--anew", action="store_true", help="forget what is known")
    return parser.parse_args(arguments)


def parameters(model):
    """Number of trainable weights."""
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


class Kept:
    """The rows of one experiment, in a file of `results` that each new row goes to at once."""

    def __init__(self, name, options):
        self.name, self.options = name, options
        path = RESULTS / f"{name}.json"
        known = path.exists() and not options.anew
        self.rows = json.loads(path.read_text())["rows"] if known else []

    def measure(self, task, arm, measured, plan):
        """Measures a row, unless it is known or not asked for."""
        key = {"seeds": self.options.seeds, "steps": self.options.steps}
        wanted = {"task": task, "model": arm.name, **key}
        if any(wanted.items() <= row.items() for row in self.rows):
            return
        if self.options.only not in f"{task} {arm.name}" or (arm.slow and not self.options.slow):
            return
        plan = dataclasses.replace(plan, steps=self.options.steps)
        row = {**measured(task, arm, seeds=self.options.seeds, plan=plan), **key}
        same = wanted["task"], wanted["model"]
        self.rows = [r for r in self.rows if (r["task"], r["model"]) != same] + [row]
        print({k: v for k, v in row.items() if not isinstance(v, list)}, flush=True)
        save(self.name, self.rows)

    def of(self, task):
        """The rows of a task with as many seeds as were asked for."""
        seeds = self.options.seeds
        return [r for r in self.rows if r["task"] == task and r["seeds"] == seeds]


def show_verdicts(title, rows, score):
    """Prints the medians of a score, and its ratio to the first model's with an interval."""
    if len(rows) < 2:
        return
    scores = {row["model"]: [_finite(v) for v in row[score]] for row in rows}
    found = {verdict.arm: verdict for verdict in judge(scores)}
    table = []
    for row in rows:
        fine = [v for v in scores[row["model"]] if v is not None]
        line = {
            "model": row["model"],
            "weights": row["parameters"],
            "median": float(np.median(fine)) if fine else math.nan,
            "best": min(fine, default=math.nan),
            "worst": max(fine, default=math.nan),
            **{key: "" for key in ("times the first", "95 %", "verdict")},
        }
        if row["model"] in found:
            verdict = found[row["model"]]
            low, high = (math.exp(-v) for v in reversed(verdict.paired.interval))
            line["times the first"] = f"{math.exp(-verdict.paired.mean):.2g}"
            line["95 %"] = f"{low:.2g} to {high:.2g}"
            line["verdict"] = verdict.verdict
        table.append(line)
    show(f"{title}; {rows[0]['seeds']} seeds", table)


def _finite(value):
    return value if value is not None and math.isfinite(value) else None
