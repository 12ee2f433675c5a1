"""Replaces the activations of a trained model, and bounds how much the outputs change."""

from typing import Any

import keras
import numpy as np

from keras_addmul.barron.certificate import Certificate, LayerCertificate
from keras_addmul.barron.fitting.ends import fit_between_ends
from keras_addmul.barron.fitting.units import expected_units
from keras_addmul.barron.functions.per_feature import members_of
from keras_addmul.barron.models import domain as domains
from keras_addmul.barron.models.bounds import Bounds
from keras_addmul.barron.models.comparing import compare, latency, refuse_if_wrong
from keras_addmul.barron.models.passage import Passage, Unknown, on_data
from keras_addmul.barron.models.replacing import bank_names, with_banks
from keras_addmul.barron.models.targets import targets_of, to_convert
from keras_addmul.barron.norms.network_norm import path_norm
from keras_addmul.layers.graph import Graph, require_graph

__all__ = ["convert_activation"]


def convert_activation(
    model: keras.Model,
    to: str = "repu",
    degree: int = 2,
    tolerance: float = 1e-3,
    domain: Any = None,
    data: Any = None,
    *,
    layers: Any = None,
    method: str = "spline",
    outside: str = "clip",
    ranges: str = "domain",
    latency_rows: int | None = 64,
    order: int | None = None,
) -> tuple[keras.Model, Certificate]:
    """Replaces smooth activations with RePU units, and certifies how much the outputs change.

    Each activation becomes a `RePUBank`: a spline of degree `degree` that is proved to lie
    within `tolerance` of the activation. All features of a layer share one bank, unless the
    features of a `NoisyActivation` differ by more than the tolerance. Interval bounds through
    all layers prove how far the outputs can move for any input in the domain. The given model
    is left unchanged; the new one can be trained further, saved and exported.

    The proof covers inference. It has rules for the layers and functions of Keras and of this
    package, found by identity, never by name. A subclass, a function of your own, a quantized
    layer or a mask has no rule: the certificate then gives no bound, and says why. Layers inside
    of other layers, as in `TimeDistributed`, are not converted; the certificate names them.

    Args:
        model: A trained sequential or functional model.
        to: The replacement, `"repu"`.
        degree: Degree of the units, 1 to 8. Degree 1 loses the fewest digits; degrees 2
            and 3 need fewer units.
        tolerance: The largest difference allowed between an activation and its replacement.
        domain: The inputs covered by the proof: a pair `(low, high)` of numbers or of arrays
            of the input's shape. A model with several inputs takes one pair for all, a list of
            pairs, or a dictionary of pairs by input name. The default is the smallest box
            around `data`, or [-1, 1] without data.
        data: Inputs on which the difference is measured: an array, a list of arrays, or
            a dictionary of arrays by name. None measures on random points of the domain.
        layers: Name or names of the layers to convert, or None for all that can be converted.
        method: `"spline"` needs close to the fewest units; `"quadrature"` applies the midpoint
            rule to the integral of the Taylor remainder.
        outside: What a bank does outside its interval. `"clip"` holds its last value;
            `"extrapolate"` continues as a polynomial, with `degree` more units. With degree 1
            it follows the activation's asymptote, if the domain reaches far enough.
        ranges: `"domain"` fits on every pre-activation that an input in the domain can
            produce. `"data"` fits on the range that `data` produced, a tenth wider on each
            side, and needs fewer units. The bound still covers the whole domain, so it is
            larger.
        latency_rows: Number of rows for timing the two models, or None to skip the timing.
        order: Another name for `degree`.

    Returns:
        `(converted, certificate)`: a `keras.Model`, not compiled, and a `Certificate`.

    Raises:
        TypeError: If `model` is not sequential or functional.
        ValueError: If an argument is invalid, nothing can be converted, a named layer cannot
            be converted, or a range cannot be determined without `data`.
        RuntimeError: If the outputs differ by more than was proved: a bug in this package or
            in the backend.

    Example:

    >>> import keras
    >>> from keras_addmul.barron import convert_activation
    >>> keras.utils.set_random_seed(0)
    >>> layers = [keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)]
    >>> model = keras.Sequential(layers)
    >>> converted, certificate = convert_activation(model, tolerance=1e-3, latency_rows=None)
    >>> certificate.layers[0].error <= 1e-3, certificate.measured <= certificate.bound
    (True, True)

    References:
        - [Heeringa et al., 2023](https://arxiv.org/abs/2305.15839)
    """
    require_graph(model)
    degree = degree if order is None else order
    _check(to, degree, tolerance, method, outside, ranges, latency_rows)
    rows = domains.as_arrays(model, data)
    pairs, source = domains.boxes(model, domain, rows)
    every, reasons = targets_of(model, tolerance)
    targets, left_out = to_convert(model, every, reasons, degree, layers)
    graph = Graph(model)

    inputs = [
        Bounds.of_box(*domains.representable(box, t.dtype), t.dtype)
        for box, t in zip(pairs, model.inputs, strict=True)
    ]
    first = Passage(graph, every)
    first.run(inputs)
    seen = on_data(graph, rows, targets) if rows is not None else {}
    fitted = {}
    for key, target in targets.items():
        interval = _interval(target, first.before.get(key, []), seen.get(key), ranges)
        fitted[key] = interval, _fit(target, degree, interval, tolerance, method, outside)

    converted = with_banks(model, targets)
    second = Passage(graph, every, first)
    outputs = second.run(inputs)
    names = bank_names(model, targets)
    certificates = [
        _layer_certificate(target, names[key], second, fitted[key], seen.get(key), degree)
        for key, target in targets.items()
    ]
    bounds = _output_bounds(outputs)
    measured = compare(model, converted, pairs, rows)
    refuse_if_wrong(measured, bounds["output_bounds"])
    return converted, Certificate(
        degree=int(degree),
        method=method,
        tolerance=float(tolerance),
        outside=outside,
        domain=[(low[0], high[0]) for low, high in pairs],
        domain_from=source,
        layers=certificates,
        left_out=left_out,
        **bounds,
        measured=measured.largest,
        measured_on=measured.where,
        units_added=sum(one.units * one.banks for one in certificates),
        neurons=sum(len(one.errors) for one in certificates),
        parameters=(model.count_params(), converted.count_params()),
        path_norm=_path_norms(model, converted),
        latency_ms=(
            latency([model, converted], measured.rows, latency_rows) if latency_rows else None
        ),
        latency_batch=latency_rows or 0,
    )


