"""Sets measured exponents to the simple numbers that they stand for, where the rows can tell."""

import dataclasses
import math
from fractions import Fraction

import numpy as np

from keras_addmul.discover.search.estimating import Estimate, estimate
from keras_addmul.discover.search.scaled_rows import Scaled

__all__ = ["settled", "simple_numbers"]

# Numbers are simple if they are so many times (in bits) likelier than any other number ...
_LIKELIER = math.log2(20)
# ... and if so many standard errors, together, do not speak against them.
_SURE = 0.999
# Beside others that are sure, a half needs no more than this.
_BESIDE = 2.4
# What is neither a common fraction nor in tenths is that much less likely.
_UNUSUAL = math.log2(20)
_DENOMINATORS = (1, 2, 3, 4, 5, 10, 6, 8, 7, 9, 12, 11)
_COMMON = 6
_FAR = 6.0


def simple_numbers(value: float, error: float) -> list[tuple[float, float]]:
    """Lists simple numbers near a value, each with the bits by which it is likelier than others.

    Numbers are fractions with the denominators 1 to 5, tenths, fractions with a denominator up to
    12, and decimals of two to six places. If the value were any number, one as simple would be
    so near only once in `2**bits`.

    Args:
        value: The estimate.
        error: Its standard error.

    Returns:
        Pairs of a number within six standard errors and its bits, without the misfit.

    Example:

    >>> from keras_addmul.discover.search.simple_exponents import simple_numbers
    >>> [(number, round(bits, 1)) for number, bits in simple_numbers(1.503, 0.002)]
    [(1.5, 6.6)]
    """
    found: dict[float, float] = {}
    count = 0
    width = math.sqrt(2 * math.pi) * error

    def add(near: float, bits: float) -> None:
        if abs(near - value) <= _FAR * error and bits > 0 and near not in found:
            found[near] = bits

    for place, denominator in enumerate(_DENOMINATORS):
        count += sum(1 for p in range(1, denominator + 1) if math.gcd(p, denominator) == 1)
        near = float(Fraction(round(value * denominator), denominator))
        add(near, -math.log2(width * count) - (_UNUSUAL if place >= _COMMON else 0.0))
    for places in range(2, 7):
        add(round(value, places), -math.log2(width * 10**places) - _UNUSUAL)
    return list(found.items())


def settled(one: Estimate, scaled: Scaled) -> Estimate:
    """Sets free exponents to simple numbers where that is likelier than any other number.

    All are judged together: of a product of powers whose columns rise together, `1.50024` and
    `-0.50014` may be `3/2` and `-1/2`, though neither of the two lies within its own error.

    Args:
        one: The `Estimate` with its free exponents.
        scaled: The rows that it was made from.

    Returns:
        The `Estimate` with simple numbers, or the same if the rows can tell the difference.
    """
    fit = one.fit
    count = fit.stack.terms * fit.stack.columns
    powers = fit.stack.first_power + np.flatnonzero(fit.stack.split(fit.free)[2])
    loose = np.concatenate([np.flatnonzero(fit.free[:count]), powers])
    if not len(loose):
        return one
    # The estimates themselves are no better than this.
    error = np.array([math.hypot(one.error(j), 1e-9 + scaled.rounding) for j in loose.tolist()])
    matrix = one.covariance[np.ix_(loose, loose)].copy()
    matrix[np.diag_indices(len(loose))] = error**2
    # Rates are simple in the units of the columns.
    units = np.array([feature.unit for feature in scaled.features])[loose % fit.stack.columns]
    units = np.where(loose < count, units, 1.0)
    matrix /= units[:, None] * units
    simple = simple_together(fit.parameters[loose] / units, matrix, one.freedom)
    if not simple:
        return one
    parameters, free = fit.parameters.copy(), fit.free.copy()
    for place, number in simple.items():
        parameters[loose[place]], free[loose[place]] = number * units[place], False
    fit = dataclasses.replace(fit, parameters=parameters, free=free)
    return estimate(fit, scaled, one.noise) or one


