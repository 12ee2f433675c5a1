"""Compares two models: the difference of their outputs, and their latency."""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_addmul.barron.models.domain import Box, inside, random_points

__all__ = ["Comparison", "compare", "latency", "refuse_if_wrong"]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The measured differences between the outputs of two models.

    Attributes:
        largest: The largest difference on the rows.
        where: Description of the rows, in words.
        rows: The rows, as one array for each input.
        differences: The largest difference of each output element, on the rows and on random
            points of the domain, in a list of arrays.
    """

    largest: float
    where: str
    rows: list[np.ndarray]
    differences: list[np.ndarray]


def compare(
    model: keras.Model,
    converted: keras.Model,
    boxes: Sequence[Box],
    data: list[np.ndarray] | None,
) -> Comparison:
    """Compares two models on the rows of data inside the domain, and at random points.

    Args:
        model: The original model.
        converted: The converted model.
        boxes: The domain, a box for each input.
        data: Rows for each input, or None.

    Returns:
        A `Comparison`.
    """
    points = random_points(model, list(boxes))
    differences = _differences(model, converted, points)
    within = np.zeros(0, bool)
    if data is not None:
        each = zip(boxes, data, model.inputs, strict=True)
        within = np.all([inside(box, rows, t.dtype) for box, rows, t in each], axis=0)
    if data is None or not within.any():
        where = f"{len(points[0])} random points of the domain"
        return Comparison(_largest(differences), where, points, differences)
    rows = [a[within] for a in data]
    on_rows = _differences(model, converted, rows)
    count, total = int(within.sum()), len(within)
    where = f"{count} rows of data" if count == total else f"{count} of {total} rows of data"
    both = [np.maximum(a, b) for a, b in zip(differences, on_rows, strict=True)]
    where += "" if count == total else ", those in the domain"
    return Comparison(_largest(on_rows), where, rows, both)


def refuse_if_wrong(comparison: Comparison, bounds: list[np.ndarray] | None) -> None:
    """Raises an error if an output element differs by more than was proved.

    Raises:
        RuntimeError: If a measured difference exceeds its bound.
    """
    for difference, bound in zip(comparison.differences, bounds or [], strict=False):
        wrong = ~(difference <= bound)  # a difference that is no number is wrong too
        if np.any(wrong):
            at = np.unravel_index(np.argmax(wrong), wrong.shape)
            raise RuntimeError(
                f"The outputs differ by {difference[at]:.4g} where {bound[at]:.4g} was proved to "
                "be the most. The certificate is wrong and the model was not converted; please "
                "report this with the model."
            )


def _largest(differences):
    return max(float(np.max(d, initial=0.0)) for d in differences)


def _differences(model, converted, rows, step=512):
    """Returns the largest difference of each output element; nan where an output is nan."""
    largest: list[np.ndarray] = []
    for start in range(0, len(rows[0]), step):
        batch = [a[start : start + step] for a in rows]
        pair = [keras.tree.flatten(m(_given(batch, m), training=False)) for m in (model, converted)]
        found = [
            np.max(np.abs(_doubles(a) - _doubles(b)), axis=0) for a, b in zip(*pair, strict=True)
        ]
        largest = list(map(np.maximum, largest, found)) if largest else found
    return largest


def _doubles(tensor):
    return np.asarray(keras.ops.cast(tensor, "float64"))


def _given(arrays, model):
    if isinstance(model, keras.Sequential):
        return arrays[0]
    return keras.tree.pack_sequence_as(model.input, arrays)


def latency(
    models: Sequence[Any], rows: list[np.ndarray], count: int, rounds: int = 15
) -> tuple[float, float]:
    """Returns the median milliseconds of a call on `count` rows, for models called in turns."""
    inputs = [np.resize(a, (count, *a.shape[1:])) for a in rows]
    times: list[list[float]] = [[] for _ in models]
    for turn in range(rounds + 2):
        for model, taken in zip(models, times, strict=True):
            start = time.perf_counter()
            keras.tree.map_structure(np.asarray, model.predict_on_batch(_given(inputs, model)))
            if turn >= 2:  # the first calls compile
                taken.append(1000 * (time.perf_counter() - start))
    before, after = (float(np.median(taken)) for taken in times)
    return before, after
