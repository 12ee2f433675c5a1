"""The result of a comparison."""

import dataclasses
from pathlib import Path

from keras_addmul.compare.findings import Findings
from keras_addmul.compare.report import comparison_files, comparison_page, on_screen, said

__all__ = ["Result"]


@dataclasses.dataclass(frozen=True)
class Result(Findings):
    """The result of `compare`: its runs, verdicts and reports.

    `judgements` holds a `Verdict` with all statistics for each model but the baseline,
    `summaries` the models in numbers.

    Attributes:
        arms: Names of the models, the baseline first.
        seeds: The seeds.
        runs: Dictionary for each run that is done, with `arm`, `seed`, `outcome`, `score`,
            `curves`, `parameters`, `steps` and `seconds`.
        step_times: Seconds of a step by model, one number a round, measured in turns.
        metric: Name of the metric.
        higher_is_better: Its direction.
        settings: How the models were trained.
        margin: The margin that was asked for, or None.
        alpha: Rate of false alarms over all models.
        held_out_to_train: Number of held-out rows divided by that of training rows.
        interrupted: Whether the training was ended early.
        versions: Versions of the libraries.
        looks: Numbers of seeds at which results in the same folder were looked at.

    Example:

    >>> import keras, numpy as np
    >>> from keras_addmul.compare import compare
    >>> x = np.random.default_rng(0).normal(size=(64, 2))
    >>> def stack(activation):
    ...     layers = [keras.Input((2,)), keras.layers.Dense(2, activation), keras.layers.Dense(1)]
    ...     return keras.Sequential(layers)
    >>> arms, y = {name: stack(name) for name in ("relu", "tanh")}, x[:, :1] ** 2
    >>> result = compare(arms, (x, y), seeds=1, epochs=1, workers=0, verbose=0)
    >>> result.headline.partition(":")[0]
    'There is not enough evidence that tanh differs from relu'
    >>> result.to_csv().splitlines()[0]
    'model,seed,epoch,loss,mse,outcome'
    """

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each model but the baseline, by name."""
        return {found.arm: found.verdict for found in self.judgements}

    @property
    def headline(self) -> str:
        """The verdicts in one sentence."""
        return said.headline(self)

    def show(self) -> None:
        """Prints the report on the terminal, or in a notebook."""
        on_screen.show(self)

    def to_text(self) -> str:
        """Returns the report as plain text."""
        return on_screen.plain(self)

    def to_json(self) -> str:
        """Returns verdicts, models, runs and settings as JSON; null stands for nan."""
        return comparison_files.as_json(self)

    def to_csv(self) -> str:
        """Returns a table with a row for each model, seed and epoch."""
        return comparison_files.as_csv(self)

    def to_html(self) -> str:
        """Returns the report as one HTML page that needs no other file."""
        return comparison_page.page(self)

    def write(self, folder: str | Path) -> Path:
        """Writes the report to files, each of which is replaced in one step.

        Args:
            folder: Directory for `report.html`, `result.json`, `result.csv` and `result.txt`.

        Returns:
            `pathlib.Path` of the page.

        Raises:
            OSError: If `folder` is a file, or cannot be written to.
        """
        return comparison_files.write(self, folder)

    def to_tensorboard(self, folder: str | Path) -> None:
        """Writes the learning curves as scalars that TensorBoard shows, one run a directory.

        Args:
            folder: Directory to write to.

        Raises:
            ImportError: If a library of the extra `compare` is missing.
        """
        comparison_files.log_to_tensorboard(self, folder)
