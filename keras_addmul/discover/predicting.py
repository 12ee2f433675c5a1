"""Computes a formula that was found for the rows of another table, from the files of a report."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_addmul.discover.report.sentences import percent, score
from keras_addmul.discover.scoring.scores import r2, relative_error
from keras_addmul.discover.table import csv_file
from keras_addmul.discover.table.cleaning import listed
from keras_addmul.discover.table.columns import Refusal, to_float
from keras_addmul.discover.table.from_text import days_since
from keras_addmul.discover.table.given_values import position
from keras_addmul.discover.table.grouping import labels

__all__ = ["predict"]


def predict(
    result: str | Path,
    data: str | Path,
    out: str | Path,
    encoding: str | None = None,
    decimal: str | None = None,
) -> list[str]:
    """Computes a formula for the rows of a table, and writes them with the predictions.

    The file holds the table as it was read, and two columns behind: the prediction, empty where
    the row gives none, and `extrapolates`, the names of the columns whose values lie outside the
    ranges that the formula was found on. It runs the source in `formula.json`.

    Args:
        result: Directory of a report that `discover` wrote.
        data: The table: a file as `discover` reads it, with the columns of the formula.
        out: The `.csv` file to write.
        encoding: Encoding of the table, if it is text; by default found out.
        decimal: The decimal mark, `"."` or `","`; by default found out.

    Returns:
        List of sentences: how many rows were computed, how many extrapolate, and how far they
        are off if the table holds the target, too.

    Raises:
        OSError: If a file is not there or cannot be written to.
        ValueError: If `result` holds no report, or the table lacks a column of the formula.
    """
    groups = _groups(Path(result))
    parts = [("", "", _fields(Path(result)))] if groups is None else groups
    frame, _ = csv_file.read(data, encoding, decimal)
    own = [str(name) for name in frame.columns]
    told = np.full(len(frame), np.nan)
    beyond: dict[str, np.ndarray] = {}
    for by, value, fields in parts:
        rows = np.ones(len(frame), bool)
        if by:
            rows = (labels(frame.iloc[:, position(by, own, "data")]) == value).to_numpy(bool)
        values = _values(frame[rows], fields)
        answer = np.asarray(_called(fields["python"], list(values.values())), float)
        told[rows] = np.broadcast_to(answer, rows.sum())
        for name, (low, high) in fields["domain"].items():
            if name in fields["used"]:
                outside = (values[name] < low) | (values[name] > high)
                beyond.setdefault(name, np.zeros(len(frame), bool))[rows] = outside
    told[~np.isfinite(told)] = np.nan
    target = parts[0][2]["target"]
    marks = ["; ".join(name for name in beyond if beyond[name][i]) for i in range(len(frame))]
    written = frame.copy()
    written[_free(f"{target} predicted", frame)] = told
    written[_free("extrapolates", frame)] = marks
    written.to_csv(out, index=False)
    return list(_told(frame, told, beyond, target, out))


def _groups(result: Path) -> list[tuple[str, str, dict[str, Any]]] | None:
    """Returns column, value and fields of each group of a result, or None if it has no groups."""
    if not (result / "groups.json").is_file():
        return None
    try:
        known = json.loads((result / "groups.json").read_text(encoding="utf-8"))
        by, folders = str(known["by"]), dict(known["groups"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"`result` must be a directory that `discover` wrote to. Received: {str(result)!r} "
            f"with a damaged groups.json"
        ) from error
    return [(by, value, _fields(result / folder)) for value, folder in folders.items()]


def _fields(result: Path) -> dict[str, Any]:
    try:
        fields = json.loads((result / "formula.json").read_text(encoding="utf-8"))
        wanted = ("python", "target", "domain", "used")
        if not isinstance(fields, dict) or any(name not in fields for name in wanted):
            raise ValueError("not the fields of a formula")
    except (OSError, ValueError) as error:
        raise ValueError(
            f"`result` must be a directory that `discover` wrote to, with formula.json. "
            f"Received: {str(result)!r} ({error})"
        ) from error
    return fields


def _values(frame: Any, fields: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns the columns that the formula takes; nan for those that it does not use."""
    own = [str(name) for name in frame.columns]
    values = {}
    for name in fields["domain"]:
        if name not in fields["used"]:
            values[name] = np.full(len(frame), np.nan)
            continue
        if name not in own:
            raise ValueError(
                f"`data` must have the columns of the formula, {listed(fields['used'])}. "
                f"Received: {listed(own[:20])}"
            )
        column = frame.iloc[:, own.index(name)]
        if name in fields.get("days_since", {}):
            column = days_since(column, fields["days_since"][name])
        read = to_float(name, column)
        if isinstance(read, Refusal):
            raise ValueError(
                f"`data` must hold numbers in {name!r}. Received: {read.kind}, {read.example}"
            )
        values[name] = read.values
    return values


def _called(source: str, values: list[np.ndarray]) -> Any:
    place: dict[str, Any] = {}
    exec(source, place)
    with np.errstate(all="ignore"):
        return place["formula"](*values)


def _free(name: str, frame: Any) -> str:
    while name in frame.columns:
        name += "_"
    return name


def _told(
    frame: Any,
    told: np.ndarray,
    beyond: Mapping[str, np.ndarray],
    target: str,
    out: str | Path,
) -> Iterator[str]:
    none = int(np.isnan(told).sum())
    yield f"{len(told) - none} of {len(told)} rows have a prediction of {target}, in {out}."
    if none:
        yield f"{none} have none: a value is missing, or the formula is not defined there."
    many = int(np.any([*beyond.values(), np.zeros(len(told), bool)], axis=0).sum())
    if many:
        where = " and ".join(
            f"{name!r} in {int(rows.sum())}" for name, rows in beyond.items() if rows.any()
        )
        yield f"{many} extrapolate, outside the range that the formula was found on: {where}."
    if target in frame.columns:
        truth = to_float(target, frame[target])
        if not isinstance(truth, Refusal):
            both = np.isfinite(truth.values) & np.isfinite(told)
            if both.any():
                y, known = truth.values[both], told[both]
                yield (
                    f"The table holds {target} too, in {int(both.sum())} of these rows: relative "
                    f"error {percent(relative_error(y, known))}, R\u00b2 {score(r2(y, known))}."
                )
