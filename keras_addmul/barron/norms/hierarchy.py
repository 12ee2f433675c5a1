"""Embeddings among Barron spaces: which activations can represent which others."""

import dataclasses
import itertools
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_addmul.activations.registry import ALIASES, key
from keras_addmul.barron.functions.smooth import SMOOTH, Smooth
from keras_addmul.barron.models.recognition import known_activations

__all__ = ["Embedding", "can_represent", "embeddings", "hierarchy_constant", "spectral_norm_bound"]

# Beyond this magnitude every integrable derivative keeps its sign.
_LINE = 40.0

# Degrees of the rectified powers, by name.
_DEGREES = {"relu": 1, "repu": 2}


@dataclasses.dataclass(frozen=True)
class Embedding:
    """Whether networks of one activation can be written with another, and at what cost.

    `can_represent` returns it. It is true in a condition if the embedding holds.

    Attributes:
        source: The activation of the given networks.
        target: The activation to rewrite them with.
        holds: True, False, or None if no theorem known here decides.
        theorem: Name of the theorem that decides.
        constant: Largest factor by which the norm grows on the unit ball; None if there is
            no finite number.
        note: What the constant bounds, or why the embedding fails.
    """

    source: str
    target: str
    holds: bool | None
    theorem: str
    constant: float | None
    note: str

    def __bool__(self) -> bool:
        return bool(self.holds)


def can_represent(from_activation: str, to_activation: str) -> Embedding:
    """Tells whether networks of one activation can be written with another, and at what cost.

    Args:
        from_activation: Name of the activation of the given networks: `"tanh"`, `"relu"`,
            `"repu3"`, `"heaviside"`, ...
        to_activation: Name of the activation to rewrite them with.

    Returns:
        An `Embedding`; `bool(embedding)` is whether it holds.

    Raises:
        ValueError: If a name is unknown; the message lists the known ones.

    Example:

    >>> from keras_addmul.barron import can_represent
    >>> can_represent("repu3", "relu").constant
    5.0
    >>> bool(can_represent("relu", "repu2"))
    False
    """
    source, target = (
        _parsed("from_activation", from_activation),
        _parsed("to_activation", to_activation),
    )
    names = _named(source), _named(target)
    if source == target:
        return Embedding(*names, True, "identity", 1.0, "they are the same")
    if not isinstance(target, str):
        if isinstance(source, str):
            return _taylor(source, target, names)
        return _hierarchy(source, target, names)
    if (source, target) in _IDENTITIES:
        constant, formula = _IDENTITIES[source, target]
        return Embedding(*names, True, "closure under linear maps", constant, formula)
    return Embedding(*names, None, "none here", None, "no theorem here decides it")


def embeddings(
    activations: Sequence[str] = ("tanh", "sigmoid", "softplus", "sin", "elu"),
    degrees: Sequence[int] = (0, 1, 2, 3),
) -> list[Embedding]:
    """Lists which RePU degrees embed into one another, and which activations embed into them.

    Args:
        activations: Names of activations, as for `can_represent`.
        degrees: Degrees of the RePU, 0 or more.

    Returns:
        A list of `Embedding`, including those that fail.

    Example:

    >>> from keras_addmul.barron import embeddings
    >>> for e in embeddings(activations=["tanh"], degrees=[1, 2]):
    ...     print(e.source, "->", e.target, e.holds, e.theorem)
    relu -> repu2 False hierarchy
    repu2 -> relu True hierarchy
    tanh -> relu True Taylor remainder
    tanh -> repu2 True Taylor remainder
    """
    rows = [can_represent(f"repu{t}", f"repu{s}") for t, s in itertools.permutations(degrees, 2)]
    rows += [can_represent(a, f"repu{s}") for a in activations for s in degrees if s > 0]
    return rows


def hierarchy_constant(s: int, t: float) -> float:
    """Returns the factor by which the norm grows from RePU of degree t to s < t on the unit ball.

    `z_+^t = C(t, s) (t - s) integral_0^inf (z - u)_+^s u^(t-s-1) du`: push `(w, b)` to
    `(w, b - u)`, `0 < u < rho`. Then
    `K(s, t) = Gamma(t+1) / (Gamma(s+1) Gamma(t-s)) integral_0^1 (1+u)^s u^(t-s-1) du`.

    >>> from keras_addmul.barron.norms.hierarchy import hierarchy_constant
    >>> [round(hierarchy_constant(s, t), 12) for s, t in ((0, 1), (1, 2), (1, 3), (2, 4))]
    [1.0, 3.0, 5.0, 17.0]
    """
    from scipy.special import hyp2f1

    gap = t - s
    factor = math.gamma(t + 1) / (math.gamma(s + 1) * math.gamma(gap))
    return float(factor * hyp2f1(-s, gap, gap + 1, -1.0) / gap)


