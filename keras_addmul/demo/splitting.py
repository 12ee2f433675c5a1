"""Which bodies are learned from, and the units in which they are."""

import dataclasses

import numpy as np

from keras_addmul.demo.bodies import Table

__all__ = ["UNSEEN", "Split", "Units", "split"]

# The only body around the Earth: without it, the Earth's mass is new as well.
UNSEEN = "Moon"


@dataclasses.dataclass(frozen=True)
class Split:
    """The bodies to train on, those to test on, and one for the very end.

    Attributes:
        training: `Table`.
        held_out: `Table`; every fourth body of each center, by distance.
        unseen: `Table` of one body, or of none if the table has no `UNSEEN`.
    """

    training: Table
    held_out: Table
    unseen: Table


def split(table):
    """Splits a `Table` into a `Split`, always in the same way.

    Raises:
        ValueError: No center has enough bodies to spare one of them.

    Example:
    >>> from keras_addmul import demo
    >>> parts = demo.split(demo.load())
    >>> len(parts.training), len(parts.held_out), *parts.unseen.names.tolist()
    (59, 20, 'Moon')
    """
    unseen = table.names == UNSEEN
    held_out = np.zeros(len(table), bool)
    for center in np.unique(table.centers):
        rows = np.flatnonzero((table.centers == center) & ~unseen)
        rows = rows[np.argsort(table.semi_major_axis[rows], kind="stable")]
        held_out[rows[2::4]] = True
    if not held_out.any():
        raise ValueError(
            "expected a center with at least 3 bodies, to hold one out. "
            f"Received: {len(table)} bodies around {len(np.unique(table.centers))} centers"
        )
    return Split(table[~held_out & ~unseen], table[held_out], table[unseen])


@dataclasses.dataclass(frozen=True)
class Units:
    """Units in which each column has geometric mean 1, so that it has no dimension.

    The columns span up to nine decades. Nothing but this one division is done to
    them.

    Attributes:
        axis: Metres.
        mass: Kilograms.
        period: Seconds.
    """

    axis: float
    mass: float
    period: float

    @classmethod
    def of(cls, table):
        """The units for a `Table`."""
        return cls(
            _geometric_mean(table.semi_major_axis),
            _geometric_mean(table.central_mass),
            _geometric_mean(table.period),
        )

    def inputs(self, table):
        """Semi-major axis and central mass: float32 array of shape `(bodies, 2)`."""
        columns = [table.semi_major_axis / self.axis, table.central_mass / self.mass]
        return np.stack(columns, axis=1).astype("float32")

    def targets(self, table):
        """Period: float32 array of shape `(bodies, 1)`."""
        return (table.period / self.period)[:, None].astype("float32")


def _geometric_mean(column):
    return float(np.exp(np.mean(np.log(column))))
