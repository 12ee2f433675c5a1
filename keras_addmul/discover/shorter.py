"""Tells whether a shorter way of writing a formula says the same."""

import dataclasses

import numpy as np

from keras_addmul.discover.formula import Formula
from keras_addmul.discover.search.noise_model import Noise
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.table.reading import Table

__all__ = ["worse"]


def worse(
    short: Formula, full: Formula, noise: Noise, table: Table, scaled: Scaled, numbers: int = 0
) -> bool:
    """Whether a shorter way of writing a formula is further from the rows than the noise allows.

    The true values of some numbers are further from the rows than the fitted ones, too: by as
    much as a chi-squared variable of so many degrees of freedom, in units of the noise.

    Args:
        short: The formula, written in a shorter way.
        full: The formula as fitted.
        noise: The `Noise` of the rows.
        table: The `Table`.
        scaled: The `Scaled` rows.
        numbers: How many fitted numbers became simple ones.
    """
    from scipy.stats import chi2

    mine, other = (_squares(f, noise, table, scaled) for f in (short, full))
    slack = max(2.0, float(chi2.ppf(0.99, numbers)) if numbers else 0.0)
    allowed = float(np.mean(other)) * (1 + slack / len(other))
    return not float(np.mean(mine)) <= allowed + (4 * table.eps) ** 2 + 1e-26


def _squares(formula: Formula, noise: Noise, table: Table, scaled: Scaled) -> np.ndarray:
    """Returns the squared residuals of all rows, in units of the noise."""
    told = (formula(table.x) - scaled.offset) / scaled.y_scale
    y = (table.y - scaled.offset) / scaled.y_scale
    noise = dataclasses.replace(noise, known=None)
    with np.errstate(all="ignore"):
        found = noise.residuals(y, told) ** 2
    return np.where(np.isfinite(found), found, np.inf)
