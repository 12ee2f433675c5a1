"""Writes a comparison to files."""

import csv
import dataclasses
import io
import json
import math
from pathlib import Path
from typing import Any

from keras_addmul.compare.findings import Findings
from keras_addmul.compare.report import comparison_page, on_screen, said
from keras_addmul.discover.report.files import directory, replace_files
from keras_addmul.extras import require_extra

__all__ = ["as_csv", "as_json", "log_to_tensorboard", "write"]


def as_json(found: Findings) -> str:
    """Returns the verdicts, the arms, the runs without their curves, and how it was done."""
    short = [{k: v for k, v in run.items() if k not in HIDDEN} for run in found.runs]
    fields = {
        "headline": said.headline(found),
        "metric": found.metric,
        "higher_is_better": found.higher_is_better,
        "verdicts": [dataclasses.asdict(v) for v in found.judgements],
        "models": [dataclasses.asdict(s) for s in found.summaries],
        "seeds": list(found.seeds),
        "complete_seeds": found.complete_seeds,
        "alpha": found.alpha,
        "settings": found.settings,
        "interrupted": found.interrupted,
        "looks": list(found.looks),
        "step_times": found.step_times,
        "versions": found.versions,
        "runs": short,
    }
    return json.dumps(_finite(fields), indent=2, default=str) + "\n"


HIDDEN = ("curves", "specification", "kind", "name", "traceback")


def as_csv(found: Findings) -> str:
    """Returns a table with a row for each arm, seed and epoch."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["model", "seed", "epoch", "loss", found.metric, "outcome"])
    for run in found.runs:
        curves = run.get("curves", {"loss": [], "score": []})
        length = max(len(curves["loss"]), len(curves["score"]))
        for epoch in range(length):
            cells = [_cell(curves[name], epoch) for name in ("loss", "score")]
            writer.writerow([run["arm"], run["seed"], epoch + 1, *cells, run["outcome"]])
        if not length:
            writer.writerow([run["arm"], run["seed"], "", "", "", run["outcome"]])
    return file.getvalue()


def write(found: Findings, folder: str | Path) -> Path:
    """Writes `report.html`, `result.json`, `result.csv` and `result.txt`; returns the page's path.

    Each file is replaced in one step, after all are rendered.
    """
    folder = directory(folder)
    texts = {
        "result.json": as_json(found),
        "result.csv": as_csv(found),
        "result.txt": on_screen.plain(found),
        "report.html": comparison_page.page(found),
    }
    replace_files(folder, {name: text.encode() for name, text in texts.items()})
    return folder / "report.html"


def log_to_tensorboard(found: Findings, folder: str | Path) -> None:
    """Writes the curves of each run as scalars for TensorBoard."""
    require_extra("compare", "tensorboard")
    import tensorflow as tf

    for run in found.runs:
        writer = tf.summary.create_file_writer(str(Path(folder) / f"{run['arm']}-{run['seed']}"))
        with writer.as_default():
            for name, values in run.get("curves", {}).items():
                for epoch, value in enumerate(values):
                    if value is not None:
                        label = found.metric if name == "score" else "training loss"
                        tf.summary.scalar(label, value, step=epoch + 1)
        writer.close()


def _cell(values: list[Any], epoch: int) -> Any:
    value = values[epoch] if epoch < len(values) else None
    return "" if value is None else value


def _finite(node: Any) -> Any:
    """Replaces numbers that JSON does not know by None."""
    if isinstance(node, dict):
        return {str(key): _finite(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [_finite(value) for value in node]
    return None if isinstance(node, float) and not math.isfinite(node) else node
