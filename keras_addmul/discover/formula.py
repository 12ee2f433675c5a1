"""A formula: an expression in the names of the columns, with its scores."""

import contextlib
import dataclasses
import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_addmul.annotations import ArrayLike
from keras_addmul.discover.forms import python_source
from keras_addmul.discover.forms.spreadsheet import cell_formula
from keras_addmul.discover.forms.unit_names import parts_of, unit_in_latex
from keras_addmul.discover.search.constants import Constant
from keras_addmul.discover.search.features import Feature, columns_only, in_print
from keras_addmul.discover.search.stack import Stack

__all__ = ["Formula", "Measured", "expression_of", "rounded", "without_points"]


@dataclasses.dataclass(frozen=True)
class Measured:
    """A number of a formula as the rows measure it.

    Attributes:
        name: What it is, such as "exponent of x".
        value: The estimate, before it is replaced by a simple number.
        error: Its standard error.
        low, high: Ends of its 95 % interval.
    """

    name: str
    value: float
    error: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Formula:
    """A formula with its scores on held-out rows; call it to predict the target.

    Attributes:
        expression: The `sympy.Expr`, in symbols named after the columns.
        names: The columns, in the order in which a call takes them.
        target: Name of the target.
        structure: The kind of formula, in words, such as "one product".
        error: Root mean square of the residuals over that of the targets, on held-out rows.
        r2: Coefficient of determination on held-out rows.
        exact: Whether it holds on every row up to rounding.
        bits: Description length of the rows under this formula, in bits.
        digits: Significant digits of the numbers in `text` and `latex`: as many as it takes for
            the text to be as close to the rows as the formula.
        measured: The fitted numbers with their standard errors, a `Measured` for each.
        noise: What the residuals look like, in words.

    Example:

    >>> import numpy as np, sympy
    >>> from keras_addmul.discover import Formula
    >>> m, v = sympy.symbols("m v")
    >>> energy = Formula(m * v**2 / 2, ("m", "v"), "E", "one product", 0.0, 1.0, True, 9.0)
    >>> energy.text
    'E = m*v**2/2'
    >>> energy(np.array([[2.0, 3.0]]))
    array([9.])
    >>> print(energy.python)
    import numpy
    <BLANKLINE>
    <BLANKLINE>
    def formula(m, v):
        return (1/2)*m*v**2
    """

    expression: Any
    names: tuple[str, ...]
    target: str
    structure: str
    error: float
    r2: float
    exact: bool
    bits: float
    digits: int = 6
    measured: tuple[Measured, ...] = ()
    noise: str = ""

    @property
    def complexity(self) -> float:
        """The number of operations, numbers and symbols in the expression."""
        import sympy

        return float(sum(1 for _ in sympy.preorder_traversal(self.expression)))

    @property
    def shown(self) -> Any:
        """The expression with its numbers rounded to `digits`."""
        return rounded(self.expression, self.digits)

    @property
    def text(self) -> str:
        """The formula as `target = expression`, with numbers rounded to `digits`."""
        return f"{self.target} = {without_points(str(self.shown), self.digits)}"

    @property
    def raised(self) -> set[str]:
        """The names of the columns that have an exponent on them, other than that of a root."""
        import sympy

        powers = self.expression.atoms(sympy.Pow)
        plain = (-1, sympy.Rational(1, 2), -sympy.Rational(1, 2))
        return {p.base.name for p in powers if p.base.is_Symbol and p.exp not in plain}

    @property
    def latex(self) -> str:
        """The equation as LaTeX source."""
        import sympy

        written = {sympy.Symbol(name): _upright(name) for name in self.names}
        for name in self.raised & {name for name in self.names if parts_of(name)[1]}:
            written[sympy.Symbol(name)] = rf"\left({_upright(name)}\right)"
        right = without_points(sympy.latex(self.shown, symbol_names=written), self.digits)
        return f"{_upright(self.target)} = {right}"

    @property
    def python(self) -> str:
        """Python source of the formula as a function of the columns, with all digits."""
        return python_source.function(self.expression, self.names)

    @property
    def spreadsheet(self) -> str | None:
        """The formula for a cell of Excel or LibreOffice, the columns from A on in row 2.

        It is in English notation; None if the formula holds a function that spreadsheets lack.
        """
        return cell_formula(self.expression, self.names)

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """Predicts the target for rows of a table.

        Args:
            x: Array of shape `(rows, columns)`, the columns in the order of `names`.

        Returns:
            Float64 array of shape `(rows,)`; nan where the formula is not defined.

        Raises:
            ValueError: If `x` is not of shape `(rows, len(names))`.
        """
        x = np.asarray(x, float)
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise ValueError(
                f"`x` must have the shape (rows, {len(self.names)}), columns {self.names}. "
                f"Received the shape: {x.shape}"
            )
        with np.errstate(all="ignore"):
            return np.broadcast_to(self._function(*x.T), (len(x),)).astype(float)

    @functools.cached_property
    def _function(self) -> Callable[..., Any]:
        import sympy

        symbols = [sympy.Symbol(name) for name in self.names]
        places = [sympy.Symbol(f"x{position}") for position in range(len(symbols))]
        swapped = self.expression.xreplace(dict(zip(symbols, places, strict=True)))
        return sympy.lambdify(places, swapped, "numpy")

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def without_points(text: str, digits: int = 6) -> str:
    """Drops the ".0" that sympy prints behind a number all of whose digits are before the point."""
    return re.sub(rf"(?<![\w.])(\d{{{digits}}})\.0(?![\w.])", r"\1", text)


