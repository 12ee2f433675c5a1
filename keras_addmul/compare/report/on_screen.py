"""Prints what a comparison found on a terminal."""

from collections.abc import Sequence
from io import StringIO
from typing import Any

from keras_addmul.compare.findings import Findings
from keras_addmul.compare.judging.verdicts import BETTER, SAME, WORSE
from keras_addmul.compare.report import said

__all__ = ["plain", "show"]

STYLES = {BETTER: "green", WORSE: "red", SAME: "cyan"}


def show(found: Findings, console: Any = None) -> None:
    """Prints the verdicts, the arms and how it was done.

    Args:
        found: The findings.
        console: A `rich.console.Console`. The default prints to standard output.
    """
    from rich.console import Console, Group
    from rich.table import Table
    from rich.text import Text

    console = Console() if console is None else console
    first = found.judgements[0].verdict if len(found.judgements) == 1 else ""
    # `Text` throughout, so that brackets in the name of a model are not read as markup.
    parts: list[Any] = ["", Text(said.headline(found), f"bold {STYLES.get(first, '')}".strip()), ""]
    if len(found.judgements) > 1:
        parts += [Text(f"- {said.sentence(found, v)}") for v in found.judgements] + [""]
    better = "higher" if found.higher_is_better else "lower"
    title = f"{found.metric} on held-out rows ({better} is better)"
    parts.append(_table(title, said.ARMS_HEAD, _short(said.arm_rows(found))))
    if found.judgements:
        title = f"against {found.arms[0]}"
        # Without the reasons, which stand in the sentences above.
        rows = [row[:-1] for row in said.verdict_rows(found)]
        parts.append(_table(title, said.VERDICTS_HEAD[:-1], rows))
    grid = Table.grid(padding=(0, 2))
    for name, value in said.facts(found):
        grid.add_row(Text(name, "dim"), Text(value, "dim"))
    # All at once, so that a notebook shows one output.
    console.print(Group(*parts, grid, ""), crop=False)


def plain(found: Findings) -> str:
    """Returns what `show` prints as plain text."""
    from rich.console import Console

    file = StringIO()
    show(found, Console(file=file, width=120, color_system=None, force_jupyter=False))
    return "\n".join(line.rstrip() for line in file.getvalue().strip().splitlines()) + "\n"


def _short(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Step times without their intervals, which stand in the sentences above."""
    return [(*row[:-1], row[-1].partition(" ")[0]) for row in rows]


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD)
    table.pad_edge, table.collapse_padding = False, True  # for terminals of 80 columns
    for name in head:
        left = name in ("model", "verdict")
        # A name is never broken, so that it can be found again.
        table.add_column(
            name, justify="left" if left else "right", overflow="fold", no_wrap=name == "model"
        )
    for row in rows:
        table.add_row(*(Text(cell, STYLES.get(cell, "")) for cell in row))
    return table
