"""Prints the report on a terminal."""

from collections.abc import Iterable, Sequence
from typing import Any

from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.report import sentences

__all__ = ["plain", "show"]


def show(discovery: Discovery, console: Any = None) -> None:
    """Prints a report.

    Args:
        discovery: The `Discovery` to report.
        console: A `rich.console.Console`. The default prints to standard output.
    """
    from rich.console import Console, Group
    from rich.panel import Panel
    from rich.text import Text

    console = Console() if console is None else console
    formula = discovery.formula
    style = {"exact": "green", "law": "cyan"}.get(sentences.judged(discovery)[0], "yellow")
    # `Text` throughout, so that brackets in the name of a column are not read as markup.
    text = _whole(formula.text, "bold")
    if len(text) + 4 <= console.width:
        text = Panel(text, border_style=style, expand=False)
    parts = ["", text, Text(sentences.verdict(discovery), style), ""]
    parts.append(_grid(sentences.facts(discovery)))
    measured = sentences.measured_rows(discovery)
    if measured:
        head = ["number", "estimate", "standard error", "95 % interval"]
        parts += ["", _table("The numbers as the rows measure them", head, measured)]
    for name, source in sentences.to_copy(discovery)[1:]:
        parts += [Text(f"\n{name}", "dim"), _whole(source)]
    parts += ["", _front(discovery)]
    if discovery.baselines:
        parts += _baselines(discovery)
    head = ["column", "lowest", "highest", "in the formula"]
    parts.append(_table("Where it holds", head, sentences.domain_rows(discovery)))
    parts.append(Text(sentences.warning(discovery), "yellow"))
    parts += [Text(f"- {note}", "dim") for note in discovery.table.notes]
    # All at once, so that a notebook shows one output.
    console.print(Group(*parts, ""), crop=False)


def plain(discovery: Discovery) -> str:
    """Returns the report as plain text, without pictures."""
    from io import StringIO

    from rich.console import Console

    file = StringIO()
    show(discovery, Console(file=file, width=120, color_system=None, force_jupyter=False))
    return "\n".join(line.rstrip() for line in file.getvalue().strip().splitlines()) + "\n"


def _grid(pairs: Iterable[tuple[str, str]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for name, value in pairs:
        grid.add_row(Text(name, "dim"), Text(value))
    return grid


def _whole(text: str, style: str = "") -> Any:
    """Formats text to be copied, without line breaks."""
    from rich.text import Text

    return Text(text, style, no_wrap=True, overflow="ignore")


def _baselines(discovery: Discovery) -> list[Any]:
    """Yields the table of the other methods, their notes, and a conclusion."""
    from rich.text import Text

    *rows, notes = zip(*sentences.comparison_rows(discovery), strict=True)
    head = ["method", "R\u00b2", "error", "numbers", "seconds"]
    rows = list(zip(*rows, strict=True))
    parts = [_table("Other methods on the same rows", head, rows, bold=[0])]
    for row, note in zip(rows, notes, strict=True):
        parts += [Text(f"  {row[0]}: {note}", "dim")] if note else []
    return [*parts, Text(f"  {sentences.comparison(discovery)}\n")]


def _front(discovery: Discovery) -> Any:
    rows = sentences.front_rows(discovery)
    head = ["complexity", "error", "R\u00b2", "formula"]
    bold = [i for i, row in enumerate(rows) if row[4]]
    return _table("Simpler and closer formulas", head, [row[:4] for row in rows], bold=bold)


def _table(
    title: str, head: Sequence[str], rows: Iterable[Sequence[str]], bold: Sequence[int] = ()
) -> Any:
    """Makes a table with numbers aligned right and text aligned left."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name in head:
        left = name in ("method", "number", "formula", "column", "in the formula")
        table.add_column(name, justify="left" if left else "right", overflow="fold")
    for i, row in enumerate(rows):
        table.add_row(*(Text(value, "bold" if i in bold else "") for value in row))
    return table
