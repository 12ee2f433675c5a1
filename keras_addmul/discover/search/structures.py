"""The structures to try, the simplest first, and the starting points of their training."""

import dataclasses

import numpy as np

from keras_addmul.discover.search.stack import Inputs, Stack

__all__ = ["Structure", "enough_rows", "family", "from_logarithms", "growing", "left_out"]

_EXPONENTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0)
_CHANCES = (0.06, 0.15, 0.04, 0.36, 0.05, 0.24, 0.08, 0.02)


@dataclasses.dataclass(frozen=True)
class Structure:
    """A stack to search, with its fixed choices.

    Attributes:
        name: Description in words.
        stack: The `Stack`.
        powers: For each sum, the powers to choose from; each start takes one.
        constant: Whether the last term of each sum is a constant.
        linear: Whether the other terms of each sum are the columns themselves.
        held: Exponents that are 0, as booleans of shape `(terms, columns)`, or None.
        loose: Whether the power of the last sum is fitted, too.
    """

    name: str
    stack: Stack
    powers: tuple[tuple[float, ...], ...]
    constant: tuple[bool, ...]
    linear: tuple[bool, ...]
    held: np.ndarray | None = None
    loose: bool = False
    shifts: int | None = None

    @property
    def numbers(self) -> int:
        """The number of parameters that are fitted: those that are held do not count."""
        stack = self.stack
        held = sum(
            terms if linear else int(constant)
            for terms, linear, constant in zip(stack.sums, self.linear, self.constant, strict=True)
        )
        zeros = 0
        if self.held is not None:
            fixed = np.array(
                [
                    c and k + 1 == n
                    for c, n in zip(self.constant, stack.sums, strict=True)
                    for k in range(n)
                ]
            )
            zeros = int(self.held[~fixed].sum())
        numbers = (stack.terms - held) * stack.columns - zeros + stack.terms
        return numbers - len(stack.sums) + 1 + int(self.loose) + int(stack.plus)

    def starts(
        self, count: int, inputs: Inputs, y: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns starting points `(count, size)`, and which of their parameters may move."""
        stack = self.stack
        exponents = self._exponents(count, inputs, random)
        powers = np.stack([random.choice(choices, count) for choices in self.powers], axis=1)
        free = np.ones((count, stack.size), bool)
        free_exponents, _, free_powers = stack.split(free)
        free_powers[...] = False
        free_powers[:, -1] = self.loose
        for k, g in enumerate(stack.owner):
            last = k + 1 == len(stack.owner) or stack.owner[k + 1] != g
            if self.linear[g] or (self.constant[g] and last):
                free_exponents[:, k] = False
        if self.held is not None:
            exponents[:, self.held] = 0.0
            free_exponents[:, self.held] = False
        if self.shifts is not None:
            exponents[:, 1, self.shifts] = 1.0
            free_exponents[:, 1] = False
        if stack.sums == (1,):
            known = from_logarithms(inputs, y)
            exponents[: len(known), 0] = known
        plus = np.zeros((count, 1))
        if stack.plus:
            # Half of them begin near the least target, or the largest.
            ends = np.array([0.0, y.min() - 0.05 * np.ptp(y), y.max() + 0.05 * np.ptp(y)])
            plus[:, 0] = ends[np.arange(count) % 4 % 3]
            y = np.abs(y - plus)
        coefficients = self._coefficients(exponents, powers, inputs, y, random)
        if stack.sums == (1, 2) and self.constant[1] and not self.linear[1]:
            # `1 / (exp(x) - 1)` and `1 / (exp(x) + 1)` lie on two sides of a pole.
            odd = np.arange(count) % 2 == 1
            size = np.abs(coefficients[:, 1:2] * stack.products(exponents, inputs)[0][:, 1])
            coefficients[odd, 1] = np.abs(coefficients[odd, 1])
            coefficients[odd, 2] = -0.9 * size.min(axis=1)[odd]
        if stack.plus:
            coefficients[:, 0] *= np.where(np.arange(count) % 4 == 2, -1.0, 1.0)
        return stack.join(exponents, coefficients, powers, plus), free

    def _exponents(self, count: int, inputs: Inputs, random: np.random.Generator) -> np.ndarray:
        stack = self.stack
        shape = (count, stack.terms, stack.columns)
        exponents = random.choice(_EXPONENTS, p=_CHANCES, size=shape)
        # The sign turns with the exponent, so columns of both signs start at whole exponents.
        whole = inputs.signed | inputs.zero
        exponents = np.where(whole, np.round(exponents), exponents)
        exponents = np.where(inputs.zero, np.abs(exponents), exponents)
        exponents = exponents + 0.1 * random.normal(size=shape) * ~whole
        first = 0
        for g, terms in enumerate(stack.sums):
            if self.linear[g]:
                exponents[:, first : first + stack.columns] = np.eye(stack.columns)
            if self.constant[g]:
                exponents[:, first + terms - 1] = 0.0
            first += terms
        return exponents

    def _coefficients(
        self,
        exponents: np.ndarray,
        powers: np.ndarray,
        inputs: Inputs,
        y: np.ndarray,
        random: np.random.Generator,
    ) -> np.ndarray:
        """Returns coefficients that solve a nearby linear problem, if there is one."""
        stack = self.stack
        products = stack.products(exponents, inputs)[0]
        positive = bool((y > 0).all())
        simple = powers[:, 0] == 1
        drawn = random.normal(size=(len(powers), stack.terms))
        if len(stack.sums) == 1 and (positive or simple.all()):
            target = np.sign(y) * np.abs(y) ** (1 / powers[:, :1])
            return _solve(products, target)
        if stack.sums[0] == 1 and positive:
            drawn[:, :1] = 1.0
            with np.errstate(over="ignore"):
                target = np.abs(y / products[:, 0]) ** (1 / powers[:, 1:2])
            drawn[:, 1:] = _solve(products[:, 1:], np.clip(target, 1e-60, 1e60))
            return drawn
        if stack.sums[0] > 1 and (powers == [1, -1]).all():
            moved = np.where(stack.owner[:, None] == 0, 1.0, -y) * products
            size = np.sqrt((moved**2).mean(-1)) + 1e-300
            moved = moved / size[..., None]
            return np.linalg.eigh(moved @ moved.transpose(0, 2, 1))[1][..., 0] / size
        return drawn


def growing(columns: int, rows: int) -> list[Structure]:
    """Lists structures, the simplest first.

    Args:
        columns: Number of columns.
        rows: Number of rows; structures with too many parameters for them are left out.

    Returns:
        A list of `Structure`.
    """
    return [made for made in family(columns) if enough_rows(made, rows)]


def left_out(columns: int, rows: int) -> list[str]:
    """Lists the structures that are not tried for want of rows, by name.

    Args:
        columns: Number of columns.
        rows: Number of rows.

    Returns:
        Names, without those of which a smaller one is tried.

    Example:

    >>> from keras_addmul.discover.search.structures import left_out
    >>> left_out(3, 12)[:2], left_out(3, 300)
    (['sum of 2 products', 'product and power of a sum'], [])
    """
    tried = {made.name for made in growing(columns, rows)}
    missing = [made.name for made in family(columns) if not enough_rows(made, rows)]
    return [name for name in dict.fromkeys(missing) if name not in tried]


def enough_rows(made: Structure, rows: int) -> bool:
    """Tells whether a structure has few numbers for so many rows."""
    # A linear law may have as many numbers as its table has columns, and one.
    return made.numbers <= max(rows // 2, made.stack.columns + 1)


def family(columns: int) -> list[Structure]:
    """Lists all structures, the simplest first."""
    plus = columns + 1

    def make(
        name: str,
        sums: tuple[int, ...],
        powers: tuple[tuple[float, ...], ...] = ((1.0,),),
        constant: tuple[bool, ...] | None = None,
        linear: tuple[bool, ...] | None = None,
    ) -> Structure:
        none = (False,) * len(sums)
        return Structure(name, Stack(sums, columns), powers, constant or none, linear or none)

    both = ((1.0,), (-1.0, -1.0, -0.5, 0.5, -2.0, 2.0))
    ratio = ((1.0,), (-1.0,))
    roots = ((0.5, 0.5, -1.0, -0.5, 2.0),)
    all_made = [
        make("one product", (1,)),
        make("linear", (plus,), constant=(True,), linear=(True,)),
        make("one product and a constant", (2,), constant=(True,)),
        make("sum of 2 products", (3,), constant=(True,)),
        make("product and power of a sum", (1, 2), both),
        make("power of a sum of 2 products", (2,), roots),
        make("product and power of a linear sum", (1, plus), both, (False, True), (False, True)),
        make("sum of 3 products", (4,), constant=(True,)),
        make("product and power of a sum", (1, 3), both),
        make("ratio of two sums", (2, 2), ratio),
        make("power of a sum of 3 products", (3,), roots),
        make("sum and power of a sum", (2, 2), both),
        make("ratio of two sums", (2, 3), ratio),
        make("ratio of two sums", (3, 2), ratio),
        make("sum of 4 products", (5,), constant=(True,)),
        make(
            "product of two linear sums",
            (plus, plus),
            ((1.0,), (1.0, -1.0)),
            (True, True),
            (True, True),
        ),
        make("power of a sum of 4 products", (4,), roots),
        make("sum of 5 products", (6,), constant=(True,)),
        make("sum of 6 products", (7,), constant=(True,)),
        make("power of a sum of 6 products", (6,), roots),
    ]
    return all_made


def from_logarithms(inputs: Inputs, y: np.ndarray) -> np.ndarray:
    """Returns the exponents of a product by least squares on logarithms, in two weightings.

    The first is right for relative errors. The second weights rows by the square of the target,
    which is right for additive errors, and for targets of both signs, some of them small.
    """
    usable = (y != 0) & (inputs.logs > -1e5).all(axis=1)
    logs, size = inputs.logs[usable], np.abs(y[usable])
    if len(size) < 3:
        return np.zeros((0, inputs.logs.shape[1]))
    columns = np.concatenate([logs, np.ones((len(size), 1))], axis=1)
    found = []
    for weights in (np.ones_like(size), size):
        solved = np.linalg.lstsq(columns * weights[:, None], np.log(size) * weights, rcond=None)
        found.append(solved[0][:-1])
    exponents = np.stack(found)
    exponents = np.where(inputs.signed, np.round(exponents), exponents)
    return np.where(inputs.zero, np.maximum(np.round(exponents), 0.0), exponents)


def _solve(products: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Solves least squares of `target` on the products, with a small ridge for equal ones."""
    size = np.sqrt((products**2).mean(-1)) + 1e-300
    scaled = products / size[..., None]
    normal = scaled @ scaled.transpose(0, 2, 1) / scaled.shape[-1]
    normal = normal + 1e-9 * np.eye(normal.shape[-1])
    right = (scaled @ np.broadcast_to(target, (len(scaled), target.shape[-1]))[..., None])[..., 0]
    return np.linalg.solve(normal, right[..., None] / scaled.shape[-1])[..., 0] / size
