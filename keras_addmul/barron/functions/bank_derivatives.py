"""Treats a bank of RePU units as an activation, which can be converted to a lower degree."""

import math
from typing import Any

import numpy as np

from keras_addmul.barron.functions.bank import Bank
from keras_addmul.barron.functions.smooth import Smooth

__all__ = ["smooth_bank"]


def smooth_bank(bank: Bank) -> Smooth:
    """Returns the `Smooth` that a `Bank` of degree s computes; its s-th derivative jumps."""
    degree, clip = bank.degree, bank.outside == "clip"
    sizes = np.abs(bank.coefficients)

    def derivative(z: Any, k: int) -> Any:
        y = bank.derivative(z, k)
        if k and clip:
            y = np.where((z >= bank.low) & (z < bank.high), y, 0.0)
        return y

    def terms(z: Any, k: int) -> Any:
        # For each unit the difference, its power and the product; then the sum of all.
        return (bank.units + 2 * degree + 8) * bank.terms(z, k) if k <= degree else 0.0

    def upper(k: int, low: float, high: float) -> float:
        if k > degree:
            return 0.0
        if clip:
            low, high = max(low, bank.low), min(high, bank.high)
        reach = np.where(bank.side > 0, high - bank.knots, bank.knots - low)
        falling = math.factorial(degree) / math.factorial(degree - k)
        powers = np.maximum(reach, 0.0) ** (degree - k)
        lost = (bank.units + 2 * degree + 8) * 2.0**-52
        return float(np.sum(sizes * falling * powers)) * (1.0 + lost)

    flat_at_ends = not clip or all(
        abs(float(derivative(np.nextafter(end, inside), 1))) < 1e-12
        for end, inside in ((bank.low, bank.high), (bank.high, bank.low))
    )
    last = degree if flat_at_ends else 1
    return Smooth(
        name=f"bank of degree {degree}",
        derivative=derivative,
        upper=upper,
        smoothness=last - 1,
        kinks=tuple(np.unique([*bank.knots, *([bank.low, bank.high] if clip else [])])),
        degree=degree,
        why=f"its derivative of order {last} jumps",
        terms=terms,
    )
