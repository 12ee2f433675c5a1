"""The sentences and figures of a report, independent of how they are shown."""

import math
from typing import Any

import numpy as np

from keras_addmul.discover.finding import Discovery

__all__ = [
    "comparison",
    "comparison_rows",
    "domain_rows",
    "facts",
    "front_rows",
    "number",
    "percent",
    "score",
    "verdict",
    "warning",
]


def verdict(discovery: Discovery) -> str:
    """Returns one or two sentences that say whether there is a law."""
    formula, rows = discovery.formula, len(discovery.held_out)
    if formula.exact:
        return (
            f"An exact law: it meets every one of the {rows} held-out rows up to rounding. "
            f"Its structure: {formula.structure}."
        )
    share = f"explains {percent(formula.r2)} of the variance of the {rows} held-out rows"
    if not formula.r2 > 0:
        share = f"explains nothing of the variance of the {rows} held-out rows"
    return (
        f"No exact law found. The best approximation in this family, {formula.structure}, "
        f"{share}; its relative error is {percent(formula.error)}."
    )


def facts(discovery: Discovery) -> list[tuple[str, str]]:
    """Lists the name and value of each figure of a report."""
    formula = discovery.formula
    low, high = discovery.r2_interval
    interval = f"95 % between {score(low)} and {score(high)} (bootstrap over the held-out rows)"
    if not (math.isfinite(low) and math.isfinite(high)):
        interval = "no interval: too few held-out rows"
    return [
        ("structure", formula.structure),
        ("holds", "exactly, on every held-out row" if formula.exact else "approximately"),
        ("R\u00b2, held-out rows", f"{score(formula.r2)}; {interval}"),
        (
            "relative error",
            f"{percent(formula.error)} (RMS of the residual over RMS of the target)",
        ),
        ("largest residual", _largest(discovery)),
        ("complexity", f"{formula.complexity:g} (operations, numbers and columns)"),
        ("rows", f"{len(discovery.train)} to learn from, {len(discovery.held_out)} held out"),
        ("seed", f"{discovery.seed}"),
        ("time", f"{discovery.seconds:.1f} s"),
    ]


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
    if not known:
        return ""
    if formula.exact:
        return "The formula is exact up to rounding: no other method can be closer."
    better = sorted(pair for pair in known if pair[0] < formula.error)
    if not better:
        return "None of the other methods has a smaller error on the held-out rows."
    (error, name), others = better[0], len(better) - 1
    beside = f" and so have {others} of the others" if others > 1 else ""
    beside = " and so has one of the others" if others == 1 else beside
    return (
        f"On the held-out rows {name} has a smaller error than the formula "
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
    kind = "law" if discovery.formula.exact else "approximation"
    return (
        f"The {kind} was found, and checked, inside these ranges only. Outside them, and for "
        "combinations of values that the table does not hold, it extrapolates: nothing here "
        "says that it still holds."
    )


def score(r2: float | None) -> str:
    """Formats R^2, as its distance from 1 if that is small."""
    if r2 is None or math.isnan(r2):
        return "\u2013"
    if r2 == 1 or not 1 - r2 < 1e-4:
        return f"{r2:.4g}" if r2 == 1 or r2 < -10 else f"{r2:.4f}"
    return f"1 \u2212 {1 - r2:.1e}"


def percent(share: float | None) -> str:
    """Formats a share, in percent unless it is tiny or huge."""
    if share is None or math.isnan(share):
        return "\u2013"
    if share == 0 or not math.isfinite(share):
        return f"{share:g}"
    if 1 - 1e-9 < share < 1:
        return "more than 99.9999999 %"
    if 0.999 < share < 1:  # as many digits as it takes to see what is missing
        return f"{100 * share:.{-math.floor(math.log10(100 * (1 - share)))}f} %"
    if 1e-5 <= abs(share) < 100:
        return f"{100 * share:.3g} %"
    return f"{share:.1e}"


def number(value: float) -> str:
    """Formats a number of the table to six digits."""
    return f"{value:.6g}"


def _whole(count: int | None) -> str:
    return "\u2013" if count is None else f"{count}"


def _largest(discovery: Discovery) -> str:
    """Returns the largest residual of the held-out rows, and the target there."""
    truth = discovery.table.y[discovery.held_out]
    residual = np.abs(truth - discovery.formula(discovery.table.x[discovery.held_out]))
    row = int(np.argmax(np.where(np.isnan(residual), np.inf, residual)))
    return f"{residual[row]:.3g}, where {discovery.table.target} is {number(truth[row])}"


def _numbers(expression: Any) -> int:
    """Counts the numbers in an expression, without signs and reciprocals."""
    import sympy

    nodes = sympy.preorder_traversal(expression)
    return sum(1 for node in nodes if node.is_Number and abs(node) != 1)
