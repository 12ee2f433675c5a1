"""The call: trains every arm with every seed, and judges what came of it."""

import contextlib
import copy
import dataclasses
import math
import os
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_addmul.annotations import Config
from keras_addmul.compare import asked, engine, rows_of_data
from keras_addmul.compare.arms import Arm, arms_of, described
from keras_addmul.compare.looks import seen
from keras_addmul.compare.metric import Metric, metric_of
from keras_addmul.compare.result import Result
from keras_addmul.compare.seeds_bar import SeedsBar
from keras_addmul.compare.unit_of_work import Unit, versions
from keras_addmul.discover.report.files import directory
from keras_addmul.extras import require_extra
from keras_addmul.layers.checks import check_name, check_number, check_share

__all__ = ["compare"]

# Results of another format are not read.
FORMAT = 1


def compare(
    models: Mapping[str, Any],
    data: tuple[Any, Any],
    *,
    metric: Any = "loss",
    loss: Any = "mse",
    optimizer: Any = "adam",
    seeds: int | Iterable[int] = 20,
    epochs: int = 50,
    budget: str = "steps",
    batch_size: int = 32,
    held_out: float = 0.25,
    folds: int | None = None,
    scale: str | None = None,
    margin: float | None = None,
    alpha: float = 0.05,
    higher_is_better: bool | None = None,
    jit: bool = False,
    folder: str | Path | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    verbose: int = 1,
) -> Result:
    """Compares models on the same data, with the same seeds and the same budget.

    Each seed draws a split of the rows, the order of the batches and the initial weights, the
    same for all arms: layers that two models share start with equal weights. Every run is one
    training of one model with one seed. Its result is kept in a file of its own, so that a
    comparison that was stopped, or killed, goes on where it was; two machines can work on one
    folder. A run whose score is nan, whose training loss does not fall, or whose process dies
    again and again is a result, and counts as a failure.

    Args:
        models: The models by name, the baseline first. Each is a function that returns a fresh
            Keras model, and takes no argument or the training rows `x, y`; or a Keras model or
            its config, which is built anew with the initial weights of each seed. A model may be
            compiled with an optimizer of its own, which is then used for it. Functions must be
            defined at the top level of a module, so that other processes can import them. A
            function may also return another object with `fit` and `predict`.
        data: Pair of arrays: inputs of shape `(rows, ...)`, and as many targets.
        metric: What is compared on the held-out rows: `"loss"`, a metric of Keras, or its name.
        loss: The loss of all models: a name, a function or a loss of Keras.
        optimizer: The optimizer of models that are not compiled.
        seeds: Number of seeds, or the seeds. Fewer than 6 never decide.
        epochs: Number of epochs of the baseline.
        budget: `"steps"` trains all arms for as many steps; `"seconds"` for as long as the
            baseline takes, by step times that are measured in turns.
        batch_size: Rows of a batch.
        held_out: Share of rows that each seed holds out.
        folds: None, or a number k: k seeds in a row are then the k folds of one shuffle, and
            verdicts allow for the rows that they share.
        scale: None leaves the inputs as they are; `"standard"` gives each feature mean 0 and
            standard deviation 1, `"geometric"` divides it by its typical size and so leaves power
            laws intact: both by the training rows of a seed alone.
        margin: Largest difference that does not matter: a share where scores are compared by
            their ratio, as losses are, otherwise in units of the metric. The default is half the
            standard deviation of the baseline over seeds.
        alpha: Rate of false alarms over all arms.
        higher_is_better: Direction of the metric, where its name does not tell.
        jit: Whether XLA compiles the training.
        folder: Directory to keep the runs in. Without one, they are forgotten in the end.
        workers: Number of processes; by default one for each core. 0 trains in this process.
        executor: Any `concurrent.futures` executor instead, such as that of
            `dask.distributed.Client.get_executor()`. Its processes must see `folder`.
        verbose: 0 shows no progress bar.

    Returns:
        A `Result`: the verdicts, and their reports. Ctrl-C ends the training; the result then
        tells of the runs that are done.

    Raises:
        ImportError: If a library of the extra `compare` is missing.
        TypeError: If `models` holds something else than such models.
        ValueError: If an argument is out of range, or a model does not fit the data.
        RuntimeError: If worker processes cannot start.

    Example:

    >>> import keras, numpy as np
    >>> from keras_addmul import compare, layers
    >>> x = np.random.default_rng(0).uniform(0.5, 2.0, (64, 2))
    >>> dense = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> ours = keras.Sequential([keras.Input((2,)), layers.AddMulDense(1)])
    >>> models, product = {"dense": dense, "ours": ours}, x[:, :1] * x[:, 1:]
    >>> result = compare.compare(models, (x, product), seeds=1, epochs=1, workers=0, verbose=0)
    >>> result.verdicts
    {'ours': 'not enough evidence'}
    """
    require_extra("compare")
    seeds = asked.seeds_of(seeds)
    x, y = rows_of_data.checked(data)
    settings = asked.settings_of(
        loss, optimizer, epochs, batch_size, held_out, folds, scale, jit, len(x)
    )
    found: Metric = metric_of(metric, loss, asked.flag("higher_is_better", higher_is_better, True))
    settings["metric"] = found.config
    check_name("budget", budget, ("steps", "seconds"))
    check_share("alpha", alpha)
    if margin is not None:
        check_number("margin", margin, 0.0)
    places = asked.places(workers, executor)
    arms = arms_of(models, processes=executor is not None or places != 0)
    if places is None:
        places = min(os.cpu_count() or 1, len(arms) * len(seeds))
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="compare."))
        runs = directory(Path(folder) / "runs", "folder")
        maker = _Maker(arms, settings, x, y, rows_of_data.save(runs, x, y), runs, seeds[0])
        bar = stack.enter_context(SeedsBar(verbose, len(arms) * len(seeds) + 1))
        # Alone, before anything else runs: what it measures is time.
        timing = maker.timing()
        times = engine.do([timing], min(places, 1), executor, bar)
        epochs_of = _epochs(times, timing, arms, epochs, budget)
        units = {
            (arm.name, seed): maker.training(arm, seed, epochs_of[arm.name])
            for seed in seeds
            for arm in arms
        }
        done = times if times.interrupted else engine.do(units.values(), places, executor, bar)
        looks = seen(runs, maker.configs, settings, len(seeds)) if not done.interrupted else ()
    trained = len(x) - len(rows_of_data.split(len(x), 0, held_out, folds).held_out)
    return Result(
        arms=tuple(arm.name for arm in arms),
        seeds=tuple(seeds),
        runs=tuple(
            {**done.results[unit.file], "arm": name, "seed": seed}
            for (name, seed), unit in units.items()
            if unit.file in done.results
        ),
        step_times=times.results.get(timing.file, {}).get("seconds_of_a_step", {}),
        metric=found.name,
        higher_is_better=found.higher_is_better,
        settings={**settings, "budget": budget, "rows": len(x), "epochs_of": epochs_of},
        margin=margin,
        alpha=alpha,
        held_out_to_train=(len(x) - trained) / trained,
        interrupted=done.interrupted,
        versions=versions(),
        looks=looks,
    )


