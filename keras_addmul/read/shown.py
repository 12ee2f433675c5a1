"""A reading as text, as a table on a terminal, and as HTML."""

import html
from typing import Any

__all__ = ["as_html", "as_table", "as_text", "rows_of", "summary"]

HEAD = ("layer", "unit", "is", "order", "settled", "formula")


def rows_of(reading: Any) -> list[tuple[str, ...]]:
    """Returns the rows of the table, one for each unit."""
    return [
        (
            unit.layer,
            str(unit.index + 1),
            unit.kind,
            f"{unit.order:.3f}",
            "yes" if unit.settled else "no",
            unit.text,
        )
        for unit in reading.units
    ]


def summary(reading: Any) -> list[str]:
    """Returns what the table comes to, a sentence each."""
    count = sum(unit.settled for unit in reading.units)
    kinds = [unit.kind for unit in reading.units if unit.settled]
    parts = [f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)]
    of_which = f": {', '.join(parts)}" if parts else ""
    lines = [f"{count} of {len(reading.units)} units are settled{of_which}."]
    if reading.moved is not None and reading.moved_settled is not None:
        lines.append(
            f"With the settled ones at their ends the answers move by {reading.moved_settled:.2%} "
            f"of their standard deviation; with all of them, by {reading.moved:.2%}."
        )
    if reading.others:
        named = ", ".join(f"{name} ({kind})" for name, kind in reading.others)
        lines.append(f"Other layers: {named}.")
    return lines


def as_text(reading: Any) -> str:
    """Returns a reading as plain text."""
    rows = [HEAD, *rows_of(reading)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([*(line.rstrip() for line in lines), "", *summary(reading)])


def as_table(reading: Any) -> Any:
    """Returns a reading as a table of `rich`."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for name in HEAD:
        table.add_column(name, overflow="fold")
    for row, unit in zip(rows_of(reading), reading.units, strict=True):
        style = "" if unit.settled else "yellow"
        table.add_row(*(Text(cell, style) for cell in row))
    return Group(table, *(Text(line) for line in summary(reading)))


def as_html(reading: Any) -> str:
    """Returns a reading as an HTML table."""

    def line(cells, tag):
        return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>"

    rows = "".join(line(row, "td") for row in rows_of(reading))
    text = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in summary(reading))
    return f"<table><thead>{line(HEAD, 'th')}</thead><tbody>{rows}</tbody></table>{text}"
