"""Times candidates side by side: interleaved, after a warm-up, as medians."""

import time

import numpy as np

__all__ = ["compare"]


def compare(candidates, seconds=3.0):
    """Times functions of no argument against the first of them.

    One call of each in turn, so that whatever else the machine does meets all of
    them alike. The first two rounds compile and warm the caches, and are not counted.

    Args:
        candidates: Dictionary from names to functions. Each returns only when
            its work is done.
        seconds: How long to go on; at least five rounds are run.

    Returns:
        List of dictionaries, in order: `name`, `median_ms`, `min_ms`,
        `quartiles_ms`, `rounds` and `ratio`, the median over the first one's.
    """
    for _ in range(2):
        for function in candidates.values():
            function()
    times = {name: [] for name in candidates}
    end = time.perf_counter() + seconds
    rounds = 0
    while rounds < 5 or time.perf_counter() < end:
        for name, function in candidates.items():
            start = time.perf_counter()
            function()
            times[name].append(1000 * (time.perf_counter() - start))
        rounds += 1
    first = np.median(next(iter(times.values())))
    return [_row(name, taken, first) for name, taken in times.items()]


def _row(name, taken, first):
    low, median, high = np.percentile(taken, [25, 50, 75])
    return {
        "name": name,
        "median_ms": round(float(median), 3),
        "min_ms": round(float(min(taken)), 3),
        "quartiles_ms": [round(float(low), 3), round(float(high), 3)],
        "rounds": len(taken),
        "ratio": round(float(median / first), 3),
    }
