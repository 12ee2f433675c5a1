"""Renders the report as one self-contained HTML page."""

import base64
import html
from collections.abc import Iterable, Sequence

from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.forms.unit_names import parts_of, unit_in_text
from keras_addmul.discover.formula import Formula, without_points
from keras_addmul.discover.report import sentences

__all__ = ["page"]

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff;
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.formula { font-size: 1.5rem; margin: 1.2rem 0; overflow-x: auto; }
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
code, pre { font: .88rem/1.45 ui-monospace, Menlo, Consolas, monospace; }
pre { background: #f6f7f8; padding: .7rem .9rem; border-radius: .2rem; overflow-x: auto;
      margin: .3rem 0 .9rem; }
img { max-width: 100%; height: auto; } img.small { width: 28rem; }
.warning { color: #8a4b08; }
footer { margin-top: 2.5rem; color: #777; font-size: .85rem; }
"""


def page(discovery: Discovery, fit: bytes, front: bytes) -> str:
    """Returns the report as the text of an HTML file.

    Args:
        discovery: The `Discovery` to report.
        fit: PNG of predictions and residuals, as bytes.
        front: PNG of the Pareto front, as bytes.

    Returns:
        The HTML text.
    """
    formula, title = discovery.formula, f"A formula for {discovery.table.target}"
    kind = sentences.judged(discovery)[0]
    parts = [
        f"<h1>{_text(title)}</h1>",
        f'<div class="formula">{_mathml(formula)}</div>',
        f'<p class="verdict {kind}">{_text(sentences.verdict(discovery))}</p>',
        _rows(sentences.facts(discovery)),
        _numbers(discovery),
        "<h2>Predictions for rows that the formula did not know</h2>",
        _image(fit, "prediction against truth, and residual against prediction"),
        "<h2>The formula to copy</h2>",
        "".join(
            f"<div>{_text(name)}</div><pre>{_text(source)}</pre>"
            for name, source in sentences.to_copy(discovery)
        ),
        "<p><code>formula.py</code> in this folder is the same as a file that runs alone. For rows "
        "of a new table:</p><pre>python -m keras_addmul predict FOLDER new.csv --out "
        "predictions.csv</pre>",
        "<h2>Simpler and closer formulas</h2>",
        "<p>No formula that was found is both simpler and closer than one of these.</p>",
        _front(discovery),
        _image(front, "complexity against relative error", "small"),
        _comparison(discovery),
        "<h2>Where it holds</h2>",
        f'<p class="warning">{_text(sentences.warning(discovery))}</p>',
        _table(
            ("column", "lowest", "highest", "in the formula"),
            sentences.domain_rows(discovery),
            (1, 2),
        ),
        "<h2>What was done to the table</h2>",
        _notes(discovery.table.notes),
        "<footer>Written by <code>keras_addmul.discover</code>.</footer>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _numbers(discovery: Discovery) -> str:
    rows = sentences.measured_rows(discovery)
    if not rows:
        return ""
    head = ("number", "estimate", "standard error", "95 % interval")
    return "<h2>The numbers as the rows measure them</h2>" + _table(head, rows, (1, 2, 3))


def _front(discovery: Discovery) -> str:
    rows = sentences.front_rows(discovery)
    head = ("complexity", "relative error", "R\u00b2", "formula")
    cells = [(*row[:3], f"{row[3]}  (chosen)" if row[4] else row[3]) for row in rows]
    chosen = [row[4] for row in rows]
    return _table(head, cells, (0, 1, 2), chosen, code=3)


def _comparison(discovery: Discovery) -> str:
    if not discovery.baselines:
        return ""
    head = ("method", "R\u00b2", "relative error", "numbers fitted", "seconds", "")
    rows = sentences.comparison_rows(discovery)
    return (
        "<h2>Other methods on the same rows</h2>"
        f"<p>{_text(sentences.comparison(discovery))}</p>"
        + _table(head, rows, (1, 2, 3, 4), [True] + [False] * (len(rows) - 1))
    )


def _rows(pairs: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{_text(a)}</th><td>{_text(b)}</td></tr>" for a, b in pairs)
    return f'<div class="scroll"><table>{cells}</table></div>'


def _table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    numbers: Sequence[int] = (),
    chosen: Sequence[bool] | None = None,
    code: int | None = None,
) -> str:
    """Renders a table with `numbers` columns aligned right, and `code` in fixed width."""

    def cell(tag: str, i: int, value: object) -> str:
        kind = ' class="number"' if i in numbers else ""
        inner = f"<code>{_text(value)}</code>" if tag == "td" and i == code else _text(value)
        return f"<{tag}{kind}>{inner}</{tag}>"

    chosen = chosen or [False] * len(rows)
    lines = ["<tr>" + "".join(cell("th", i, v) for i, v in enumerate(head)) + "</tr>"]
    for row, bold in zip(rows, chosen, strict=True):
        mark = ' class="chosen"' if bold else ""
        lines.append(f"<tr{mark}>" + "".join(cell("td", i, v) for i, v in enumerate(row)) + "</tr>")
    return '<div class="scroll"><table>' + "\n".join(lines) + "</table></div>"


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return "<p>Nothing: every row and every column was used as it was.</p>"
    return "<ul>" + "".join(f"<li>{_text(note)}</li>" for note in notes) + "</ul>"


def _image(picture: bytes, description: str, size: str = "full") -> str:
    source = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    return f'<p><img class="{size}" alt="{_text(description)}" src="{source}"></p>'


def _mathml(formula: Formula) -> str:
    """Renders the equation in MathML, which browsers typeset natively."""
    import sympy
    from sympy.printing.mathml import mathml

    # Sympy parses subscripts and Greek letters in names, and does not escape them: so it gets
    # neutral names, which are then replaced by those of the columns.
    symbols = sorted(formula.expression.free_symbols, key=lambda symbol: symbol.name)
    plain = {symbol: sympy.Symbol(f"Q{_letters(i)}Q") for i, symbol in enumerate(symbols)}
    shown = formula.shown.xreplace(plain)
    right = mathml(shown, printer="presentation", mul_symbol="dot")
    right = without_points(right, formula.digits)
    for symbol, stand_in in plain.items():
        right = right.replace(f"<mi>{stand_in.name}</mi>", _name(symbol.name))
    left = f"{_name(formula.target)}<mo>=</mo>"
    return f'<math display="block"><mrow>{left}{right}</mrow></math>'


def _name(name: str) -> str:
    """Renders the name of a column; a unit in brackets as text, in one row with the quantity."""
    quantity, unit = parts_of(name)
    if not unit:
        return f"<mi>{_text(name)}</mi>"
    text = _text(f"\u2009[{unit_in_text(unit)}]")
    return f"<mrow><mi>{_text(quantity)}</mi><mtext>{text}</mtext></mrow>"


def _letters(i: int) -> str:
    """Writes a number in the letters X, Y and Z, which sympy never reads as an accent."""
    text = "XYZ"[i % 3]
    return _letters(i // 3 - 1) + text if i >= 3 else text


def _text(value: object) -> str:
    return html.escape(str(value))
