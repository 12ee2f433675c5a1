"""Functions or banks that differ by feature."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["PerFeature", "members_of", "same_for_each"]


@dataclasses.dataclass(frozen=True, eq=False)
class PerFeature:
    """One function of one number for each feature; several features may share one.

    Attributes:
        members: The functions, all of one kind; or their banks, all of one size.
        of_feature: For each feature, the index of its member.
    """

    members: tuple[Any, ...]
    of_feature: np.ndarray

    def each(self, function: Callable[[Any], Any]) -> "PerFeature":
        """Applies a function to each member, and keeps the assignment of features."""
        return PerFeature(tuple(function(m) for m in self.members), self.of_feature)

    def columns(self) -> list[np.ndarray]:
        """Returns the features of each member, as an array of indices for each."""
        features = np.argsort(self.of_feature, kind="stable")
        counts = np.bincount(self.of_feature, minlength=len(self.members))
        return np.split(features, np.cumsum(counts)[:-1])

    @property
    def name(self) -> str:
        """Name of the functions."""
        return self.members[0].name

    @property
    def max_degree(self) -> int | None:
        """The largest degree of RePU that all embed into, or None for every degree."""
        return min((m.max_degree for m in self.members if m.max_degree is not None), default=None)

    @property
    def why(self) -> str:
        """The reason that limits the degree, in words."""
        return next((m.why for m in self.members if m.max_degree is not None), "")

    @property
    def degree(self) -> int | None:
        """Degree of the functions if all are RePU, else None."""
        return self.members[0].degree


def members_of(what: Any) -> tuple[Any, ...]:
    """Lists the functions or banks of a layer, just one if all its features share it."""
    return what.members if isinstance(what, PerFeature) else (what,)


def same_for_each(what: Any, count: int) -> tuple[Any, ...]:
    """Lists `count` functions, banks or Nones, and repeats a shared one."""
    return what.members if isinstance(what, PerFeature) else (what,) * count
