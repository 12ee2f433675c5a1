"""The structures to try after those of the columns alone: with fitted powers, and few with more."""

import numpy as np

from keras_addmul.discover.search.stack import Stack
from keras_addmul.discover.search.structures import Structure, enough_rows, family

__all__ = ["shifted", "small"]


def shifted(columns: int, rows: int) -> list[Structure]:
    """Lists products with a power, that is fitted, of a linear sum: such as `a*(x - b)**c`.

    Args:
        columns: Number of columns.
        rows: Number of rows.
    """
    found = []
    for plus in (False, True):
        for j in range(columns):
            # The sum has one column, and the product before it the others.
            others = np.arange(columns) != j
            made = Structure(
                "product and fitted power of a linear sum" + (", plus a constant" if plus else ""),
                Stack((1, 2), columns, plus),
                ((1.0,), (-1.0, 0.5, 1.5, 2.5)),
                (False, True),
                (False, False),
                np.stack([~others, others, others]),
                True,
                j,
            )
            found.append(made)
    return [one for one in found if enough_rows(one, rows)]


def small(columns: int, rows: int, rates: np.ndarray | None = None) -> list[Structure]:
    """Lists the few structures to try with columns that are transformed, the simplest first.

    Args:
        columns: Number of columns, those that are transformed among them.
        rows: Number of rows.
        rates: Which columns are exponentials, whose exponents are rates, if there are any: these
            stand in no linear law, but in one like that of logistic growth.
    """
    made = {(one.name, one.stack.sums): one for one in reversed(family(columns))}
    both = ((1.0,), (-1.0, -1.0, -0.5, 0.5, -2.0, 2.0))
    held = None if rates is None else np.stack([rates, ~rates, ~rates & rates])
    name = "product and power of one and a product"
    one_and = [
        Structure(name, Stack((1, 2), columns), powers, (False, True), (False, False), held)
        for powers in (((1.0,), (-1.0,)), both)
    ]
    wanted = [
        made["one product", (1,)],
        made["one product and a constant", (2,)],
        *([made["linear", (columns + 1,)]] if rates is None else []),
        made["sum of 2 products", (3,)],
        *one_and,
        made["product and power of a sum", (1, 2)],
    ]
    return [one for one in wanted if enough_rows(one, rows)]
