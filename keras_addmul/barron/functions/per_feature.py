"""Functions, or banks, of which each feature has its own."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["PerFeature", "members_of", "same_for_each"]


@dataclasses.dataclass(frozen=True, eq=False)
class PerFeature:
    """One function of one number for each feature; several features may share one.

    Attributes:
        members: The functions, all of one kind; or the banks for them, all of one size.
        of_feature: For each feature, which of them it has.
    """

    members: tuple[Any, ...]
    of_feature: np.ndarray

    def each(self, function: Callable[[Any], Any]) -> "PerFeature":
        """What a function makes of each member, for the same features."""
        return PerFeature(tuple(function(m) for m in self.members), self.of_feature)

    def columns(self) -> list[np.ndarray]:
        """The features of each member, an array of numbers for each."""
        features = np.argsort(self.of_feature, kind="stable")
        counts = np.bincount(self.of_feature, minlength=len(self.members))
        return np.split(features, np.cumsum(counts)[:-1])

    @property
    def name(self) -> str:
        """Of the functions."""
        return self.members[0].name

    @property
    def max_degree(self) -> int | None:
        """The largest degree of RePU into which all embed, or None for every degree."""
        return min((m.max_degree for m in self.members if m.max_degree is not None), default=None)

    @property
    def why(self) -> str:
        """What limits the degree, in words."""
        return next((m.why for m in self.members if m.max_degree is not None), "")

    @property
    def degree(self) -> int | None:
        """Of the RePUs if all are such, else None."""
        return self.members[0].degree


def members_of(what: Any) -> tuple[Any, ...]:
    """The functions or banks of a layer, one where all its features share it."""
    return what.members if isinstance(what, PerFeature) else (what,)


def same_for_each(what: Any, count: int) -> tuple[Any, ...]:
    """As many functions or banks, or None, as there are: the one again and again if shared."""
    return what.members if isinstance(what, PerFeature) else (what,) * count
