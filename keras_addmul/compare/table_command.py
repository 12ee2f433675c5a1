"""The command `compare`: reads a file, compares models on it, and writes the report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_addmul.compare.comparison import compare
from keras_addmul.compare.result import Result
from keras_addmul.compare.table_models import table_model
from keras_addmul.discover.report.files import directory
from keras_addmul.discover.table import csv_file, from_text, reading
from keras_addmul.discover.table.given_values import position
from keras_addmul.extras import require_extra

__all__ = ["run"]


def run(
    data: str | Path,
    target: str,
    models: Sequence[str],
    out: str | Path,
    leave_out: Sequence[str] = (),
    encoding: str | None = None,
    decimal: str | None = None,
    units: Sequence[int] = (32, 32),
    classify: bool = False,
    metric: str | None = None,
    tensorboard: str | Path | None = None,
    **options: Any,
) -> Result:
    """Compares models on the rows of a file, then prints and writes the report.

    Args:
        data: A file of separated values whose first line names the columns, or an `.xlsx` or
            `.parquet` file.
        target: Name of the column to predict.
        models: Names of the models, the baseline first; `table_models.table_model` lists them.
        out: Directory of the report, and of the runs in its subdirectory `runs`.
        leave_out: Names of columns to ignore.
        encoding: Encoding of the file, if it is text; by default found out.
        decimal: The decimal mark, `"."` or `","`; by default found out.
        units: Number of units of each hidden layer.
        classify: Whether the target's values are classes. A target of text always is.
        metric: The metric; by default the root mean squared error in units of the target's
            standard deviation, or the cross-entropy of classes.
        tensorboard: Directory for the curves as TensorBoard shows them, or None.
        **options: Further arguments of `compare`.

    Returns:
        The `Result`.

    Raises:
        ImportError: If a library of the extra `compare` is missing.
        OSError: If the file is not there, or `out` cannot be written to.
        ValueError: If the file does not hold a table, a model is not known, or an option is out
            of range.
    """
    require_extra("compare")
    if len(models) < 2 or len(set(models)) < len(models):
        raise ValueError(
            f"Argument `models` must name at least two different models. Received: {list(models)}"
        )
    table, classes = _read(data, target, leave_out, encoding, decimal, classify)
    folder = directory(out)  # before the training, so that an error shows at once
    if classes:
        y, loss, metric = (
            table.y.astype("int32"),
            "sparse_categorical_crossentropy",
            metric or "loss",
        )
    else:
        if metric and "acc" in metric:
            raise ValueError(
                "Argument `metric` must be one of numbers, such as rmse, where the target is a "
                f"number; `classify` makes its values classes. Received: {metric!r}"
            )
        # A constant factor and offset, which no comparison depends on.
        y = (table.y - table.y.mean()) / table.y.std()
        y, loss, metric = y[:, None], "mse", metric or "rmse"
    made = {
        name: table_model(name, table.x.shape[1], units, classes or 1, bool(classes))
        for name in models
    }
    what = f"{classes} classes" if classes else "a number"
    print(f"{len(table)} rows of {', '.join(table.names)}; the target is {table.target}, {what}.")
    for note in table.notes:
        print(f"- {note}")
    options = {"scale": "standard", **options}
    found = compare(made, (table.x, y), loss=loss, metric=metric, folder=folder, **options)
    found.show()
    page = found.write(folder)
    if tensorboard is not None:
        found.to_tensorboard(tensorboard)
    print(f"Report: {page}")
    return found


def _read(
    data: str | Path,
    target: str,
    leave_out: Sequence[str],
    encoding: str | None,
    decimal: str | None,
    classify: bool,
) -> tuple[reading.Table, int]:
    """Returns the table and the number of classes, 0 where the target is a number."""
    import pandas as pd

    frame, notes = csv_file.read(data, encoding, decimal)
    position(target, list(frame.columns), "target")
    if not classify and pd.api.types.is_numeric_dtype(frame[target]):
        return reading.read_csv(data, target, leave_out, encoding, decimal), 0
    for name in leave_out:
        position(name, list(frame.columns), "leave_out")
    frame = frame.drop(columns=list(leave_out)).dropna(subset=[target])
    codes, names = pd.factorize(frame[target], sort=True)
    if not 2 <= len(names) <= max(2, len(frame) // 4):
        raise ValueError(
            f"`target` must hold between 2 and {max(2, len(frame) // 4)} classes, a quarter of the "
            f"rows. Received: {target!r} with {len(names)}"
        )
    frame = frame.assign(**{target: codes.astype(np.int64)})
    frame, more = from_text.usable(frame, target)
    table = reading.read(frame, target=target)
    said = (*notes, *more, *table.notes, f"The classes are {', '.join(map(str, names))}.")
    return reading.Table(table.names, table.x, table.y, target, said), len(names)
