"""Which layer is better than a `Dense` with ReLU, on which table, and how sure is that?

    python -m tests.benchmarks.which_layer [--only TEXT] [--arms PASS] [--runs FOLDER] [--judge]
                                                [--against MODEL] [--models MODEL ...]

Every model has two hidden layers of 32 units and trains with Adam for 800 steps of 32 rows, with
12 seeds on the same splits and batches. Each model has its own learning rate: see `many_seeds`.
Gradient-boosted trees with scikit-learn's defaults stand beside them as a landmark. Scores are
written to `results/which_layer.json`; `--judge` only prints what is there. A run that was stopped
goes on where its `--runs` are, and several processes may work on one folder. Verdicts are those
of `keras_addmul.compare.judge`, with its default margin and a false-alarm rate of 5 % a table.
A table costs about three minutes of one core.
"""

import os

if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "jax")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import json
import math
import tempfile
from pathlib import Path

import keras
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from keras_addmul.compare import judge, rows_of_data
from tests.benchmarks import many_seeds
from tests.benchmarks.run import RESULTS
from tests.benchmarks.tables import TABLES
from tests.benchmarks.which_layer_arms import ARMS, FIRST, PASSES

PATH = RESULTS / "which_layer.json"
BASELINE, TREES, STEPS = "Dense, ReLU", "gradient-boosted trees", 800
OTHER = {"standard": "geometric", "geometric": "standard"}
MARKS = {
    "better": "better",
    "worse": "worse",
    "practically the same": "same",
    "not enough evidence": "not known",
}


def rows_of(table):
    """The inputs and targets of a table, a number in units of its standard deviation."""
    x, y = table.rows()
    if table.classes:
        return rows_of_data.checked((x, y.astype("int32")))
    return rows_of_data.checked((x, ((y - y.mean()) / y.std())[:, None]))


def measured(table, arm):
    """The row of one arm on one table."""
    x, y = rows_of(table)

    def build(which):
        return lambda: which.build(x.shape[1], table.classes)

    scale = OTHER[table.scale] if arm.other_scale else table.scale
    steps = STEPS * arm.steps
    found = many_seeds.train(build(arm), build(FIRST[0]), x, y, table.classes, scale, steps)
    return {
        "table": table.name,
        "model": arm.name,
        "family": arm.family,
        "rate": found.rate,
        "parameters": found.parameters,
        "ms_of_a_step": float(f"{1e3 * found.seconds:.3g}"),
        "scores": found.scores,
        "failed": sum(found.failed),
        "failed_seeds": [i for i, bad in enumerate(found.failed) if bad],
    }


def trees(table):
    """The same for gradient-boosted trees, which have neither steps nor a rate."""
    x, y = rows_of(table)
    scores = []
    for seed in range(many_seeds.SEEDS):
        known_x, known_y, held_x, held_y = many_seeds.rows_of_seed(x, y, seed, None)
        if table.classes:
            model = HistGradientBoostingClassifier().fit(known_x, known_y)
            shares = model.predict_proba(held_x)[np.arange(len(held_x)), held_y]
            scores.append(float(-np.log(np.maximum(shares, 1e-7)).mean()))
        else:
            model = HistGradientBoostingRegressor().fit(known_x, known_y[:, 0])
            scores.append(float(np.sqrt(np.mean((model.predict(held_x) - held_y[:, 0]) ** 2))))
    row = {"table": table.name, "model": TREES, "family": "landmarks"}
    return {**row, "scores": [float(f"{s:.5g}") for s in scores], "failed": 0, "failed_seeds": []}


def verdicts(rows, table, baseline=BASELINE, models=None):
    """Verdicts on the models of a table against one of them, with ratios of their errors."""
    own = {row["model"]: row for row in rows if row["table"] == table}
    names = [baseline, *(n for n in own if n != baseline and (models is None or n in models))]
    failed = {n: [i in own[n]["failed_seeds"] for i in range(many_seeds.SEEDS)] for n in names}
    for verdict in judge({n: own[n]["scores"] for n in names}, failed):
        worst, best = verdict.paired.interval
        yield {
            "table": table,
            "model": verdict.arm,
            "verdict": MARKS[verdict.verdict],
            "ratio": math.exp(-verdict.paired.mean),
            "low": math.exp(-best),
            "high": math.exp(-worst),
        }


def save(rows):
    """Writes a line a row, in the order of tables and arms."""
    order = [table.name for table in TABLES], [*ARMS, TREES]
    rows = sorted(rows, key=lambda r: (order[0].index(r["table"]), order[1].index(r["model"])))
    versions = {"keras": keras.__version__, "backend": keras.backend.backend()}
    lines = ",\n".join(json.dumps(row) for row in rows)
    head = json.dumps({"name": PATH.stem, "with": {**versions, "cores": os.cpu_count()}})
    PATH.write_text(f'{head[:-1]}, "rows": [\n{lines}\n]}}\n')


def measure(tables, arms, folder):
    """Measures what is not in the folder yet, and adds it to the results."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        for arm in (*arms, None):
            name = arm.name if arm else TREES
            path = folder / f"{table.name}, {name}.json"
            if path.exists() or (arm and table.rows()[0].shape[1] > arm.largest):
                continue
            path.touch()  # so that another process takes the next one
            try:
                row = measured(table, arm) if arm else trees(table)
            except BaseException:
                path.unlink()
                raise
            path.write_text(json.dumps(row))
            fine = [score for score in row["scores"] if score is not None]
            mean = np.mean(fine) if fine else math.nan
            print(table.name, name, f"{mean:.4g}", row["failed"], row.get("rate"), flush=True)
    texts = [path.read_text() for path in folder.glob("*.json")]
    new = {(row["table"], row["model"]): row for row in map(json.loads, filter(None, texts))}
    old = json.loads(PATH.read_text())["rows"] if PATH.exists() else []
    save([*(row for row in old if (row["table"], row["model"]) not in new), *new.values()])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="only tables whose name holds this")
    parser.add_argument("--arms", choices=PASSES, help="only these arms")
    parser.add_argument("--runs", type=Path, help="directory that keeps the runs; none by default")
    parser.add_argument("--judge", action="store_true", help="only judge what was measured")
    parser.add_argument("--against", default=BASELINE, help="the baseline of the verdicts")
    parser.add_argument("--models", nargs="+", help="only verdicts on these")
    options = parser.parse_args(arguments)
    arms = PASSES.get(options.arms, ARMS.values())
    tables = [table for table in TABLES if options.only in table.name]
    if not options.judge:
        with tempfile.TemporaryDirectory() as own:
            measure(tables, arms, options.runs or Path(own))
    rows = json.loads(PATH.read_text())["rows"]
    for table in tables:
        for v in verdicts(rows, table.name, options.against, options.models):
            span = f"{v['low']:.2f} to {v['high']:.2f}"
            print(f"{table.name:16} {v['model']:34} {v['verdict']:10} {v['ratio']:.2f} ({span})")


if __name__ == "__main__":
    np.seterr(all="ignore")
    many_seeds.start_with_one_thread()
    main()
