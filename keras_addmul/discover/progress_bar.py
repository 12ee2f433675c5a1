"""Shows how far a search has come."""

from typing import Self

from keras_addmul.discover.search.candidates import Candidate

__all__ = ["Bar"]


class Bar:
    """Shows a progress bar with the time left, on a terminal or in a notebook.

    With `verbose=2` and no terminal, it prints a line when a better kind of formula is found.
    """

    def __init__(self, verbose: int) -> None:
        self._verbose = verbose
        self._lines = False
        self._told = ""

    def __enter__(self) -> Self:
        if self._verbose:
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("searching"),
                BarColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                transient=True,
            )
            self._lines = self._verbose > 1 and not self._progress.console.is_terminal
            self._task = self._progress.add_task("", total=1.0)
            self._progress.start()
        return self

    def __call__(self, share: float, name: str, best: Candidate | None) -> None:
        if self._verbose:
            known = f"; best so far {best.name}" if best else ""
            self._progress.update(self._task, completed=share, description=f"{name}{known}")

        if self._lines and best and best.name != self._told:
            self._told = best.name
            print(f"  best so far: {best.name}", flush=True)

    def __exit__(self, *failure: object) -> None:
        if self._verbose:
            self._progress.stop()
