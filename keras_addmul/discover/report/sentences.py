"""The sentences and figures of a report, independent of how they are shown."""

import math
from typing import Any

import numpy as np

from keras_addmul.discover.dimension_check import dimensions
from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.forms.spreadsheet import column_letter
from keras_addmul.discover.report.formatted_numbers import number, percent, score
from keras_addmul.discover.scoring.lack_of_fit import noise_share
from keras_addmul.discover.scoring.scores import beats_the_mean

__all__ = [
    "comparison",
    "comparison_rows",
    "domain_rows",
    "facts",
    "front_rows",
    "judged",
    "measured_rows",
    "number",
    "percent",
    "rows_in_words",
    "score",
    "to_copy",
    "verdict",
    "warning",
]

# By the kind of result.
HOLDS = {
    "exact": "exactly, on every row",
    "law": "within the noise",
    "approximation": "approximately",
    "none": "no better than the mean, but by chance",
}


def verdict(discovery: Discovery) -> str:
    """Returns one or two sentences that say whether there is a law.

    They begin with a warning if the search was interrupted.
    """
    early = "Interrupted: the search ended early, and this is the best formula until then. "
    return (early if discovery.interrupted == "search" else "") + _verdict(discovery)


def _verdict(discovery: Discovery) -> str:
    formula, rows = discovery.formula, rows_in_words(discovery)
    kind, size, beyond = judged(discovery)
    if kind == "exact":
        return (
            f"An exact law: it meets every one of the {len(discovery.table)} rows up to rounding. "
            f"Its structure: {formula.structure}."
        )
    if kind == "none" and formula.r2 > 0 and formula.expression.free_symbols:
        return (
            f"No law in this family: the likeliest formula, {formula.structure}, is closer than "
            f"the mean of the target on {rows} by no more than chance (R\u00b2 "
            f"{score(formula.r2)})."
        )
    if kind == "none":
        return (
            "No law in this family: no formula that was found is better than the mean of the "
            f"target on {rows}."
        )
    share = (
        f"It explains {percent(formula.r2)} of the variance of {rows}; its relative error is "
        f"{percent(formula.error)}."
    )
    if kind == "law":
        return (
            f"A law within the noise ({percent(size)}): {formula.structure}, and its residuals "
            f"show no trend. {share}"
        )
    return (
        f"An approximation, {percent(beyond)} beyond the noise: {formula.structure}, whose "
        f"residuals are not all noise. {share}"
    )


def judged(discovery: Discovery) -> tuple[str, float, float]:
    """Returns the kind of result, the size of the noise, and what the formula lacks beyond it.

    The kind is `"exact"`, `"law"`, `"approximation"` or `"none"`; the sizes are shares of the
    root mean square of the target or, if the noise is relative, of each target.
    """
    formula = discovery.formula
    if formula.exact:
        return "exact", 0.0, 0.0
    if not formula.r2 > 0 or not formula.expression.free_symbols:
        return "none", formula.error, 0.0
    if not beats_the_mean(discovery.table.y[discovery.held_out], discovery.predictions):
        return "none", formula.error, 0.0
    truth, told = discovery.table.y, formula(discovery.table.x)
    relative = formula.noise.endswith("of the target") and bool((truth * told > 0).all())
    unit = np.abs(told) if relative else np.sqrt(np.mean(truth**2))
    with np.errstate(all="ignore"):
        residuals = (truth - told) / unit
    size = float(np.sqrt(np.mean(residuals**2)))
    symbols = {symbol.name for symbol in formula.expression.free_symbols}
    used = [j for j, name in enumerate(discovery.table.names) if name in symbols]
    share = noise_share(discovery.table.x[:, used], residuals)
    # What another method explains is no noise either.
    known = [b.error for b in discovery.baselines if b.error is not None]
    closest = min(known, default=math.inf)
    if closest * _by_chance(discovery) < formula.error:
        share = min(share, (closest / formula.error) ** 2)
    kind = "law" if share == 1 else "approximation"
    return kind, size * math.sqrt(share), size * math.sqrt(1 - share)


def _by_chance(discovery: Discovery) -> float:
    """Returns the ratio of two errors that differ by no more than chance."""
    return 1 + math.sqrt(2 / len(discovery.held_out))


def rows_in_words(discovery: Discovery) -> str:
    """Returns which rows score the formula: held-out ones, or all in cross-validation."""
    count = len(discovery.held_out)
    if discovery.cross_validated:
        return f"the {count} rows, each predicted from the others"
    return f"the {count} held-out rows"


def measured_rows(discovery: Discovery) -> list[tuple[str, str, str, str]]:
    """Lists name, estimate, standard error and 95 % interval of each fitted number."""
    return [
        (m.name, value, f"{m.error:.2g}", f"{low} to {high}")
        for m in discovery.formula.measured
        for value, low, high in [[_to_error(v, m.error) for v in (m.value, m.low, m.high)]]
    ]


def _to_error(value: float, error: float) -> str:
    """Formats a number to two digits of its error."""
    if not 0 < error < math.inf or not value:
        return f"{value:.6g}"
    digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 2
    return f"{value:.{min(max(digits, 2), 15)}g}"