@dataclasses.dataclass
class _Maker:
    """Makes the units of work of one comparison."""

    arms: tuple[Arm, ...]
    settings: Config
    x: np.ndarray
    y: np.ndarray
    rows: Path
    folder: Path
    seed: int

    def __post_init__(self) -> None:
        known, _ = rows_of_data.of_seed(self.x, self.y, self.seed, self.settings)
        self.configs = {}
        for arm in self.arms:
            model = arm.model(self.seed, *known)
            _fits(arm, model, *known, self.settings)
            self.configs[arm.name] = described(arm, model)

    def training(self, arm: Arm, seed: int, epochs: int) -> Unit:
        """The training of one arm with one seed."""
        baseline = self.arms[0]
        arms = (arm,) if arm is baseline else (arm, baseline)
        settings = {**self.settings, "epochs": epochs}
        return self._unit("training", arms, seed, settings)

    def timing(self) -> Unit:
        """The measurement of all step times."""
        settings = {**self.settings, "epochs": 1}
        return self._unit("step times", self.arms, self.seed, settings)

    def _unit(self, kind: str, arms: tuple[Arm, ...], seed: int, settings: Config) -> Unit:
        specification = {
            "format": FORMAT,
            "kind": kind,
            "rows": self.rows.stem,
            "seed": seed,
            "settings": copy.deepcopy(settings),
            "models": [self.configs[arm.name] for arm in arms],
            # Step times are told by name.
            "names": [arm.name for arm in arms] if kind == "step times" else [],
            "versions": versions(),
        }
        return Unit(kind, arms, seed, settings, str(self.rows), specification, str(self.folder))


def _epochs(
    times: engine.Done, timing: Unit, arms: tuple[Arm, ...], epochs: int, budget: str
) -> dict[str, int]:
    """Epochs of each arm: the same, or as many as take the time of the baseline."""
    measured = times.results.get(timing.file, {}).get("seconds_of_a_step", {})
    first = measured.get(arms[0].name)
    if budget == "steps" or not first:
        return {arm.name: epochs for arm in arms}
    ratios = {
        name: math.exp(np.mean(np.log(np.array(first) / np.array(own))))
        for name, own in measured.items()
    }
    return {arm.name: max(1, round(epochs * ratios.get(arm.name, 1.0))) for arm in arms}


def _fits(arm: Arm, model: Any, x: np.ndarray, y: np.ndarray, settings: Config) -> None:
    """Raises an error, before any training, if a model does not fit the data and the loss."""
    if not isinstance(model, keras.Model):
        return
    some = slice(2)
    if y.dtype.kind in "iu" and y.size == len(y):
        some = np.unique(y, return_index=True)[1][[0, -1]]  # the first and the last class
    try:
        keras.losses.get(copy.deepcopy(settings["loss"]))(y[some], model(x[some]))
    except Exception as error:
        raise ValueError(
            f"Argument `models` must hold models whose outputs the loss can compare with the "
            f"targets, of shape {y.shape}. Received: {arm.name!r}, with {error}"
        ) from error