def simple_together(values: np.ndarray, covariance: np.ndarray, freedom: int) -> dict[int, float]:
    """Returns the simple numbers that estimates stand for, by their index.

    Args:
        values: The estimates, of shape `(numbers,)`.
        covariance: Their covariance, of shape `(numbers, numbers)`.
        freedom: Degrees of freedom of that.

    Returns:
        A dictionary without those that the rows can tell from a simple number, or cannot tell
        from others as likely.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.discover.search.simple_exponents import simple_together
    >>> simple_together(np.array([1.501, 0.8237]), np.diag([1e-6, 1e-6]), 50)
    {0: 1.5}
    """
    errors = np.sqrt(np.diagonal(covariance)).tolist()
    near = [simple_numbers(v, e) for v, e in zip(values.tolist(), errors, strict=True)]
    chosen = _Choice(values, covariance, near, freedom).best()
    return {j: near[j][k][0] for j, k in sorted(chosen.items())}


@dataclasses.dataclass(frozen=True)
class _Choice:
    """Which numbers are to be simple: a dictionary from their index to that of the number."""

    values: np.ndarray
    matrix: np.ndarray
    near: list[list[tuple[float, float]]]
    freedom: int

    def best(self) -> dict[int, int]:
        """Returns the likeliest choice; an empty one if no simple number is likely."""
        starts = [{}, {j: 0 for j, near in enumerate(self.near) if near}]
        chosen = max((self._climbed(start) for start in starts), key=self._gain)
        # What adds little to the others is as well a coincidence.
        while chosen:
            without = {j: {i: k for i, k in chosen.items() if i != j} for j in chosen}
            more = {j: self._gain(chosen) - self._gain(rest) for j, rest in without.items()}
            weak = {
                j: gain
                for j, gain in more.items()
                if gain < (_BESIDE if self._half(j, chosen[j]) else _LIKELIER)
            }
            if not weak:
                break
            chosen = without[min(weak, key=lambda j: weak[j])]
        return chosen if self._gain(chosen) > _LIKELIER else {}

    def _half(self, j: int, k: int) -> bool:
        return (2 * self.near[j][k][0]).is_integer()

    def _climbed(self, chosen: dict[int, int]) -> dict[int, int]:
        """Changes one number at a time for as long as the choice gets likelier."""
        while True:
            ways = [
                {i: k for i, k in chosen.items() if i != j} | ({} if new is None else {j: new})
                for j, near in enumerate(self.near)
                for new in (None, *range(len(near)))
            ]
            better = max(ways, key=self._gain, default=chosen)
            if not self._gain(better) > self._gain(chosen) + 1e-9:
                return chosen
            chosen = better

    def _gain(self, chosen: dict[int, int]) -> float:
        """Returns the bits by which a choice is likelier than numbers that are not simple.

        For numbers that go together the width of what the rows allow is smaller than the product
        of their errors.
        """
        if not chosen:
            return 0.0
        from scipy import stats

        places = list(chosen)
        away = np.array([self.near[j][k][0] - self.values[j] for j, k in chosen.items()])
        matrix = self.matrix[np.ix_(places, places)]
        size = np.sqrt(np.diagonal(matrix))
        alike = matrix / size[:, None] / size
        distance = float((away / size) @ np.linalg.lstsq(alike, away / size, rcond=None)[0])
        freedom, numbers = max(self.freedom, 1), len(places)
        if distance > numbers * float(stats.f.ppf(_SURE, numbers, freedom)):
            return -np.inf
        together = 0.5 * float(np.linalg.slogdet(alike + 1e-12 * np.eye(numbers))[1])
        bits = sum(self.near[j][k][1] for j, k in chosen.items()) - together / math.log(2)
        return bits - 0.5 * (freedom + numbers) * math.log2(1 + distance / freedom)
