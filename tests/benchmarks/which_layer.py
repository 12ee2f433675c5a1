"""Which layer is better than a `Dense` with ReLU, on which table, and how sure is that?

    python -m tests.benchmarks.which_layer [--only TEXT] [--seeds N] [--runs FOLDER]

Every model has two hidden layers of 32 units and trains with Adam on the same splits, batches and
number of steps; layers stand in the place of `Dense`, activations in that of ReLU. Gradient-boosted
trees with scikit-learn's defaults stand beside them as a landmark. Verdicts are those of
`keras_addmul.compare`, with its default margin and a false-alarm rate of 5 % a table. Rows are
written to `results/which_layer.json` as they come. A run that was stopped goes on where its
`--runs` are.
"""

import argparse
import json
import math
import tempfile

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from keras_addmul.compare import compare
from keras_addmul.compare.table_models import table_model
from tests.benchmarks.run import RESULTS, save, show
from tests.benchmarks.tables import TABLES

NAME_OF_FILE = "which_layer"
ARMS = ("dense", "tanh", "addmul_dense", "bilinear", "product_unit", "nalu", "noisy_tanh", "pelu")
TREES = "gradient-boosted trees"
MARKS = {
    "better": "better",
    "worse": "worse",
    "practically the same": "same",
    "not enough evidence": "not known",
}


def compared(table, seeds, epochs, folder):
    """The rows of one table: one for each arm but the baseline."""
    x, y = table.rows()
    if table.classes:
        y = y.astype("int32")
        loss, metric = "sparse_categorical_crossentropy", "loss"
    else:
        y, loss, metric = ((y - y.mean()) / y.std())[:, None], "mse", "rmse"
    arms = {
        name: table_model(name, x.shape[1], table.units, table.classes or 1, table.classes > 0)
        for name in ARMS
    }
    arms[TREES] = HistGradientBoostingClassifier if table.classes else HistGradientBoostingRegressor
    found = compare(
        arms,
        (x, y),
        loss=loss,
        metric=metric,
        seeds=seeds,
        epochs=epochs,
        scale=table.scale,
        folder=folder,
        verbose=0,
    )
    costs = {s.name: s for s in found.summaries}
    baseline = costs[ARMS[0]]
    for v in found.judgements:
        worst, best = v.paired.interval
        low, mean, high = (math.exp(-d) for d in (best, v.paired.mean, worst))
        cost = costs[v.arm]
        yield {
            "table": table.name,
            "rows": len(x),
            "model": v.arm,
            "verdict": v.verdict,
            "ratio": mean,
            "interval": [low, high],
            "p": v.p_holm,
            "dense": baseline.mean,
            "mean": cost.mean,
            "metric": found.metric,
            "failed": cost.failed,
            "step_time": cost.step_ratio and cost.step_ratio[0],
            "parameters": cost.parameters,
            "more_seeds": v.more_seeds,
            "seeds": v.failures.n,
            "epochs": epochs,
        }


def table_of(rows):
    """One row a table: the verdict on each model, and the ratio of its error to that of Dense."""
    shown = []
    for name in dict.fromkeys(row["table"] for row in rows):
        own = {row["model"]: row for row in rows if row["table"] == name}
        cells = {model: f"{MARKS[row['verdict']]} {row['ratio']:.2f}" for model, row in own.items()}
        shown.append({"table": name, **cells})
    return shown


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="only tables whose name holds this")
    parser.add_argument("--seeds", type=int, default=10, help="seeds of each model; 10")
    parser.add_argument("--epochs", type=int, default=60, help="epochs; 60")
    parser.add_argument("--runs", help="directory that keeps the runs; by default none")
    options = parser.parse_args(arguments)
    path = RESULTS / f"{NAME_OF_FILE}.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    for table in TABLES:
        if options.only not in table.name:
            continue
        with tempfile.TemporaryDirectory() as own:
            new = list(compared(table, options.seeds, options.epochs, options.runs or own))
        rows = [row for row in rows if row["table"] != table.name] + new
        save(NAME_OF_FILE, json.loads(json.dumps(rows, default=float)))
        print(*table_of(new), sep="\n", flush=True)
    show("error divided by that of Dense with ReLU, and the verdict", table_of(rows))


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
