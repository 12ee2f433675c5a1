"""Trains one arm with one seed, and says how it ended."""

import math
import time
from typing import Any

import keras
import numpy as np

from keras_addmul.annotations import Config
from keras_addmul.compare import metric, rows_of_data
from keras_addmul.compare.arms import Arm
from keras_addmul.compare.compiled_models import prepared
from keras_addmul.compare.starting_alike import start_alike

__all__ = ["FINISHED", "NAN", "STALLED", "divisor", "started", "train"]

FINISHED, NAN, STALLED = "finished", "nan", "stalled"

# Rows that are evaluated at once, and steps that TensorFlow runs at once.
EVALUATED, AT_ONCE = 4096, 64


def train(arms: tuple[Arm, ...], seed: int, settings: Config, rows: str) -> Config:
    """Trains the first of the arms, which starts like the second where there is one.

    Args:
        arms: The arm to train, and the baseline if it is another one.
        seed: Seed of split, batches and initial weights.
        settings: How models are trained: see `compare`.
        rows: Path of the file of the rows.

    Returns:
        Dictionary with the outcome ("finished"; "nan" if the loss or the score is not finite;
        "stalled" if the training loss is no lower in the end), the score, the curves by epoch,
        the number of parameters, of steps, and the seconds of the training.
    """
    x, y = rows_of_data.load(rows)
    known, held_out = rows_of_data.of_seed(x, y, seed, settings)
    model = started(arms, seed, known[0], known[1])
    common = {"arm": arms[0].name, "seed": seed}
    if not isinstance(model, keras.Model):
        return {**common, **_fitted(model, known, held_out, settings)}
    return {**common, **_trained(arms[0], model, known, held_out, seed, settings)}


def started(arms: tuple[Arm, ...], seed: int, x: np.ndarray, y: np.ndarray) -> Any:
    """Builds the first of the arms, and gives it the initial weights it shares with the next."""
    baselines = [arm.model(seed, x, y) for arm in arms[1:]]
    model = arms[0].model(seed, x, y)
    for baseline in baselines:
        if isinstance(baseline, keras.Model) and isinstance(model, keras.Model):
            start_alike(model, baseline)
    return model


def divisor(steps: int, largest: int = AT_ONCE) -> int:
    """Returns the largest divisor of a number of steps that is not above a bound."""
    return next(i for i in range(min(steps, largest), 0, -1) if steps % i == 0)


def _trained(
    arm: Arm, model: keras.Model, known: Any, held_out: Any, seed: int, settings: Config
) -> dict[str, Any]:
    batch, epochs = min(settings["batch_size"], len(known[0])), settings["epochs"]
    steps = len(known[0]) // batch
    model = prepared(arm, model, settings, divisor(steps), *known)
    before = _first(model.evaluate(*known, batch_size=EVALUATED, verbose=0))
    began = time.perf_counter()
    curves = model.fit(
        rows_of_data.batches(known[0], known[1], batch, seed),
        epochs=epochs,
        steps_per_epoch=steps,
        validation_data=held_out,
        validation_batch_size=EVALUATED,
        callbacks=[keras.callbacks.TerminateOnNaN()],
        shuffle=False,  # the batches are
        verbose=0,
    ).history
    seconds = time.perf_counter() - began
    after = _first(model.evaluate(*known, batch_size=EVALUATED, verbose=0))
    judged = f"val_{metric.made(settings).name}"
    score = float(curves[judged][-1]) if curves.get(judged) else math.nan
    finite = math.isfinite(score) and math.isfinite(after)
    return {
        "outcome": NAN if not finite else FINISHED if after < before else STALLED,
        "score": score if finite else None,
        "curves": {
            "loss": [float(value) for value in curves.get("loss", [])],
            "score": [float(value) for value in curves.get(judged, [])],
        },
        "loss_before": before,
        "loss_after": after,
        "parameters": sum(math.prod(w.shape) for w in model.trainable_weights),
        "steps": steps * epochs,
        "seconds": seconds,
    }


def _fitted(model: Any, known: Any, held_out: Any, settings: Config) -> dict[str, Any]:
    """Fits an object that is no Keras model, such as one of scikit-learn."""
    began = time.perf_counter()
    target = known[1][:, 0] if known[1].ndim == 2 and known[1].shape[1] == 1 else known[1]
    model.fit(known[0], target)
    seconds = time.perf_counter() - began
    answer = getattr(model, "predict_proba", model.predict)(held_out[0])
    answer = np.asarray(answer, "float32").reshape(len(held_out[0]), -1)
    judge = metric.made(settings)
    judge.update_state(held_out[1], answer)
    score = float(judge.result())
    finite = math.isfinite(score)
    return {
        "outcome": FINISHED if finite else NAN,
        "score": score if finite else None,
        "curves": {"loss": [], "score": [score]},
        "parameters": None,
        "steps": None,
        "seconds": seconds,
    }


def _first(values: Any) -> float:
    return float(values[0] if isinstance(values, (list, tuple)) else values)
