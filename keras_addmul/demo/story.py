"""Runs the demonstration: from a table of measurements to a served model's prediction."""

from pathlib import Path

import keras
import numpy as np
from rich.console import Console

from keras_addmul import serving
from keras_addmul.demo import drawing, networks, printed
from keras_addmul.demo.bodies import Bodies, load
from keras_addmul.demo.results import Outcome
from keras_addmul.demo.splitting import Split, Units, split
from keras_addmul.demo.training import progress_bar, train
from keras_addmul.discover import Discovery, discover
from keras_addmul.discover.report.files import directory
from keras_addmul.serving.fresh_process import answers

__all__ = ["run"]

# Least number of bodies for `discover`.
MIN_ROWS: int = 20


def run(
    out: str | Path, table: str | Path | None = None, steps: int = 2000, seed: int = 0
) -> Outcome:
    """Trains, compares, draws, exports and queries the exported model, and prints each step.

    Args:
        out: Directory for the picture `kepler.png` and the SavedModel `served`.
        table: Path of a CSV file, as `load` reads it, or None for the solar system.
        steps: Number of training steps, the same for each model.
        seed: Integer; the same seed gives the same run.

    Returns:
        An `Outcome`.

    Raises:
        OSError: If the table does not exist, or `out` cannot be written to.
        ValueError: If the table cannot be used (see `load`), or `steps` is not positive.
    """
    if steps < 1:
        raise ValueError(f"`steps` must be a positive integer. Received: {steps!r}")
    console = Console(highlight=False)
    parts = split(load(table))
    units = Units.of(parts.training)
    out = directory(out)
    printed.opening(console, parts)

    keras.utils.set_random_seed(seed)
    arms = networks.arms()
    done, path = _train_all(console, arms, parts.training, units, steps)
    outcome = Outcome(
        law=networks.read_law(arms[0].model, units),
        parts=parts,
        predictions={arm.name: _predictions(arm, parts, units) for arm in arms},
        parameters={arm.name: arm.model.count_params() for arm in arms},
        steps=done,
        path=path,
    )
    printed.law(console, outcome.law)
    printed.comparison(console, outcome)
    outcome.discovery = _discover(console, parts.training, seed)
    printed.formula(console, outcome.discovery)
    drawing.draw(outcome, out / "kepler.png")
    model = networks.served(arms[0].model, units)
    formula = None if outcome.discovery is None else outcome.discovery.formula.text
    outcome.served = _serve(console, model, parts, out / "served", formula)
    printed.closing(console, outcome, out)
    return outcome


def _train_all(
    console: Console, arms: list[networks.Arm], bodies: Bodies, units: Units, steps: int
) -> tuple[dict[str, int], dict[str, list[float]]]:
    """Trains every model; returns the steps done, and the history of the neuron's weights."""
    x, y = units.inputs(bodies), units.targets(bodies)
    fields = ("order", "axis_exponent", "mass_exponent")
    path: dict[str, list[float]] = {name: [] for name in ("step", *fields)}

    def watch(step: int) -> None:
        law = networks.read_law(arms[0].model, units)
        path["step"].append(step)
        for field in fields:
            path[field].append(getattr(law, field))

    done = {}
    with progress_bar(console) as progress:
        for arm in arms:
            done[arm.name] = train(arm, x, y, steps, progress, watch if arm is arms[0] else None)
    watch(max(1, done[arms[0].name]))
    return done, path


def _discover(console: Console, bodies: Bodies, seed: int) -> Discovery | None:
    """Returns the formula that `discover` finds for the bodies, or None if they are too few."""
    if len(bodies) < MIN_ROWS:
        return None
    x = np.stack([bodies.semi_major_axis, bodies.central_mass], axis=1)
    with console.status("looking for a formula"):
        return discover(
            x, bodies.period, names=["a", "M"], target="T", baselines=False, seed=seed, verbose=0
        )


def _predictions(arm: networks.Arm, parts: Split, units: Units) -> dict[str, np.ndarray]:
    return {
        part: units.period * arm.predict(units.inputs(bodies))
        for part, bodies in vars(parts).items()
        if len(bodies)
    }


def _serve(
    console: Console, model: keras.Model, parts: Split, target: Path, formula: str | None
) -> float | None:
    """Exports the model, checks it, and queries it for the unseen body's period."""
    with console.status("exporting, and checking in a fresh process"):
        path = serving.export(
            model,
            target,
            data=_si(parts.training),
            names=["a", "M"],
            units=["m", "kg"],
            formula=formula,
        )
        x = _si(parts.held_out)
        expected = keras.ops.convert_to_numpy(model(x))
        # At orders between the ends, as after an early stop, sums of large numbers may cancel.
        size = 1e-5 * float(np.abs(expected).max())
        checked = serving.check(path, x, expected, rtol=1e-4, atol=size)
    printed.served(console, checked)
    if not len(parts.unseen):
        return None
    with console.status("asking it in another one"):
        served = answers(path, _si(parts.unseen)[:1], endpoints=["serve"])["serve"]
    return float(served.outputs[0][0, 0])


def _si(bodies: Bodies) -> np.ndarray:
    return np.stack([bodies.semi_major_axis, bodies.central_mass], axis=1).astype("float32")
