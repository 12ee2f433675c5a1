"""What a user should know beside the formula, in sentences."""

from collections.abc import Iterator

import numpy as np

from keras_addmul.annotations import ArrayLike
from keras_addmul.discover.formula import Formula
from keras_addmul.discover.scoring.decades import by_decade
from keras_addmul.discover.scoring.scores import outlying_rows, r2, robust_r2
from keras_addmul.discover.search.structures import left_out

__all__ = ["on_columns", "on_residuals", "on_structures"]

# Columns that go together more than this cannot well be told apart.
_ALIKE = 0.98
# A decade is far off if its error is above the first, and so many times that of the best.
_OFF, _TIMES = 0.1, 5.0
_LISTED = 4


def on_structures(columns: int, rows: int) -> Iterator[str]:
    """Yields a sentence on the structures that were not tried for want of rows, if there are any.

    Example:

    >>> from keras_addmul.discover.remarks import on_structures
    >>> print(*on_structures(1, 12))
    With 12 rows to learn from, larger formulas were not tried: sum of 3 products, ratio of two
    sums, sum and power of a sum, sum of 4 products and 4 more kinds.
    """
    names = left_out(columns, rows)
    if names:
        more = f" and {len(names) - _LISTED} more kinds" if len(names) > _LISTED else ""
        yield (
            f"With {rows} rows to learn from, larger formulas were not tried: "
            f"{', '.join(names[:_LISTED])}{more}."
        )


def on_columns(x: np.ndarray, names: tuple[str, ...], formula: Formula) -> Iterator[str]:
    """Yields a sentence for each pair of columns that the rows hardly tell apart.

    Args:
        x: The columns, of shape `(rows, columns)`.
        names: Their names.
        formula: The chosen formula: only pairs with a column of it are named.

    Example:

    >>> import numpy as np, sympy
    >>> from keras_addmul.discover.formula import Formula
    >>> from keras_addmul.discover.remarks import on_columns
    >>> a = np.linspace(1, 2, 50)
    >>> x = np.stack([a, a + 0.01 * np.sin(99 * a)], axis=1)
    >>> f = Formula(sympy.Symbol("a"), ("a", "b"), "y", "one product", 0.0, 1.0, True, 1.0)
    >>> print(*on_columns(x, ("a", "b"), f))
    The columns 'a' and 'b' go together (correlation 0.9997): another formula with 'b' in the
    place of 'a' may fit these rows as well.
    """
    used = {str(symbol) for symbol in formula.expression.free_symbols}
    size = np.abs(x).max(axis=0) + 1e-300
    alike = np.abs(np.corrcoef(x.T / size[:, None])) if x.shape[1] > 1 else np.zeros((1, 1))
    if (x > 0).all() and x.shape[1] > 1:
        alike = np.maximum(alike, np.abs(np.corrcoef(np.log(x).T)))
    for i, j in zip(*np.nonzero(np.triu(alike, 1) > _ALIKE), strict=True):
        one, other = names[i], names[j]
        both = f"The columns {one!r} and {other!r} go together (correlation {alike[i, j]:.4f}): "
        if one in used and other in used:
            yield both + "what depends on one of them, and what on the other, is hardly known."
        elif one in used or other in used:
            one, other = (one, other) if one in used else (other, one)
            yield (
                f"{both}another formula with {other!r} in the place of {one!r} may fit these rows "
                "as well."
            )


def on_residuals(y: ArrayLike, told: ArrayLike, target: str) -> Iterator[str]:
    """Yields sentences on decades of the target that are far off, and on rows that rule R^2.

    Args:
        y: Targets, of shape `(rows,)`.
        told: Predictions.
        target: Name of the target.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.discover.remarks import on_residuals
    >>> y = np.geomspace(0.01, 1000, 30)
    >>> for sentence in on_residuals(y, y + 0.02, "P"):
    ...     print(sentence)
    The formula is far off where P is small: in the median by 76 % for 0.01 < |P| < 0.1; elsewhere
    by no more than 7 %.
    """
    decades = by_decade(y, told)
    best = min((d.error for d in decades), default=0.0)
    off = [d for d in decades if d.error > max(_OFF, _TIMES * best)]
    if off and len(off) < len(decades):
        said = ", ".join(
            f"by {_percent(d.error)} for {d.low:.6g} < |{target}| < {d.high:.6g}" for d in off
        )
        rest = max(d.error for d in decades if d not in off)
        small = " small" if off[0] is decades[0] else " of some sizes"
        yield (
            f"The formula is far off where {target} is{small}: in the median {said}; elsewhere by "
            f"no more than {_percent(rest)}."
        )
    y, told = np.asarray(y, float), np.asarray(told, float)
    rows = outlying_rows(y, told)
    if len(rows):
        kept = np.setdiff1d(np.arange(len(y)), rows)
        count = "1 row rules" if len(rows) == 1 else f"{len(rows)} rows rule"
        yield (
            f"{count} R\u00b2, where {target} is {_values(y[rows])}: without them it is "
            f"{r2(y[kept], told[kept]):.5g}, and by medians of all rows {robust_r2(y, told):.5g}."
        )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 1e4 else f"{share:.0e} times"


def _values(numbers: np.ndarray) -> str:
    shown = ", ".join(f"{number:.6g}" for number in numbers[:_LISTED])
    return f"{shown} and more" if len(numbers) > _LISTED else shown