def spectral_norm_bound(moment: float, s: int) -> float:
    """Bounds the RePU norm of degree s by a moment of the Fourier transform.

    Derived here. Let `f(x) = integral F(v) exp(i <v, x>) dv` and `z = <v, x>`, `|x| <= 1`, so that
    `|z| <= |v|`. Taylor's remainder of `cos(z + phase)` about 0 is a sum over both sides of
    `1/s! integral_0^|v| (+-z - t)_+^s cos^(s+1) dt`: units with `rho = |v| + t` and
    coefficients of at most 1, whose norm is at most `2/s! integral_0^|v| (|v| + t)^s dt`. Hence
    `|f - Taylor polynomial of degree s| <= 2 (2^(s+1) - 1) / (s+1)! * moment`.

    Args:
        moment: `integral |v|^(s+1) |F(v)| dv`, the spectral Barron norm of degree s + 1.
        s: Degree of the units, an integer, 0 or more.

    Returns:
        The bound, `2 (2^(s+1) - 1) / (s+1)! * moment`.

    Raises:
        ValueError: If `moment` is negative, or `s` is not an integer >= 0.

    Example:

    >>> from keras_addmul.barron import spectral_norm_bound
    >>> spectral_norm_bound(1.0, 1)
    3.0
    """
    if not moment >= 0:
        raise ValueError(f"Argument `moment` must be a number >= 0. Received: {moment!r}")
    if isinstance(s, bool) or not isinstance(s, (int, np.integer)) or s < 0:
        raise ValueError(f"Argument `s` must be an integer >= 0. Received: {s!r}")
    return 2.0 * (2.0 ** (s + 1) - 1.0) / math.factorial(s + 1) * float(moment)


# Activations written in terms of another one, with the sum of the coefficients.
_IDENTITIES: dict[tuple[Any, Any], tuple[float, str]] = {
    ("tanh", "sigmoid"): (2.0, "tanh(z) = 2 sigmoid(2 z) - 1; the 1 is a bias"),
    ("sigmoid", "tanh"): (0.5, "sigmoid(z) = tanh(z / 2) / 2 + 1/2; the 1/2 is a bias"),
    ("softplus", "log_sigmoid"): (1.0, "softplus(z) = -log_sigmoid(-z)"),
    ("log_sigmoid", "softplus"): (1.0, "log_sigmoid(z) = -softplus(-z)"),
}


def _parsed(argument: str, name: Any) -> str | int:
    """Returns the name of a smooth activation, or the degree of a RePU."""
    if isinstance(name, str):
        if key(name) in ("heaviside", "step"):
            return 0
        degree = re.fullmatch(r"repu(\d+)", key(name))
        if degree:
            return int(degree.group(1))
        known = ALIASES.get(key(name))
        if known in _DEGREES:
            return _DEGREES[known]
        if known in SMOOTH:
            return known
    raise ValueError(
        f"Argument `{argument}` must be 'heaviside', 'repu' and a degree, or one of "
        f"{', '.join(known_activations())}. Received: {name!r}"
    )


def _named(activation: str | int) -> str:
    if isinstance(activation, str):
        return activation
    return {0: "heaviside", 1: "relu"}.get(activation, f"repu{activation}")


def _hierarchy(t: int, s: int, names: tuple[str, str]) -> Embedding:
    if s < t:
        constant = hierarchy_constant(s, t)
        return Embedding(*names, True, "hierarchy", constant, f"of the norm of degree {s}")
    why = f"degree {t} has a derivative that jumps, which units of degree {s} smooth away"
    return Embedding(*names, False, "hierarchy", None, why)


def _taylor(name: str, s: int, names: tuple[str, str]) -> Embedding:
    smooth, theorem = SMOOTH[name], "Taylor remainder"
    if s == 0:
        variation = _variation(smooth, 1)
        note = "of the total variation" if variation else "the variation is infinite on the line"
        return Embedding(*names, True, theorem, variation, note)
    if smooth.max_degree is not None and s > smooth.max_degree:
        return Embedding(*names, False, theorem, None, smooth.why)
    variation = _variation(smooth, s + 1)
    if variation is None:
        note = "for bounded weights: the derivative has no finite integral on the line"
        return Embedding(*names, True, theorem, None, note)
    constant = 2.0**s / math.factorial(s) * variation
    return Embedding(*names, True, theorem, constant, f"of the remainder, times rho^{s}")


def _variation(smooth: Smooth, k: int) -> float | None:
    """Returns `integral |f^(k)|` over the line, or None if it is infinite."""
    left, right = smooth.lines
    if left is None or right is None or (k == 1 and not all(smooth.limits)):
        return None
    total = sum(abs(smooth.jump(t, k - 1)) for t in smooth.kinks)
    for low, high in itertools.pairwise([-_LINE, *smooth.kinks, _LINE]):
        z = np.linspace(low, high, 400_001)
        values = smooth.derivative(z, k)
        values[-1] = smooth.left_derivative(high, k)
        total += float(np.trapezoid(np.abs(values), z))
    # Beyond, the derivative keeps its sign: the rest is how far f^(k-1) is from its limit.
    for end, (slope, offset) in ((-_LINE, left), (_LINE, right)):
        goal = {1: offset, 2: slope}.get(k, 0.0)
        total += abs(float(smooth.derivative(np.array(end), k - 1)) - goal)
    return total
