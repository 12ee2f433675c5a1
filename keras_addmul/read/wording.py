"""Sums and products as text."""

from collections.abc import Sequence
from typing import Any

__all__ = ["activated", "power_text", "sum_text"]

# Weights below this are left out, and exponents this near to a whole number are that number.
_SMALL = 5e-4


def sum_text(weights: Sequence[float], names: Sequence[str], bias: float = 0.0) -> str:
    """Returns a weighted sum as text, without what is too small to be seen.

    Example:

    >>> from keras_addmul.read.wording import sum_text
    >>> sum_text([2.0, -1.0, 1e-6], ["a", "b", "c"], 0.5)
    '2 a - b + 0.5'
    """
    terms = [(w, name) for w, name in zip(weights, names, strict=True) if abs(w) > _SMALL]
    terms += [(bias, "")] if abs(bias) > _SMALL or not terms else []
    text = ""
    for value, name in terms:
        size = f"{abs(value):.4g}"
        one = name if name and size == "1" else f"{size} {name}".strip()
        sign = "-" if value < 0 else "+"
        text += f" {sign} {one}" if text else f"{'-' if value < 0 else ''}{one}"
    return text


def power_text(
    exponents: Sequence[float],
    names: Sequence[str],
    parities: Sequence[float],
    signless: Sequence[Any],
) -> str:
    """Returns a product of powers as text, with what its signs do.

    Args:
        exponents: The exponents.
        names: Names of the inputs.
        parities: For each, 1 if its sign counts and 0 if not.
        signless: For each, whether it is known never to be negative.

    Example:

    >>> from keras_addmul.read.wording import power_text
    >>> power_text([1.5, -1.0, 2.0, 1.0], "abcd", [1.0, 1.0, 0.0, 0.0], [True, False, False, False])
    'a^1.5 c^2 |d| / b'
    >>> power_text([0.5, 0.0], "ab", [1.0, 1.0], [False, False])
    'sign(a) |a|^0.5 sign(b)'
    """
    above, below = [], []
    for w, name, v, positive in zip(exponents, names, parities, signless, strict=True):
        whole = abs(w - round(w)) < _SMALL
        plain = positive or (whole and abs(v - round(w) % 2) <= 0.5)
        if not positive and not whole and v > 0.5:
            above.append(f"sign({name})")
        if not positive and whole and v > 0.5 and round(w) % 2 == 0:
            above.append(f"sign({name})")
            plain = round(w) == 0
        size = abs(round(w)) if whole else abs(w)
        if size:
            base = name if plain else f"|{name}|"
            text = base if f"{size:.4g}" == "1" else f"{base}^{size:.4g}"
            (below if w < 0 and whole else above).append(
                text if whole or w > 0 else f"{base}^-{size:.4g}"
            )
    top = " ".join(above) or "1"
    if not below:
        return top
    return f"{top} / {below[0] if len(below) == 1 else '(' + ' '.join(below) + ')'}"


def activated(text: str, activation: str) -> str:
    """Returns the text inside an activation."""
    return text if activation == "linear" else f"{activation}({text})"