def rounded(expression: Any, digits: int) -> Any:
    """Returns a `sympy.Expr` with its numbers rounded to so many significant digits."""
    import sympy

    short = {
        f: sympy.Float(sympy.Float(f, digits), max(digits, 15))
        if digits >= 15
        else sympy.Float(f, digits)
        for f in expression.atoms(sympy.Float)
    }
    return expression.xreplace(short)


def expression_of(
    stack: Stack,
    parameters: np.ndarray,
    constants: Sequence[Constant],
    names: Sequence[str],
    offset: float = 0.0,
    features: Sequence[Feature] = (),
) -> Any:
    """Writes a stack with its constants as a `sympy.Expr`.

    Args:
        stack: The `Stack`.
        parameters: Parameters of the stack; the coefficients among them are not used.
        constants: A `Constant` for each term, in the units of the columns.
        names: Names of the columns.
        offset: A number to add.
        features: The features that the stack raises to powers; the default is the columns.

    Returns:
        The `sympy.Expr`.
    """
    import sympy

    exponents, _, powers = stack.split(parameters)
    symbols = [sympy.Symbol(name) for name in names]
    features = features or columns_only(len(names))
    factors = []
    for g, power in enumerate(powers):
        terms = [
            _number(constants[k]) * _product(symbols, features, exponents[k])
            for k in np.flatnonzero(stack.owner == g).tolist()
        ]
        factors.append(sympy.Pow(_tidy(sympy.Add(*terms)), in_print(power)))
    return _tidy(sympy.Mul(*factors) + (_added(offset) if offset else 0))


def _added(offset: float) -> Any:
    """Writes a number that is added, as a whole one if it is that up to rounding."""
    import sympy

    near = round(offset)
    whole = near and abs(offset - near) <= 1e-11 * abs(offset)
    return sympy.Integer(near) if whole else sympy.Float(offset)


def _number(constant: Constant) -> Any:
    """Writes a recognized constant by name, others with all their digits."""
    import sympy

    if constant.name is not None:
        return sympy.sympify(constant.name, rational=True)
    return sympy.Float(constant.value)


def _product(symbols: list[Any], features: Sequence[Feature], exponents: np.ndarray) -> Any:
    """Writes `prod_j x_j^e_j`, with one root sign over all factors under the same root."""
    import sympy

    whole, under = [], {}
    for feature, value in zip(features, exponents.tolist(), strict=True):
        symbol, e = symbols[feature.column], in_print(value)
        if e == 0:
            continue
        if feature.transformation is not None:
            whole.append(feature.power(symbol, value))
        elif e.is_Rational and not e.is_Integer:
            under.setdefault(e.q, []).append(symbol**e.p)
        else:
            whole.append(symbol**e)
    return sympy.Mul(*whole, *(_root(q, parts) for q, parts in under.items()))


def _root(q: int, parts: list[Any]) -> Any:
    """Writes the q-th root of a product of powers; of a single power, as a power."""
    import sympy

    if len(parts) == 1:
        base, p = parts[0].as_base_exp()
        return base ** sympy.Rational(p, q)
    return sympy.Mul(*parts) ** sympy.Rational(1, q)


def _tidy(expression: Any) -> Any:
    """Returns the shortest equivalent expression among a few that are cheap to find."""
    import sympy

    ways = [expression, sympy.factor_terms(expression)]
    if expression.atoms(sympy.Float):
        # To factor, sympy makes each float an exact number, which may have hundreds of digits:
        # that can take minutes, and measured coefficients seldom factor anyway.
        ways.append(sympy.together(expression))
    else:
        with contextlib.suppress(sympy.PolynomialError, NotImplementedError):
            ways.append(sympy.factor(expression))
    return min(ways, key=lambda way: (sympy.count_ops(way), len(str(way))))


def _upright(name: str) -> str:
    """Writes a name in LaTeX: a letter with digits as its subscript; other names upright."""
    if re.fullmatch(r"[A-Za-z]\d*", name):
        return f"{name[0]}_{{{name[1:]}}}" if name[1:] else name
    quantity, unit = parts_of(name)
    if unit:
        return rf"{_upright(quantity)}\,[{unit_in_latex(unit)}]"
    marks = {"\\": r"\backslash ", "~": r"\sim ", "^": r"\wedge ", " ": r"\ "}
    escaped = "".join(marks.get(c, f"\\{c}" if c in "_{}$&#%" else c) for c in name)
    return rf"\mathrm{{{escaped}}}"
