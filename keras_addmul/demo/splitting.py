"""Splits the bodies into training and test sets, and scales their columns."""

import dataclasses
from typing import Self

import numpy as np

from keras_addmul.demo.bodies import Bodies

__all__ = ["UNSEEN", "Split", "Units", "split"]

# The only body that orbits the Earth: held out, it leaves the Earth's mass unseen as well.
UNSEEN = "Moon"


@dataclasses.dataclass(frozen=True)
class Split:
    """The bodies to train on, those to test on, and one for the final query.

    Attributes:
        training: `Bodies` to train on.
        held_out: `Bodies` to test on: every fourth body of each center, by distance.
        unseen: `Bodies` for the final query: the Moon, or empty if the table has no Moon.

    Example:

    >>> from keras_addmul import demo
    >>> bodies = demo.load()
    >>> parts = demo.Split(training=bodies[2:], held_out=bodies[:2], unseen=bodies[:0])
    >>> len(parts.training), len(parts.held_out), len(parts.unseen)
    (78, 2, 0)
    """

    training: Bodies
    held_out: Bodies
    unseen: Bodies


def split(bodies: Bodies) -> Split:
    """Splits bodies into those to train on and those to test on, deterministically.

    Args:
        bodies: The `Bodies` to split.

    Returns:
        A `Split`.

    Raises:
        ValueError: If no center has at least 3 bodies, so that none can be held out.

    Example:

    >>> from keras_addmul import demo
    >>> parts = demo.split(demo.load())
    >>> len(parts.training), len(parts.held_out), *parts.unseen.names.tolist()
    (59, 20, 'Moon')
    """
    unseen = bodies.names == UNSEEN
    held_out = np.zeros(len(bodies), bool)
    for center in np.unique(bodies.centers):
        rows = np.flatnonzero((bodies.centers == center) & ~unseen)
        rows = rows[np.argsort(bodies.semi_major_axis[rows], kind="stable")]
        held_out[rows[2::4]] = True
    if not held_out.any():
        raise ValueError(
            "expected a center with at least 3 bodies, to hold one out. "
            f"Received: {len(bodies)} bodies around {len(np.unique(bodies.centers))} centers"
        )
    return Split(bodies[~held_out & ~unseen], bodies[held_out], bodies[unseen])


@dataclasses.dataclass(frozen=True)
class Units:
    """Scales each column by its geometric mean, which makes it dimensionless.

    The columns span up to nine decades. This division is the only preprocessing.

    Attributes:
        axis: Unit of the semi-major axis, in metres.
        mass: Unit of the central mass, in kilograms.
        period: Unit of the period, in seconds.

    Example:

    >>> from keras_addmul import demo
    >>> bodies = demo.load()
    >>> units = demo.Units.of(bodies)
    >>> units.inputs(bodies).shape, units.targets(bodies).shape
    ((80, 2), (80, 1))
    """

    axis: float
    mass: float
    period: float

    @classmethod
    def of(cls, bodies: Bodies) -> Self:
        """Returns the units in which the columns of `bodies` have geometric mean 1.

        Args:
            bodies: The `Bodies`.
        """
        return cls(
            _geometric_mean(bodies.semi_major_axis),
            _geometric_mean(bodies.central_mass),
            _geometric_mean(bodies.period),
        )

    def inputs(self, bodies: Bodies) -> np.ndarray:
        """Returns the scaled axis and central mass: float32 array of shape `(bodies, 2)`."""
        columns = [bodies.semi_major_axis / self.axis, bodies.central_mass / self.mass]
        return np.stack(columns, axis=1).astype("float32")

    def targets(self, bodies: Bodies) -> np.ndarray:
        """Returns the scaled period: float32 array of shape `(bodies, 1)`."""
        return (bodies.period / self.period)[:, None].astype("float32")


def _geometric_mean(column: np.ndarray) -> float:
    return float(np.exp(np.mean(np.log(column))))
