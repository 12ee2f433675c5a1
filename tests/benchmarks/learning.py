"""What a layer learns from its default start: one start a seed, no restarts, nothing chosen.

    python -m tests.benchmarks.learning [--only TEXT] [--seeds N] [--anew]

Every arm learns every task with the same steps, batches of 128 out of 4096 rows, and optimizer:
Adam, whose rate falls along a cosine in the second half. Orders are pulled to their ends from
the second third on, as `callbacks.RegularizerSchedule` does it. A seed draws the weights by the
layer's own initializers. A model succeeds where its root mean square error, on a wider range and
without noise, is below 1 % of the targets' (for tasks with noise: below that noise). Where no
input was negative, no parity was learned, and it becomes that of the exponent. Rows are written
to `results/learning.json` as they come, and a run that was stopped goes on there.
"""

import argparse
import json
import time

import keras
import numpy as np

from keras_addmul import special
from keras_addmul.restarts.program import Program
from tests.benchmarks.learning_arms import ARMS, ORDERS
from tests.benchmarks.learning_tasks import ROWS, TASKS, TEACHER
from tests.benchmarks.run import RESULTS, save, show

CHUNK, BATCH = 200, 128
# Steps and learning rate of single units, and of models with a hidden layer.
SINGLE, HIDDEN = (4000, 0.02), (16000, 0.02)
# When the pull on the orders begins, and when it has grown to its strength: of single units, and
# of hidden ones, which have their inputs to share out first.
RAMP, HIDDEN_RAMP = (0.3, 0.5), (0.4, 0.7)
SEEDS = {"teacher": 8}
NAME_OF_FILE = "learning"


class HeldThenCosine(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that is held for the first half of the steps, and then falls to 0 along a cosine."""

    def __init__(self, rate, steps):
        self.rate, self.steps = rate, steps

    def __call__(self, step):
        done = keras.ops.cast(step, "float32") / self.steps
        return self.rate * 0.5 * (1.0 + keras.ops.cos(np.pi * keras.ops.maximum(2 * done - 1, 0)))

    def get_config(self):
        return {"rate": self.rate, "steps": self.steps}


def learn(arm, task, order, seeds):
    """Trains one model a seed; one row of the table."""
    started = time.perf_counter()
    model = arm.model(task, order)
    x, y, wide, truth = task.data()
    steps, rate = HIDDEN if task.hidden else SINGLE
    adam = keras.optimizers.Adam(HeldThenCosine(rate, steps))
    program = Program(model, adam, keras.losses.MeanSquaredError(), seeds, float(y.var()))
    weights = [
        np.stack(w) for w in zip(*(_start(arm, task, order, s) for s in range(seeds)), strict=True)
    ]
    state, rng = program.fresh_state(), np.random.default_rng(1)
    ramp = HIDDEN_RAMP if task.hidden else RAMP
    for first in range(0, steps, CHUNK):
        program.penalty.assign(np.clip(np.interp(first / steps, ramp, (0.0, 1.0)), 0.0, 1.0))
        index = rng.integers(ROWS, size=(CHUNK, BATCH)).astype("int32")
        weights, state, _ = program.advance(weights, state, range(seeds), (x, y), index)
    if arm.ordered and np.all(x > 0.0):
        weights[_place(model, "parity")] = special.parity_of(_of(model, weights, "kernel")).numpy()
    chosen = int(np.argmin(program.measure(weights, (x, y))))
    answers = [_answer(model, weights, seed, wide) for seed in range(seeds)]
    row = {
        "group": task.group,
        "task": task.name,
        "arm": arm.name,
        "order": order if arm.ordered else None,
        "seeds": seeds,
        **_judged(task, answers, truth, chosen),
    }
    if arm.ordered:
        orders, kernels = (_of(model, weights, name) for name in ("order", "kernel"))
        row["inside"] = float(np.mean((orders > 0.02) & (orders < 0.98)))
        if task.group == "teacher":
            row["recovered"] = _recovered(orders, kernels)
    return {**row, "seconds": round(time.perf_counter() - started, 1)}


def _start(arm, task, order, seed):
    keras.utils.set_random_seed(seed)
    return arm.model(task, order).get_weights()


def _answer(model, weights, seed, x):
    model.set_weights([w[seed] for w in weights])
    return np.asarray(model(x))


def _place(model, name):
    """Where the first layer's weights of this name stand among those of the model."""
    wanted = getattr(model.layers[0], name)
    (place,) = (at for at, v in enumerate(model.variables) if v is wanted)
    return place


def _of(model, weights, name):
    """All seeds' weights of the first layer by their name."""
    return np.asarray(weights[_place(model, name)])


def _judged(task, answers, truth, chosen):
    """How many succeed, and the errors: of all outputs together, and the median of each."""
    size = np.sqrt(np.nanmean(truth**2))
    errors = [float(np.sqrt(np.nanmean((a - truth) ** 2)) / size) for a in answers]
    errors = [e if np.isfinite(e) else float("inf") for e in errors]
    medians = [np.nanmedian(np.abs(a - truth), axis=0) for a in answers]
    return {
        "successes": sum(e < max(0.01, task.noise) for e in errors),
        "median_error": float(np.median(errors)),
        "best_error": min(errors),
        "by_output": np.median(medians, axis=0).round(5).tolist(),
        "by_output_of_the_best_in_training": medians[chosen].round(5).tolist(),
    }


def _recovered(orders, kernels):
    """Share of the teacher's products whose exponents a settled unit has, to 0.05."""
    exponents = TEACHER.kernel.T[TEACHER.sums :]
    near = np.abs(kernels[:, None] - exponents[None, :, :, None]).max(axis=2) < 0.05
    return float((near & (orders > 0.98)[:, None]).any(axis=-1).mean())


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="only rows whose group, task or arm holds this")
    parser.add_argument("--seeds", type=int, default=20, help="starts a task; 20")
    parser.add_argument("--anew", action="store_true", help="forget what is known")
    options = parser.parse_args(arguments)
    path = RESULTS / f"{NAME_OF_FILE}.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() and not options.anew else []
    known = {(r["group"], r["task"], r["arm"], r["order"], r["seeds"]) for r in rows}
    for task in TASKS:
        for arm in ARMS:
            single = task.group.startswith("one unit")
            for order in ORDERS if single and arm.ordered else (0.25,):
                seeds = min(options.seeds, SEEDS.get(task.group, options.seeds))
                key = (task.group, task.name, arm.name, order if arm.ordered else None, seeds)
                if key in known or options.only not in " ".join(map(str, key)):
                    continue
                rows.append(learn(arm, task, order, seeds))
                print(rows[-1], flush=True)
                save(NAME_OF_FILE, rows)
    show("learned from the default start", table(rows))


def table(rows):
    """One row a group: successes of all runs, or the median error where nobody succeeds."""
    groups, arms = (list(dict.fromkeys(row[key] for row in rows)) for key in ("group", "arm"))
    result = []
    for group in groups:
        cells = {}
        for arm in arms:
            own = [row for row in rows if (row["group"], row["arm"]) == (group, arm)]
            won, runs = (sum(row[key] for row in own) for key in ("successes", "seeds"))
            middle = np.median([row["median_error"] for row in own]) if own else np.nan
            cells[arm] = f"{won}/{runs}" if len(own) > 1 else f"{middle:.2g}"
        result.append({"group": group, **cells})
    return result


if __name__ == "__main__":
    main()
