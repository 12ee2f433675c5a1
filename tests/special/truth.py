"""Points to test at, their values in fifty digits, and how errors are counted."""

import functools

import keras
import ml_dtypes
import mpmath as mp
import numpy as np

from tests import reference

DTYPES = ["float32", "float64"]
HALF = ["float16", "bfloat16"]
SOLUTIONS = ["kneser", "linear"]

# Allowed error in eps times the conditioning (`reference.unit`). Half an eps is lost in each of
# the last operations: the argument of a polynomial, its last terms, a logarithm or exponential
# on the way, and the sum with the order. Polynomials of float64 have twice as many terms.
EPS_ALLOWED = {"float32": 4, "float64": 8}

# Orders all around the exact ones, each a float32, so that one reference serves both dtypes.
ORDERS = [-4.2, -3.2, -2, -1.5, -1 - 1e-4, -1 + 1e-4, -0.7, -0.5, -0.3, -0.01, -1e-7]
ORDERS += [1e-7, 1e-3, 0.1, 0.5, 0.75, 1 - 1e-4, 1 + 1e-4, 1.4, 2, 3.1]
ORDERS = np.array(ORDERS, "float32")


def sweep(dtype, points=240):
    """Log-spaced float32 numbers of both signs and zero, half of them between 1e-3 and 1e3.

    In float64 half of the wide ones go beyond what float32 can hold.
    """
    wide = np.geomspace(1e-30, 1e38, points // 4).astype("float32")
    near = np.geomspace(1e-3, 1e3, points // 4).astype("float32")
    sizes = np.concatenate([wide, near]).astype(dtype)
    if dtype == "float64":
        far = np.concatenate([np.geomspace(1e-300, 1e-31, 20), np.geomspace(1e39, 1e307, 20)])
        sizes = np.concatenate([sizes, far])
    return np.unique(np.concatenate([-sizes, [0.0], sizes])).astype(dtype)


def half_sweep(dtype):
    """The same for float16 and bfloat16, as far as they reach."""
    x = sweep("float32")
    return np.unique(x[np.abs(x) < float(ml_dtypes.finfo(dtype).max)].astype(dtype))


@functools.cache
def superlog(x, solution):
    """The reference at a Python float, remembered: Kneser's costs milliseconds."""
    return reference.SOLUTIONS[solution].superlog(x)


@functools.cache
def exp_iterate(x, n, solution):
    """The reference and the unit of its error; inf at overflow, None outside the domain."""
    level, n = superlog(x, solution), mp.mpf(n)
    if level + n <= -1:
        return None
    if level + n > 4.7:
        return mp.inf, mp.mpf(1)
    s = reference.SOLUTIONS[solution]
    y = s.superexp(level + n)
    change = (abs(level) + abs(n)) * s.superexp_slope(level + n)
    return y, max(abs(y), change)


def inside(x, n, solution):
    """Keeps the points inside the domain; returns x, n, values and units of error there."""
    x, n = (np.ravel(a) for a in np.broadcast_arrays(x, n))
    found = [exp_iterate(float(a), float(b), solution) for a, b in zip(x, n, strict=True)]
    keep = np.array([f is not None for f in found])
    values, units = zip(*[f for f in found if f is not None], strict=True)
    return x[keep], n[keep], values, units


def errors(got, want, units, dtype):
    """Distances from `want`, in eps times the units.

    Numbers below the smallest normal one are zeros to TensorFlow in some modes:
    a difference of that size counts as none. So does inf where `want` overflows,
    or misses the largest number by no more than the unit explains.
    """
    eps, tiny, largest = (float(getattr(np.finfo(dtype), k)) for k in ("eps", "tiny", "max"))
    out = []
    for g, w, unit in zip(np.ravel(got).tolist(), want, units, strict=True):
        if g == mp.inf and w + EPS_ALLOWED[dtype] * eps * unit > largest:
            out.append(0.0)
        elif not np.isfinite(g):
            out.append(mp.inf)
        else:
            distance = abs(mp.mpf(g) - w)
            out.append(float(distance / (eps * unit)) if distance > tiny else 0.0)
    return np.array(out, "float64")


def assert_accurate(got, want, dtype, units=None, at=(), allowed=None):
    """Fails with the worst point if an error is above what the dtype is allowed.

    Args:
        got: Tensor.
        want: Numbers of fifty digits, one for each element.
        dtype: Name of the dtype whose eps counts.
        units: What an eps is relative to, for each element; `want` if None.
        at: The arrays that were the arguments, for the message.
        allowed: How many eps, if not those of EPS_ALLOWED.
    """
    found = errors(got, want, [abs(w) for w in want] if units is None else units, dtype)
    i = int(np.argmax(found))
    point = [float(np.ravel(a)[i]) for a in at]
    message = f"{found[i]:.3g} eps at {point}: {np.ravel(got)[i]!r} for {mp.nstr(want[i], 20)}"
    assert found[i] <= (EPS_ALLOWED[dtype] if allowed is None else allowed), message


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def ulps_apart(a, b):
    """Distance between half-precision arrays in units in the last place; nan equals nan."""

    def ordered(values):
        bits = values.view("int16").astype("int32")
        return np.where(bits < 0, -(bits & 0x7FFF), bits)

    both_nan = np.isnan(a.astype("float32")) & np.isnan(b.astype("float32"))
    return np.where(both_nan, 0, np.abs(ordered(a) - ordered(b)))


def rounded(tensor, dtype):
    """A float64 tensor in half precision; what overflows becomes inf."""
    with np.errstate(over="ignore"):
        return numpy(tensor).astype(dtype)
