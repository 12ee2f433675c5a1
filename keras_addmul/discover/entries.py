"""Turns estimates into formulas with scores, and chooses one of them."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from keras_addmul.discover.formula import Formula, Measured, expression_of, rounded
from keras_addmul.discover.scoring.exactness import holds_exactly
from keras_addmul.discover.scoring.scores import r2, relative_error
from keras_addmul.discover.search.constants import Constant, constants_of
from keras_addmul.discover.search.estimating import Estimate, estimate
from keras_addmul.discover.search.features import Feature
from keras_addmul.discover.search.noise_model import Noise
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.simple_exponents import settled
from keras_addmul.discover.search.snapping import Fit
from keras_addmul.discover.shorter import worse
from keras_addmul.discover.table.reading import Table

__all__ = ["Entry", "chosen_and_front", "cross_validated", "entry"]

# Digits of the numbers of a formula in print: at least, and all that a float64 has.
_DIGITS, _ALL = 4, 17
# Formulas are about as likely if none is so many times (in bits) likelier.
_AS_LIKELY = math.log2(20)


@dataclasses.dataclass(frozen=True)
class Entry:
    """A formula, its estimate before and after exponents were settled, and its predictions.

    `scaled` holds the rows of the estimates, and the features of which they are.
    """

    formula: Formula
    scaled: Scaled
    one: Estimate
    simple: Estimate
    told: np.ndarray


def entry(
    one: Estimate,
    scaled: Scaled,
    table: Table,
    columns: np.ndarray,
    test: np.ndarray,
    told: np.ndarray | None = None,
) -> Entry | None:
    """Makes the formula of an estimate; None if it is not finite on a row of the table.

    Args:
        one: The `Estimate`.
        scaled: The rows that it was estimated on.
        table: The whole `Table`.
        columns: Indices of the columns in `scaled`.
        test: Indices of the rows to score on.
        told: Predictions for these rows, if they do not come from the formula itself.
    """
    simple = settled(one, scaled)
    constants = constants_of(simple, scaled)
    names = [table.names[j] for j in columns]
    offset = 0.0 if _carried(simple.fit) else scaled.offset
    offset += float(simple.fit.stack.added(simple.fit.parameters)) * scaled.y_scale

    def made(constants: Sequence[Constant]) -> Formula:
        expression = expression_of(
            simple.fit.stack, simple.fit.parameters, constants, names, offset, scaled.features
        )
        return Formula(
            expression=expression,
            names=table.names,
            target=table.target,
            structure=_in_words(simple.fit),
            error=np.nan,
            r2=np.nan,
            exact=False,
            bits=one.bits,
        )

    formula = made(constants)
    every = formula(table.x)
    if not np.isfinite(every).all():
        return None
    plain = [dataclasses.replace(c, name=c.name if c.name == "1" else None) for c in constants]
    named = sum(a != b for a, b in zip(constants, plain, strict=True))
    if named:
        # Named constants must fit as well as the numbers that they stand for.
        numbers = made(plain)
        if worse(formula, numbers, simple.noise, table, scaled, named):
            formula, constants = numbers, plain
            every = formula(table.x)
    told = every[test] if told is None else told
    formula = dataclasses.replace(
        formula,
        error=relative_error(table.y[test], told),
        r2=r2(table.y[test], told),
        exact=simple.freedom >= 3 and holds_exactly(formula, table.x, table.y, table.eps),
        measured=tuple(_measured(one, constants, names, scaled.features)),
        noise=_noise_in_words(simple.noise, scaled),
    )
    return Entry(_printed(formula, simple.noise, table, scaled), scaled, one, simple, told)


def _carried(fit: Fit) -> bool:
    """Whether the offset of the targets is part of a constant of the formula."""
    from keras_addmul.discover.search.constants import is_constant

    return any(is_constant(fit, k) for k in range(fit.stack.terms))


def _printed(formula: Formula, noise: Noise, table: Table, scaled: Scaled) -> Formula:
    """Returns the formula with as many digits as make the text as close to the rows as it is."""
    for digits in range(_DIGITS, _ALL):
        short = dataclasses.replace(formula, expression=rounded(formula.expression, digits))
        if not worse(short, formula, noise, table, scaled):
            if formula.exact and holds_exactly(short, table.x, table.y, table.eps):
                import sympy

                # The text is the law: its numbers are those decimals.
                decimal = {
                    f: sympy.Float(str(f), _ALL) for f in short.expression.atoms(sympy.Float)
                }
                formula = dataclasses.replace(
                    formula, expression=short.expression.xreplace(decimal)
                )
            return dataclasses.replace(formula, digits=digits)
    return dataclasses.replace(formula, digits=_ALL)


def _measured(
    one: Estimate,
    constants: Sequence[Constant],
    names: Sequence[str],
    features: Sequence[Feature],
) -> list[Measured]:
    """Lists the fitted exponents and coefficients with their errors."""
    from scipy import stats

    wide = float(stats.t.ppf(0.975, max(one.freedom, 1)))
    stack = one.fit.stack
    exponents, _, _ = stack.split(one.fit.parameters)
    loose, _, loose_powers = stack.split(one.fit.free)
    found = []
    for g in np.flatnonzero(loose_powers).tolist():
        place = stack.first_power + g
        value, error = float(one.fit.parameters[place]), one.error(place)
        ends = value - wide * error, value + wide * error
        found.append(Measured("power of the sum", value, error, *ends))
    for k, constant in enumerate(constants):
        where = "" if stack.terms == 1 else f", term {k + 1}"
        for j, feature in enumerate(features):
            if loose[k, j]:
                error = one.error(k * stack.columns + j) / feature.unit
                value = float(exponents[k, j]) / feature.unit
                ends = value - wide * error, value + wide * error
                found.append(
                    Measured(f"{feature.label(names[feature.column])}{where}", value, error, *ends)
                )
        kind = "factor" if exponents[k].any() else "constant"
        if constant.name != "1":
            error = constant.uncertainty * abs(constant.value)
            if kind == "factor" and constant.uncertainty < 1:
                # A factor is estimated by its logarithm.
                reach = math.exp(wide * constant.uncertainty)
                ends = sorted((constant.value / reach, constant.value * reach))
            else:
                ends = constant.value - wide * error, constant.value + wide * error
            found.append(Measured(f"{kind}{where}", constant.value, error, *ends))
    return found


def _noise_in_words(noise: Noise, scaled: Scaled) -> str:
    """Describes the residuals: of which size, and whether that grows with the target."""
    additive = f"{noise.additive * scaled.y_scale:.2g}"
    relative = f"{100 * noise.relative:.2g} %"
    if noise.known is not None:
        said = f"the given errors, times {noise.additive * scaled.y_scale:.2g}"
    elif noise.kind == "additive":
        said = f"about {additive} everywhere"
    elif noise.kind == "both":
        said = f"about {additive}, and {relative} of the target"
    else:
        said = f"about {relative} of the target"
    return f"{said}, with outliers" if noise.heavy else said


def _in_words(fit: Fit) -> str:
    """Describes the structure of a fit, such as "a sum of 2 products"."""

    def words(terms: int) -> str:
        return "one product" if terms == 1 else f"a sum of {terms} products"

    exponents, _, powers = fit.stack.split(fit.parameters)
    if not exponents.any():
        return "a constant"
    parts = [
        words(terms) if power == 1 else f"the power {power:.4g} of {words(terms)}"
        for terms, power in zip(fit.stack.sums, powers, strict=True)
    ]
    return " times ".join(parts)


def cross_validated(one: Estimate, scaled: Scaled, folds: np.ndarray) -> np.ndarray:
    """Predicts each row by the formula as estimated on the rows of the other folds.

    Args:
        one: The `Estimate` on all rows.
        scaled: The rows.
        folds: Number of the fold of each row.

    Returns:
        Predictions in units of the target; nan where the formula cannot be estimated.
    """
    told = np.full(len(scaled), np.nan)
    for fold in np.unique(folds):
        inside = np.flatnonzero(folds != fold)
        left = scaled.take(np.flatnonzero(folds == fold))
        again = estimate(one.fit, scaled.take(inside), one.noise)
        if again is not None:
            with np.errstate(all="ignore"):
                new = again.fit.stack.values(again.fit.parameters[None], left.inputs)[0]
            told[folds == fold] = new
    return told * scaled.y_scale + scaled.offset


def chosen_and_front(
    entries: Sequence[Entry], truth: np.ndarray, scaled: Scaled
) -> tuple[Entry, list[Formula]]:
    """Chooses the likeliest formula, and lists those that no other beats, the simplest first.

    Of structures about as likely it is that of the fewest numbers. The chosen one is on the list.
    If a formula that is no more complex is clearly closer on the rows that score them, it is
    chosen instead; one that is closer by chance is left out.
    """
    first = min(entries, key=lambda e: e.formula.bits)
    others = [
        e
        for e in entries
        if e.formula.bits <= first.formula.bits + _AS_LIKELY
        and e.one.fit.stack.sums != first.one.fit.stack.sums
    ]
    best = min([first, *others], key=_numbers)
    for other in sorted(entries, key=lambda e: e.formula.error):
        closer = other.formula.error < best.formula.error
        if closer and _beats(other.formula, best.formula) and _clearly(other, best, truth, scaled):
            best = other
    kept: list[Formula] = []
    for e in sorted(entries, key=lambda e: (e.formula.complexity, e.formula.error)):
        f = e.formula
        if e is best or not _beats(f, best.formula):
            if e is not best and _beats(best.formula, f):
                continue
            if math.isfinite(f.error) and (not kept or f.error < kept[-1].error or e is best):
                kept.append(f)
    return best, kept


def _numbers(e: Entry) -> int:
    """Counts the fitted numbers of a formula; the scale of every sum but one is a convention."""
    return int(e.simple.fit.free.sum()) - (len(e.simple.fit.stack.sums) - 1)


def _beats(one: Formula, other: Formula) -> bool:
    """Whether a formula is no more complex and no further from the rows, and better in one."""
    simpler = one.complexity <= other.complexity and one.error <= other.error
    return simpler and (one.complexity < other.complexity or one.error < other.error)


def _clearly(one: Entry, other: Entry, truth: np.ndarray, scaled: Scaled) -> bool:
    """Whether residuals are smaller by two standard errors of their rowwise difference."""
    noise = dataclasses.replace(other.simple.noise, known=None)
    y = (truth - scaled.offset) / scaled.y_scale
    with np.errstate(all="ignore"):
        mine, its = (
            noise.residuals(y, (e.told - scaled.offset) / scaled.y_scale) ** 2 for e in (one, other)
        )
    gain = its - mine
    if not np.isfinite(gain).all():
        return bool(np.isfinite(mine).all())
    return bool(gain.mean() > 2 * gain.std() / math.sqrt(len(gain)) and mine.mean() < its.mean())
