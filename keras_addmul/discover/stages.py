"""The later stages of a search: fitted powers of shifted columns, functions of columns."""

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from keras_addmul.discover.interrupts import Interrupts
from keras_addmul.discover.search.candidates import Progress, search
from keras_addmul.discover.search.choosing import likeliest
from keras_addmul.discover.search.estimating import Estimate
from keras_addmul.discover.search.features import with_transformation
from keras_addmul.discover.search.further_structures import shifted, small
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["Found", "further"]

# Residuals of this size, beside targets of size 1, are those of an exact law.
_EXACT = 1e-8
# Bits to say that a power is fitted.
_POWER = 3.0
# The most formulas to keep of each transformation.
_KEPT = 4

# An estimate, and the rows that it was made from.
Found = tuple[Estimate, Scaled]


def further(
    x: np.ndarray,
    scaled: Scaled,
    found: Sequence[Found],
    kinds: Sequence[Transformation | None],
    seed: int,
    deadline: float,
    progress: Progress,
    stop: Interrupts,
) -> list[Found]:
    """Finds formulas with functions of the columns, until one is exact.

    Args:
        x: The rows in the units of the table, of shape `(rows, columns)`.
        scaled: The same rows, `Scaled`.
        found: What was found without.
        kinds: The transformations to try; None for fitted powers of shifted columns.
        seed: Seed of the starting points.
        deadline: The `time.monotonic()` after which no further training begins.
        progress: See `search`.
        stop: Remembers Ctrl-C, after which nothing more is tried.
    """
    every: list[Found] = []
    for kind in kinds:
        if (
            stop.during
            or time.monotonic() > deadline
            or any(_exact(*pair) for pair in (*found, *every))
        ):
            break
        if kind is None:
            every += _shifted(x.shape[1], scaled, seed, deadline, progress, stop)
        else:
            every += _with(kind, x, scaled, seed, deadline, progress, stop, len(kinds))
    return every


def _exact(one: Estimate, scaled: Scaled) -> bool:
    """Whether the residuals of a formula are rounding."""
    return one.noise.additive + one.noise.relative < max(_EXACT, 3 * scaled.rounding)


def _shifted(
    columns: int,
    scaled: Scaled,
    seed: int,
    deadline: float,
    progress: Progress,
    stop: Interrupts,
) -> list[Found]:
    """Returns the likeliest formulas with a fitted power of a sum, such as `a*(x - b)**c + d`."""
    judged = scaled.judged()
    tried = shifted(columns, len(judged))
    if not tried or time.monotonic() > deadline:
        return []
    noted = partial(stop.note, "search")
    found = likeliest(search(scaled, seed, deadline, progress, noted, tried), judged)
    powers = [one for one in found if one.fit.free[one.fit.stack.first_power :].any()]
    return [(dataclasses.replace(o, bits=o.bits + _POWER), scaled) for o in powers[:_KEPT]]


def _with(
    kind: Transformation,
    x: np.ndarray,
    scaled: Scaled,
    seed: int,
    deadline: float,
    progress: Progress,
    stop: Interrupts,
    kinds: int,
) -> Iterator[Found]:
    """Yields the likeliest formulas with one kind of transformation."""
    features = with_transformation(x, kind)
    first = x.shape[1]
    if len(features) == first:
        return
    wider = scaled.with_features(x, features)
    judged = wider.judged()
    tried = small(len(features), len(judged), wider.inputs.rate if kind.exponent else None)
    noted = partial(stop.note, "search")
    found = likeliest(search(wider, seed, deadline, progress, noted, tried), judged)
    with_it = [
        one
        for one in found
        if one.fit.stack.split(one.fit.parameters)[0][:, first:].any() and math.isfinite(one.bits)
    ]
    for one in with_it[:_KEPT]:
        # Which of the transformations it is has to be said, too.
        yield dataclasses.replace(one, bits=one.bits + math.log2(kinds)), wider
