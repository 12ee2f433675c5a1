"""Tasks that a layer should learn from its default start: laws, how their rows are drawn, goals."""

import dataclasses
from collections.abc import Callable

import numpy as np

ROWS = 4096


@dataclasses.dataclass(frozen=True)
class Task:
    """A law, and the rows to learn it from.

    Attributes:
        group: The part of the table that it belongs to.
        name: The law as it is printed.
        columns: Number of inputs.
        law: From an array `(rows, columns)` to one of shape `(rows, outputs)`.
        draw: From a generator, a number of rows and one of columns to the inputs in training.
        wide: The same for the rows that models are judged by.
        noise: Standard deviation of the noise on the targets in training, in units of theirs.
        hidden: Number of hidden units, or None for a single layer.
    """

    group: str
    name: str
    columns: int
    law: Callable
    draw: Callable
    wide: Callable
    noise: float = 0.0
    hidden: int | None = None

    def data(self):
        """Inputs and targets of training, and those that models are judged by, without noise."""
        rng = np.random.default_rng(0)
        x, wide = self.draw(rng, ROWS, self.columns), self.wide(rng, ROWS, self.columns)
        y = self.law(x)
        noisy = y + self.noise * y.std(axis=0) * rng.normal(size=y.shape)
        return [a.astype("float32") for a in (x, noisy, wide, self.law(wide))]


def magnitudes(low, high, signed):
    """Uniform magnitudes, of either sign or positive."""

    def draw(rng, rows, columns):
        size = rng.uniform(low, high, (rows, columns))
        return size * rng.choice([-1.0, 1.0], size.shape) if signed else size

    return draw


def normal(scale):
    """Normal numbers, through zero."""
    return lambda rng, rows, columns: scale * rng.normal(size=(rows, columns))


def _column(law):
    return lambda x: law(*x.T)[:, None]


def _laws(group, columns, draw, wide, laws, **how):
    return [Task(group, n, columns, _column(law), draw, wide, **how) for n, law in laws.items()]


_PAIRS = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
}
_TRIPLES = {
    "a b c": lambda a, b, c: a * b * c,
    "a b / c": lambda a, b, c: a * b / c,
    "a / (b c)": lambda a, b, c: a / (b * c),
    "a^2 b": lambda a, b, c: a**2 * b,
    "a^2 / c": lambda a, b, c: a**2 / c,
    "a b^2": lambda a, b, c: a * b**2,
    "a + b - c": lambda a, b, c: a + b - c,
    "a - c": lambda a, b, c: a - c,
}
_THROUGH_ZERO = {
    "a b c": lambda a, b, c: a * b * c,
    "a b": lambda a, b, c: a * b,
    "a c": lambda a, b, c: a * c,
    "a^2 b": lambda a, b, c: a**2 * b,
    "a^2 b^2": lambda a, b, c: a**2 * b**2,
    "a^2": lambda a, b, c: a**2,
    "a + b - c": lambda a, b, c: a + b - c,
    "a - c": lambda a, b, c: a - c,
}
_FOUR = {
    "a b / (c d)": lambda a, b, c, d: a * b / (c * d),
    "sqrt(a / b)": lambda a, b, c, d: np.sqrt(a / b),
    "a^1.5 c / d": lambda a, b, c, d: a**1.5 * c / d,
    "a + b + c + d": lambda a, b, c, d: a + b + c + d,
    "2 a - c": lambda a, b, c, d: 2.0 * a - c,
}


def _of_ten(law):
    return lambda x: law(x[:, 2], x[:, 6])[:, None]


def four_outputs(x):
    """Sum, product, ratio and root of two inputs, nan where there is none: Heim et al., 2020."""
    a, b = x.T
    root = np.sqrt(np.where(a > 0.0, a, np.nan))
    return np.stack([a + b, a * b, a / b, root], axis=1)


class Teacher:
    """Six sums and six products of two or three of six inputs of either sign, mixed.

    Attributes:
        kernel: The coefficients and exponents, `(6, 12)`; the products come last.
        mixed: What each of the four outputs makes of them, `(12, 4)`.
        sums: How many of the units are sums.
    """

    sums = 6

    def __init__(self):
        rng = np.random.default_rng(5)
        self.kernel = np.zeros((6, 12))
        for unit in range(12):
            chosen = rng.choice(6, rng.integers(2, 4), replace=False)
            self.kernel[chosen, unit] = rng.choice([-1.0, 1.0], len(chosen))
        self.mixed = rng.normal(size=(12, 4))

    def __call__(self, x):
        sums = x @ self.kernel[:, : self.sums]
        products = np.stack([np.prod(x**e, axis=1) for e in self.kernel.T[self.sums :]], axis=1)
        hidden = np.concatenate([sums, products], axis=1)
        return hidden @ self.mixed


TEACHER = Teacher()


def _polynomial(x):
    a, b = x.T
    return (a**3 * b - a * b**2 + a**2 - b + 0.5)[:, None]


def _outside_a_disc(rng, rows, columns):
    x = rng.uniform(-1.5, 1.5, (4 * rows, columns))
    return x[np.sum((x - 0.5) ** 2, axis=1) > 0.25][:rows]


def _inside_the_disc(rng, rows, columns):
    x = rng.uniform(0.0, 1.0, (4 * rows, columns))
    return x[np.sum((x - 0.5) ** 2, axis=1) < 0.25][:rows]


_SIGNED, _SIGNED_WIDE = magnitudes(0.5, 2.0, True), magnitudes(0.25, 4.0, True)
_POSITIVE, _POSITIVE_WIDE = magnitudes(0.5, 2.0, False), magnitudes(0.25, 4.0, False)

TASKS = [
    *_laws(
        "one unit, either sign",
        2,
        _SIGNED,
        _SIGNED_WIDE,
        {**_PAIRS, "a^2 b": lambda a, b: a**2 * b},
    ),
    *_laws(
        "one unit, positive",
        2,
        _POSITIVE,
        _POSITIVE_WIDE,
        {**_PAIRS, "a^1.5 / sqrt(b)": lambda a, b: a**1.5 / np.sqrt(b)},
    ),
    *_laws("three inputs, either sign", 3, _SIGNED, _SIGNED_WIDE, _TRIPLES),
    *_laws(
        "three inputs through zero, 3 % noise",
        3,
        normal(1.0),
        normal(2.0),
        _THROUGH_ZERO,
        noise=0.03,
    ),
    *_laws("four positive inputs, 2 % noise", 4, _POSITIVE, _POSITIVE_WIDE, _FOUR, noise=0.02),
    *[
        Task("two of ten inputs", name, 10, _of_ten(law), _SIGNED, _SIGNED_WIDE)
        for name, law in _PAIRS.items()
    ],
    Task(
        "four outputs",
        "a + b, a b, a / b, sqrt(a)",
        2,
        four_outputs,
        magnitudes(0.1, 2.1, False),
        magnitudes(0.1, 4.1, True),
        hidden=6,
    ),
    Task(
        "teacher",
        "six sums and six products",
        6,
        TEACHER,
        _SIGNED,
        _SIGNED,
        hidden=24,
    ),
    Task(
        "polynomial of degree 4",
        "outside a disc, judged inside it",
        2,
        _polynomial,
        _outside_a_disc,
        _inside_the_disc,
        hidden=16,
    ),
]