def _check(to, degree, tolerance, method, outside, ranges, latency_rows):
    for name, value, known in (
        ("to", to, ("repu",)),
        ("method", method, ("spline", "quadrature")),
        ("outside", outside, ("clip", "extrapolate")),
        ("ranges", ranges, ("domain", "data")),
    ):
        if value not in known:
            names = " or ".join(map(repr, known))
            raise ValueError(f"Argument `{name}` must be {names}. Received: {value!r}")
    if not _is_integer(degree) or not 1 <= degree <= 8:
        raise ValueError(f"Argument `degree` must be an integer from 1 to 8. Received: {degree!r}")
    number = isinstance(tolerance, (int, float, np.number)) and not isinstance(tolerance, bool)
    if not number or not 0 < tolerance < np.inf:
        raise ValueError(f"Argument `tolerance` must be a number above 0. Received: {tolerance!r}")
    if latency_rows is not None and (not _is_integer(latency_rows) or latency_rows < 0):
        raise ValueError(
            f"Argument `latency_rows` must be None or a number of rows. Received: {latency_rows!r}"
        )


def _is_integer(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _interval(target, bounds, seen, ranges):
    """Returns the interval on which to fit a bank."""
    known = [b for b in bounds if not isinstance(b, Unknown)]
    if ranges == "data" or not known or len(known) < len(bounds):
        if seen is None:
            why = [b.why for b in bounds if isinstance(b, Unknown)]
            if not bounds:
                why = ["it is inside a model that is not called in the ordinary way"]
            raise ValueError(
                "Argument `data` is needed to know what meets the activation of "
                f"{target.layer.name!r}{': ' + why[0] if why else ''}. Received: None"
            )
        margin = 0.1 * max(seen[1] - seen[0], 1e-3)
        return seen[0] - margin, seen[1] + margin
    low, high = min(float(b.low.min()) for b in known), max(float(b.high.max()) for b in known)
    margin = 1e-6 * max(1.0, abs(low), abs(high))  # no interval is empty
    return low - margin, high + margin


def _fit(target, degree, interval, tolerance, method, outside):
    """Fits a bank to the tolerance on the whole interval; returns its proved error there.

    The fit proves the error where the function bends; this function proves it on the flat ends
    that are clipped. If the error slightly exceeds the tolerance, a finer fit follows.
    """
    how = degree, interval
    for share in (1.0, 0.98, 0.95, 0.9):
        target.bank = fit_between_ends(
            target.function, *how, share * tolerance, method, outside, target.layer.variable_dtype
        )
        target.forget()
        proved = target.proved_error(*interval)
        if proved <= tolerance:
            return proved
    raise ValueError(
        f"Argument `tolerance` cannot be proved for {target.function.name} on "
        f"[{interval[0]:.4g}, {interval[1]:.4g}]. Received: {tolerance!r}"
    )


def _layer_certificate(target, name, second, fitted, seen, degree):
    bank = members_of(target.bank)[0]
    key, met = id(target.layer), None
    errors, bounds = second.errors.get(key), second.before.get(key, [])
    if errors is None or len(errors) < len(bounds):
        each, slope = _on_whole_interval(target, bank)
    else:
        flat = [e.reshape(-1, e.shape[-1]).max(axis=0) for e in errors]
        each = np.max(flat, axis=0) if len({f.size for f in flat}) == 1 else max(flat, key=np.max)
        slope = max(float(s.max()) for s in second.slopes[key])
        met = min(float(b.low.min()) for b in bounds), max(float(b.high.max()) for b in bounds)
        (low, high), proved = fitted
        if low <= met[0] and met[1] <= high:  # two proofs: the smaller bound holds
            each = np.minimum(each, proved)
    return LayerCertificate(
        layer=target.layer.name,
        bank=name,
        activation=target.function.name,
        units=bank.units,
        banks=1 if target.bank is bank else len(target.bank.of_feature),
        expected_units=max(
            expected_units(one, degree, bank.low, bank.high, target.tolerance, 1000)
            for one in members_of(target.function)
        ),
        fitted=(bank.low, bank.high),
        pre_activations=met,
        error=float(np.max(each)),
        errors=each,
        slope=slope,
        seen=seen,
    )


def _on_whole_interval(target, bank):
    """Returns the proved error of each function on the fitted interval, and the banks' slope."""
    ends = np.array([bank.low]), np.array([bank.high])
    numbers = range(len(members_of(target.function)))
    cells = [target.cells(part, bank.low, bank.high) for part in numbers]
    errors = np.array([one.error(*ends)[0] for one in cells])
    slope = max(float(one.bank_slope(*ends)[0]) for one in cells)
    return errors[getattr(target.function, "of_feature", slice(None))], slope


def _output_bounds(outputs):
    unknown = [o for o in outputs if isinstance(o, Unknown)]
    if unknown:
        return {
            "output_bound": None,
            "rounding_bound": None,
            "output_bounds": None,
            "no_bound": unknown[0].why,
        }
    return {
        "output_bound": max(float(o.error.max()) for o in outputs),
        "rounding_bound": max(2 * float(o.rounding.max()) for o in outputs),
        "output_bounds": [o.apart[0] for o in outputs],
        "no_bound": "",
    }


def _path_norms(model, converted):
    try:
        return float(path_norm(model)), float(path_norm(converted))
    except (TypeError, ValueError):
        return None
