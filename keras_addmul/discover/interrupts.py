"""Lets Ctrl-C shorten a long work, rather than lose it."""

from collections.abc import Callable
from typing import TypeVar

__all__ = ["Interrupts"]

T = TypeVar("T")


class Interrupts:
    """Remembers Ctrl-C, and then takes the short way where there is one.

    Attributes:
        during: What was interrupted first, such as "search"; empty if nothing was.

    Example:

    >>> from keras_addmul.discover.interrupts import Interrupts
    >>> def long():
    ...     raise KeyboardInterrupt
    >>> stop = Interrupts()
    >>> stop.attempt("search", long, lambda: "the best so far"), stop.during
    ('the best so far', 'search')
    """

    def __init__(self) -> None:
        self.during: str = ""

    def note(self, during: str) -> None:
        """Remembers that Ctrl-C was pressed."""
        self.during = self.during or during

    def attempt(self, during: str, long: Callable[[], T], short: Callable[[], T]) -> T:
        """Returns what the long way gives; after Ctrl-C, or if it comes now, what the short one.

        Args:
            during: What is being done.
            long: Does it.
            short: Does it at once, or less of it.
        """
        if not self.during:
            try:
                return long()
            except KeyboardInterrupt:
                self.note(during)
        return short()
