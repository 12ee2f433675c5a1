"""The demonstration: from a table of measurements to an answer of a served model."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
from rich.console import Console

from keras_addmul import serving
from keras_addmul.demo import drawing, networks, printed
from keras_addmul.demo.bodies import load
from keras_addmul.demo.splitting import Split, Units, split
from keras_addmul.demo.training import progress_bar, train
from keras_addmul.discover import discover
from keras_addmul.serving.fresh_process import answers

__all__ = ["Outcome", "run"]

# `discover` needs so many bodies.
MIN_ROWS = 20


@dataclasses.dataclass
class Outcome:
    """What a run found.

    Attributes:
        law: `Law`, read off the neuron.
        parts: `Split`, the bodies.
        predictions: Seconds, for each model by its name and for `"training"`,
            `"held_out"` and `"unseen"`: float array, one entry a body.
        parameters: Number of weights of each model, by its name.
        steps: Number of training steps that each model did, by its name.
        path: The weights over the training: `{"step": [...], "order": [...], ...}`.
        served: Seconds that the SavedModel answered for the unseen body, or None.
        discovery: What `discover` makes of the same table, or None where it is too short.
    """

    law: networks.Law
    parts: Split
    predictions: dict
    parameters: dict
    steps: dict
    path: dict
    served: float | None = None
    discovery: object = None

    def errors(self, name, part):
        """Relative errors of a model on a part of the bodies."""
        return np.abs(self.predictions[name][part] / getattr(self.parts, part).period - 1)


def run(out, table=None, steps=2000, seed=0):
    """Trains, compares, draws, exports, and asks the exported model; tells of it as it goes.

    Args:
        out: Directory to write `kepler.png` and the SavedModel `served` to.
        table: Path of a table, as `load` reads it, or None for the solar system.
        steps: Number of training steps, the same for each model.
        seed: Integer; the same seed gives the same run.

    Returns:
        An `Outcome`.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: The table cannot be used (see `load`), or `steps` is not positive.
    """
    if steps < 1:
        raise ValueError(f"`steps` must be a positive integer. Received: {steps!r}")
    console = Console(highlight=False)
    parts = split(load(table))
    units = Units.of(parts.training)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
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
    outcome.served = _serve(console, networks.served(arms[0].model, units), parts, out / "served")
    printed.closing(console, outcome, out)
    return outcome


def _train_all(console, arms, table, units, steps):
    """Trains every model; returns the steps done, and the way the neuron's weights took."""
    x, y = units.inputs(table), units.targets(table)
    path = {"step": [], "order": [], "axis_exponent": [], "mass_exponent": []}

    def watch(step):
        law = networks.read_law(arms[0].model, units)
        path["step"].append(step)
        for field in ("order", "axis_exponent", "mass_exponent"):
            path[field].append(getattr(law, field))

    done = {}
    with progress_bar(console) as progress:
        for arm in arms:
            done[arm.name] = train(arm, x, y, steps, progress, watch if arm is arms[0] else None)
    watch(max(1, done[arms[0].name]))
    return done, path


def _discover(console, table, seed):
    """The formula that `discover` finds in the table, None where it has too few rows."""
    if len(table) < MIN_ROWS:
        return None
    x = np.stack([table.semi_major_axis, table.central_mass], axis=1)
    with console.status("looking for a formula, with nothing known of products"):
        return discover(
            x, table.period, names=["a", "M"], target="T", baselines=False, seed=seed, verbose=0
        )


def _predictions(arm, parts, units):
    return {
        part: units.period * arm.predict(units.inputs(table))
        for part, table in vars(parts).items()
        if len(table)
    }


def _serve(console, model, parts, target):
    """Exports the model, checks it, and asks it for the unseen body's period."""
    with console.status("exporting, and checking in a fresh process"):
        path = serving.export(model, target)
        x = _si(parts.held_out)
        expected = keras.ops.convert_to_numpy(model(x))
        # Far from an end, sums of large numbers may cancel: for a neuron that was stopped early.
        size = 1e-5 * float(np.abs(expected).max())
        checked = serving.check(path, x, expected, rtol=1e-4, atol=size)
    printed.served(console, checked)
    if not len(parts.unseen):
        return None
    with console.status("asking it in another one"):
        served = answers(path, _si(parts.unseen)[:1], endpoints=["serve"])["serve"]
    return float(served.outputs[0][0, 0])


def _si(table):
    return np.stack([table.semi_major_axis, table.central_mass], axis=1).astype("float32")