def facts(discovery: Discovery) -> list[tuple[str, str]]:
    """Lists the name and value of each figure of a report."""
    formula = discovery.formula
    low, high = discovery.r2_interval
    interval = f"95 % between {score(low)} and {score(high)} (bootstrap over these rows)"
    if not (math.isfinite(low) and math.isfinite(high)):
        interval = "no interval: " + ("interrupted" if discovery.interrupted else "too few rows")
    checked = "cross-validation" if discovery.cross_validated else "held-out rows"
    rows = f"{len(discovery.train)} to learn from, {len(discovery.held_out)} held out"
    if discovery.cross_validated:
        rows = f"{len(discovery.table)}, each predicted by the formula as fitted to the others"
    units = dimensions(formula, discovery.table.units)
    return [
        ("structure", formula.structure),
        *([("dimensions", units)] if units else []),
        ("holds", HOLDS[judged(discovery)[0]]),
        *([("residuals", formula.noise)] if formula.noise and not formula.exact else []),
        (f"R\u00b2, {checked}", f"{score(formula.r2)}; {interval}"),
        (
            "relative error",
            f"{percent(formula.error)} (RMS of the residual over RMS of the target)",
        ),
        ("largest residual", _largest(discovery)),
        ("complexity", f"{formula.complexity:g} (operations, numbers and columns)"),
        ("rows", rows),
        ("seed", f"{discovery.seed}"),
        ("time", f"{discovery.seconds:.1f} s"),
    ]


def to_copy(discovery: Discovery) -> list[tuple[str, str]]:
    """Lists the formula as text and in other languages, each with a heading."""
    formula, names = discovery.formula, discovery.table.names
    symbols = {symbol.name for symbol in formula.expression.free_symbols}
    cells = ", ".join(
        f"{name} in {column_letter(place)}" for place, name in enumerate(names) if name in symbols
    )
    heading = f"Excel or LibreOffice, in English notation{f'; {cells}' if cells else ''}"
    found = [("Text", formula.text), ("LaTeX", formula.latex), ("Python", formula.python)]
    return found + ([(heading, formula.spreadsheet)] if formula.spreadsheet else [])


def front_rows(discovery: Discovery) -> list[tuple[str, str, str, str, bool]]:
    """Lists complexity, error, R^2, right-hand side and whether chosen, for each formula."""
    left = f"{discovery.table.target} = "
    chosen = discovery.formula.text
    return [
        (
            f"{f.complexity:g}",
            percent(f.error),
            score(f.r2),
            f.text.removeprefix(left),
            f.text == chosen,
        )
        for f in discovery.front
    ]


def comparison_rows(discovery: Discovery) -> list[tuple[str, ...]]:
    """Lists name, R^2, relative error, parameters, seconds and note, the formula first."""
    formula = discovery.formula
    mine = (
        "this formula",
        score(formula.r2),
        percent(formula.error),
        f"{_numbers(formula.expression)}",
        f"{discovery.seconds:.1f}",
        "exact" if formula.exact else "",
    )
    return [mine] + [
        (b.name, score(b.r2), percent(b.error), _whole(b.parameters), f"{b.seconds:.1f}", b.note)
        for b in discovery.baselines
    ]


def comparison(discovery: Discovery) -> str:
    """Returns a sentence on which methods beat the formula on the held-out rows."""
    formula = discovery.formula
    known = [(b.error, b.name) for b in discovery.baselines if b.error is not None]
    if discovery.interrupted == "comparison":
        return "The comparison was interrupted."
    if not known:
        return ""
    if formula.exact:
        return "The formula is exact up to rounding: no other method can be closer."
    better = sorted(pair for pair in known if pair[0] < formula.error)
    if not better:
        return f"None of the other methods has a smaller error on {rows_in_words(discovery)}."
    (error, name), others = better[0], len(better) - 1
    if formula.error < error * _by_chance(discovery):
        return (
            f"A tie with {name}: their errors, {percent(error)} and {percent(formula.error)}, "
            f"differ by no more than chance on {rows_in_words(discovery)}."
        )
    beside = f" and so have {others} of the others" if others > 1 else ""
    beside = " and so has one of the others" if others == 1 else beside
    return (
        f"On {rows_in_words(discovery)} {name} has a smaller error than the formula "
        f"({percent(error)} against {percent(formula.error)}){beside}."
    )


def domain_rows(discovery: Discovery) -> list[tuple[str, str, str, str]]:
    """Lists name, range and whether the formula uses it, for each column."""
    used = {symbol.name for symbol in discovery.formula.expression.free_symbols}
    table = discovery.table
    return [
        (name, number(low), number(high), "yes" if name in used else "no")
        for name, (low, high) in zip(table.names, table.domain, strict=True)
    ]


def warning(discovery: Discovery) -> str:
    """Returns a warning about the range outside of which the formula is untested."""
    kind = "law" if judged(discovery)[0] in ("exact", "law") else "formula"
    return (
        f"The {kind} was found, and checked, inside these ranges only. Outside them, and for "
        "combinations of values that the table does not hold, it extrapolates: nothing here "
        "says that it still holds."
    )


def _whole(count: int | None) -> str:
    return "\u2013" if count is None else f"{count}"


def _largest(discovery: Discovery) -> str:
    """Returns the largest residual of the rows that score the formula, and the target there."""
    truth = discovery.table.y[discovery.held_out]
    residual = np.abs(truth - discovery.predictions)
    row = int(np.argmax(np.where(np.isnan(residual), np.inf, residual)))
    return f"{residual[row]:.3g}, where {discovery.table.target} is {number(truth[row])}"


def _numbers(expression: Any) -> int:
    """Counts the numbers in an expression, without signs and reciprocals."""
    import sympy

    nodes = sympy.preorder_traversal(expression)
    return sum(1 for node in nodes if node.is_Number and abs(node) != 1)
