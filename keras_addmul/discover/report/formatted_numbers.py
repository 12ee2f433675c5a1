"""Formats scores, shares and numbers for a report."""

import math

__all__ = ["number", "percent", "score"]


def score(r2: float | None) -> str:
    """Formats R^2, as its distance from 1 if that is small."""
    if r2 is None or math.isnan(r2):
        return "\u2013"
    if r2 == 1 or not 1 - r2 < 1e-4:
        return f"{r2:.4g}" if r2 == 1 or r2 < -10 else f"{r2:.4f}"
    return f"1 \u2212 {1 - r2:.1e}"


def percent(share: float | None) -> str:
    """Formats a share, in percent unless it is tiny or huge."""
    if share is None or math.isnan(share):
        return "\u2013"
    if share == 0 or not math.isfinite(share):
        return f"{share:g}"
    if 1 - 1e-9 < share < 1:
        return "more than 99.9999999 %"
    if 0.999 < share < 1:  # as many digits as it takes to see what is missing
        return f"{100 * share:.{-math.floor(math.log10(100 * (1 - share)))}f} %"
    if 1e-5 <= abs(share) < 100:
        return f"{100 * share:.3g} %"
    return f"{share:.1e}"


def number(value: float) -> str:
    """Formats a number of the table to six digits."""
    return f"{value:.6g}"
