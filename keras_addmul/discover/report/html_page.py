"""Renders the report as one self-contained HTML page."""

from collections.abc import Sequence

from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.forms.unit_names import parts_of, unit_in_text
from keras_addmul.discover.formula import Formula, without_points
from keras_addmul.discover.report import sentences
from keras_addmul.discover.report.html_parts import (
    document,
    escaped,
    image,
    pairs_table,
    table,
)

__all__ = ["page"]


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
        f"<h1>{escaped(title)}</h1>",
        f'<div class="formula">{_mathml(formula)}</div>',
        f'<p class="verdict {kind}">{escaped(sentences.verdict(discovery))}</p>',
        pairs_table(sentences.facts(discovery)),
        _numbers(discovery),
        "<h2>Predictions for rows that the formula did not know</h2>",
        image(fit, "prediction against truth, and residual against prediction"),
        "<h2>The formula to copy</h2>",
        "".join(
            f"<div>{escaped(name)}</div><pre>{escaped(source)}</pre>"
            for name, source in sentences.to_copy(discovery)
        ),
        "<p><code>formula.py</code> in this folder is the same as a file that runs alone. For rows "
        "of a new table:</p><pre>python -m keras_addmul predict FOLDER new.csv --out "
        "predictions.csv</pre>",
        "<h2>Simpler and closer formulas</h2>",
        "<p>No formula that was found is both simpler and closer than one of these.</p>",
        _front(discovery),
        image(front, "complexity against relative error", "small"),
        _comparison(discovery),
        "<h2>Where it holds</h2>",
        f'<p class="warning">{escaped(sentences.warning(discovery))}</p>',
        table(
            ("column", "lowest", "highest", "in the formula"),
            sentences.domain_rows(discovery),
            (1, 2),
        ),
        "<h2>What was done to the table</h2>",
        _notes(discovery.table.notes),
        "<footer>Written by <code>keras_addmul.discover</code>.</footer>",
    ]
    return document(title, parts)


def _numbers(discovery: Discovery) -> str:
    rows = sentences.measured_rows(discovery)
    if not rows:
        return ""
    head = ("number", "estimate", "standard error", "95 % interval")
    return "<h2>The numbers as the rows measure them</h2>" + table(head, rows, (1, 2, 3))


def _front(discovery: Discovery) -> str:
    rows = sentences.front_rows(discovery)
    head = ("complexity", "relative error", "R\u00b2", "formula")
    cells = [(*row[:3], f"{row[3]}  (chosen)" if row[4] else row[3]) for row in rows]
    chosen = [row[4] for row in rows]
    return table(head, cells, (0, 1, 2), chosen, code=3)


def _comparison(discovery: Discovery) -> str:
    if not discovery.baselines:
        return ""
    head = ("method", "R\u00b2", "relative error", "numbers fitted", "seconds", "")
    rows = sentences.comparison_rows(discovery)
    return (
        "<h2>Other methods on the same rows</h2>"
        f"<p>{escaped(sentences.comparison(discovery))}</p>"
        + table(head, rows, (1, 2, 3, 4), [True] + [False] * (len(rows) - 1))
    )


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return "<p>Nothing: every row and every column was used as it was.</p>"
    return "<ul>" + "".join(f"<li>{escaped(note)}</li>" for note in notes) + "</ul>"


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
        right = right.replace(
            f"<mi>{stand_in.name}</mi>", _name(symbol.name, symbol.name in formula.raised)
        )
    left = f"{_name(formula.target)}<mo>=</mo>"
    return f'<math display="block"><mrow>{left}{right}</mrow></math>'


def _name(name: str, raised: bool = False) -> str:
    """Renders the name of a column, a unit in brackets as text; all in parentheses if raised."""
    quantity, unit = parts_of(name)
    if not unit:
        return f"<mi>{escaped(name)}</mi>"
    text = escaped(f"\u2009[{unit_in_text(unit)}]")
    inside = f"<mi>{escaped(quantity)}</mi><mtext>{text}</mtext>"
    return f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>" if raised else f"<mrow>{inside}</mrow>"


def _letters(i: int) -> str:
    """Writes a number in the letters X, Y and Z, which sympy never reads as an accent."""
    text = "XYZ"[i % 3]
    return _letters(i // 3 - 1) + text if i >= 3 else text
