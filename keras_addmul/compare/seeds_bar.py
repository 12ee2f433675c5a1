"""Shows how many runs are done, and the time left."""

from typing import Self

__all__ = ["SeedsBar"]


class SeedsBar:
    """Shows a progress bar with the time left, on a terminal or in a notebook.

    Args:
        verbose: 0 shows nothing.
        total: Number of units of work.
    """

    def __init__(self, verbose: int, total: int) -> None:
        self._verbose, self._total, self._done = verbose, total, 0

    def __enter__(self) -> Self:
        if self._verbose:
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            self._progress = Progress(
                TextColumn("training"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                transient=True,
            )
            self._task = self._progress.add_task("step times", total=self._total)
            self._progress.start()
        return self

    def __call__(self, name: str) -> None:
        """Counts one more."""
        self._done += 1
        if self._verbose:
            self._progress.update(self._task, completed=self._done, description=name)

    def __exit__(self, *failure: object) -> None:
        if self._verbose:
            self._progress.stop()
