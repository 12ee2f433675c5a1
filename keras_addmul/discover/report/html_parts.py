"""The parts of a self-contained HTML page: its style, tables and pictures."""

import base64
import html
from collections.abc import Iterable, Sequence

__all__ = ["STYLE", "document", "escaped", "image", "pairs_table", "table"]

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff;
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.formula { font-size: 1.5rem; margin: 1.2rem 0; overflow: auto hidden; padding: .3rem 0; }
.verdict { border-left: .35rem solid; padding: .5rem .9rem; border-radius: .2rem; }
.exact { border-color: #2e7d4f; background: #eef7f1; }
.law { border-color: #0b6e99; background: #eef5f9; }
.approximation, .none { border-color: #d9822b; background: #fdf5ec; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .28rem .9rem .28rem 0; border-bottom: 1px solid #e4e4e4;
         vertical-align: top; }
th { font-weight: 600; color: #555; }
td.number, th.number { text-align: right; white-space: nowrap; }
tr.chosen td { font-weight: 600; }
.scroll { overflow-x: auto; }
@media (max-width: 40rem) { .scroll td:last-child:not(.number) { min-width: 14rem; } }
code, pre { font: .88rem/1.45 ui-monospace, Menlo, Consolas, monospace; }
pre { background: #f6f7f8; padding: .7rem .9rem; border-radius: .2rem; overflow-x: auto;
      margin: .3rem 0 .9rem; }
img { max-width: 100%; height: auto; } img.small { width: 28rem; }
.warning { color: #8a4b08; }
footer { margin-top: 2.5rem; color: #777; font-size: .85rem; }
"""


def document(title: str, parts: Iterable[str]) -> str:
    """Returns the text of an HTML file.

    Args:
        title: Title of the page, as plain text.
        parts: Its content as HTML.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def pairs_table(pairs: Iterable[tuple[str, str]]) -> str:
    """Returns a table of names and what belongs to them."""
    cells = "".join(f"<tr><th>{escaped(a)}</th><td>{escaped(b)}</td></tr>" for a, b in pairs)
    return f'<div class="scroll"><table>{cells}</table></div>'


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    numbers: Sequence[int] = (),
    chosen: Sequence[bool] | None = None,
    code: int | None = None,
) -> str:
    """Returns a table.

    Args:
        head: The names of the columns.
        rows: The cells of each row.
        numbers: The columns that are aligned right.
        chosen: Whether each row is emphasized.
        code: The column in fixed width, if any.
    """

    def cell(tag: str, i: int, value: object) -> str:
        kind = ' class="number"' if i in numbers else ""
        inner = f"<code>{escaped(value)}</code>" if tag == "td" and i == code else escaped(value)
        return f"<{tag}{kind}>{inner}</{tag}>"

    chosen = chosen or [False] * len(rows)
    lines = ["<tr>" + "".join(cell("th", i, v) for i, v in enumerate(head)) + "</tr>"]
    for row, bold in zip(rows, chosen, strict=True):
        mark = ' class="chosen"' if bold else ""
        lines.append(f"<tr{mark}>" + "".join(cell("td", i, v) for i, v in enumerate(row)) + "</tr>")
    return '<div class="scroll"><table>' + "\n".join(lines) + "</table></div>"


def image(picture: bytes, description: str, size: str = "full") -> str:
    """Returns a picture that the page itself holds.

    Args:
        picture: The bytes of a PNG file.
        description: What it shows, for those who cannot see it.
        size: `"full"`, or `"small"`.
    """
    source = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    return f'<p><img class="{size}" alt="{escaped(description)}" src="{source}"></p>'


def escaped(value: object) -> str:
    """Returns a value as text in which HTML sees no tags."""
    return html.escape(str(value))
