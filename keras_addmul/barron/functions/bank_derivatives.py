"""A bank of RePU units as an activation of its own: it can be converted to a lower order."""

import math

import numpy as np

from keras_addmul.barron.functions.smooth import Smooth

__all__ = ["smooth_bank"]


def smooth_bank(bank):
    """Returns the `Smooth` that a `Bank` of order s computes; its s-th derivative jumps."""
    clip = bank.outside == "clip"
    sizes = np.abs(bank.coefficients)

    def derivative(z, k):
        y = bank.derivative(z, k)
        if k and clip:
            y = np.where((z >= bank.low) & (z < bank.high), y, 0.0)
        return y

    def bound(k, low, high):
        if k > bank.order:
            return 0.0
        if clip:
            low, high = max(low, bank.low), min(high, bank.high)
        reach = np.where(bank.side > 0, high - bank.knots, bank.knots - low)
        falling = math.factorial(bank.order) / math.factorial(bank.order - k)
        powers = np.maximum(reach, 0.0) ** (bank.order - k)
        return float(np.sum(sizes * falling * powers)) * (1 + 1e-9)

    flat_at_ends = not clip or all(
        abs(float(derivative(np.nextafter(end, inside), 1))) < 1e-12
        for end, inside in ((bank.low, bank.high), (bank.high, bank.low))
    )
    return Smooth(
        name=f"bank of order {bank.order}",
        derivative=derivative,
        bound=bound,
        max_order=bank.order if flat_at_ends else 1,
        kinks=tuple(np.unique([*bank.knots, *([bank.low, bank.high] if clip else [])])),
        order=bank.order,
        why=f"its derivative of order {bank.order if flat_at_ends else 1} jumps",
    )
