"""Replaces the activations of a trained model, and proves what that changes."""

import keras
import numpy as np

from keras_addmul.barron.certificate import Certificate, LayerCertificate
from keras_addmul.barron.fitting.ends import fit_between_ends
from keras_addmul.barron.fitting.units import expected_units
from keras_addmul.barron.functions.cells import Cells
from keras_addmul.barron.functions.per_feature import PerFeature, members_of, same_for_each
from keras_addmul.barron.models import domain as domains
from keras_addmul.barron.models.bounds import Bounds
from keras_addmul.barron.models.graph import Graph, rebuild, require_graph
from keras_addmul.barron.models.propagate import Passage, Unknown, on_data
from keras_addmul.barron.models.targets import bank_names, fill, find_targets, replacement
from keras_addmul.barron.models.timing import latency
from keras_addmul.barron.norms.network_norm import path_norm

__all__ = ["convert_activation"]


def convert_activation(
    model,
    to="repu",
    order=2,
    tolerance=1e-3,
    domain=None,
    data=None,
    *,
    layers=None,
    method="spline",
    outside="clip",
    ranges="domain",
    latency_rows=64,
):
    """Returns a new model with RePU units in place of smooth activations, and a certificate.

    Each activation becomes a `RePUBank`: a spline of degree `order` that is proved to be
    within `tolerance` of it; one for each feature, where the features of a `NoisyActivation`
    differ by more than that. The certificate says how far the outputs may be apart for any
    input in the domain, by interval bounds through all layers. The model given is left
    as it is; the new one can be trained further, saved and exported.

    Args:
        model: A trained sequential or functional model.
        to: `"repu"`.
        order: Of the units, 1, 2, 3, ... Order 1 loses the fewest digits, order 2 and
            3 need fewer units.
        tolerance: The largest difference of an activation and what replaces it.
        domain: For which inputs: a pair `(low, high)` of numbers or of arrays of the
            input's shape, or a list or a dictionary by name of such pairs. By
            default the smallest box around `data`, or [-1, 1] if there is none.
        data: Inputs on which the difference is measured, or None.
        layers: Names of the layers to convert, or None for all that can be.
        method: `"spline"`, near the fewest units; or `"quadrature"`, the midpoint rule on
            the integral of the theorem.
        outside: What a bank does with numbers outside its interval: `"clip"` holds its
            last value, `"extrapolate"` goes on as a polynomial, with `order` units more; of
            order 1 along the line that the activation tends to, if the domain goes so far.
        ranges: `"domain"` fits on all numbers that can meet an activation while the input
            is in the domain; `"data"` on those met on `data`, a tenth wider: fewer
            units, and a bound that is larger, for it covers the whole domain still.
        latency_rows: How many rows to time the two models on, or None not to.

    Returns:
        `(converted, certificate)`: a `keras.Model`, not compiled, and a `Certificate`.

    Raises:
        TypeError: If `model` is not sequential or functional.
        ValueError: If an argument is not what it should be, if nothing can be converted,
            or a layer that was named cannot be.

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
    _check(to, order, tolerance, method, outside, ranges)
    data = domains.as_arrays(model, data)
    pairs, source = domains.boxes(model, domain, data)
    targets, left_out = find_targets(model, order, layers)
    graph = Graph(model)

    inputs = [Bounds.of_box(low, high) for low, high in pairs]
    first = Passage(graph, tolerance=tolerance)
    first.run(inputs)
    seen = on_data(graph, data, targets) if data is not None else {}
    banks = {}
    for key, (layer, smooth) in targets.items():
        interval = _interval(layer, first.before.get(key, []), seen.get(key), ranges)
        dtype = layer.variable_dtype
        banks[key] = fit_between_ends(smooth, order, interval, tolerance, method, outside, dtype)

    names = bank_names(model, targets)
    converted = rebuild(model, lambda layer: replacement(layer, targets, banks, names))
    fill(converted, banks, names)
    second = Passage(graph, banks, tolerance)
    outputs = second.run(inputs)

    rows = data or domains.random_points(model, pairs)
    count = min(len(a) for a in rows)
    words = f"{count} rows of data" if data else f"{count} random points of the domain"
    certificates = [
        _layer_certificate(key, targets, banks, names, first, second, seen, order, tolerance)
        for key in targets
    ]
    return converted, Certificate(
        order=order,
        method=method,
        tolerance=float(tolerance),
        outside=outside,
        domain=[(low[0], high[0]) for low, high in pairs],
        domain_from=source,
        layers=certificates,
        left_out=left_out,
        **_output_bounds(outputs),
        measured=_difference(model, converted, rows),
        measured_on=words,
        units_added=sum(one.units * one.banks for one in certificates),
        neurons=sum(len(one.errors) for one in certificates),
        parameters=(model.count_params(), converted.count_params()),
        path_norm=_path_norms(model, converted),
        latency_ms=latency([model, converted], rows, latency_rows) if latency_rows else None,
        latency_batch=latency_rows or 0,
    )


def _check(to, order, tolerance, method, outside, ranges):
    for name, value, known in (
        ("to", to, ("repu",)),
        ("method", method, ("spline", "quadrature")),
        ("outside", outside, ("clip", "extrapolate")),
        ("ranges", ranges, ("domain", "data")),
    ):
        if value not in known:
            names = " or ".join(map(repr, known))
            raise ValueError(f"Argument `{name}` must be {names}. Received: {value!r}")
    if isinstance(order, bool) or not isinstance(order, (int, np.integer)) or not 1 <= order <= 8:
        raise ValueError(f"Argument `order` must be an integer from 1 to 8. Received: {order!r}")
    number = isinstance(tolerance, (int, float, np.number)) and not isinstance(tolerance, bool)
    if not number or not 0 < tolerance < np.inf:
        raise ValueError(f"Argument `tolerance` must be a number above 0. Received: {tolerance!r}")


def _interval(layer, bounds, seen, ranges):
    known = [b for b in bounds if not isinstance(b, Unknown)]
    if ranges == "data" or len(known) < len(bounds):
        if seen is None:
            why = [b.why for b in bounds if isinstance(b, Unknown)]
            raise ValueError(
                f"Argument `data` is needed to know what meets the activation of {layer.name!r}"
                f"{': ' + why[0] if why else ''}. Received: None"
            )
        margin = 0.1 * max(seen[1] - seen[0], 1e-3)
        return seen[0] - margin, seen[1] + margin
    low, high = min(float(b.low.min()) for b in known), max(float(b.high.max()) for b in known)
    margin = 1e-6 * max(1.0, abs(low), abs(high))  # no interval is empty
    return low - margin, high + margin


def _layer_certificate(key, targets, banks, names, first, second, seen, order, tolerance):
    layer, what = targets[key]
    bank = members_of(banks[key])[0]
    errors = second.errors.get(key)
    met = None
    if errors is None:
        each, slope = _on_whole_interval(what, banks[key], tolerance)
    else:
        flat = [e.reshape(-1, e.shape[-1]).max(axis=0) for e in errors]
        each = np.max(flat, axis=0) if len({f.size for f in flat}) == 1 else max(flat, key=np.max)
        slope = max(float(s.max()) for s in second.slopes[key])
        bounds = first.before[key]
        met = min(float(b.low.min()) for b in bounds), max(float(b.high.max()) for b in bounds)
    return LayerCertificate(
        layer=layer.name,
        bank=names[key],
        activation=what.name,
        units=bank.units,
        banks=1 if banks[key] is bank else len(banks[key].of_feature),
        expected_units=max(
            expected_units(one, order, bank.low, bank.high, tolerance, 1000)
            for one in members_of(what)
        ),
        fitted=(bank.low, bank.high),
        pre_activations=met,
        error=float(np.max(each)),
        errors=each,
        slope=slope,
        seen=seen.get(key),
    )


def _on_whole_interval(what, banks, tolerance):
    """The proved error on the fitted interval, for each function, and the banks' slope."""
    errors, slopes = [], []
    each = members_of(what)
    for smooth, bank in zip(each, same_for_each(banks, len(each)), strict=True):
        ends = np.array([bank.low]), np.array([bank.high])
        cells = Cells(smooth, bank.low, bank.high, bank, tolerance)
        errors.append(cells.error(*ends)[0])
        slopes.append(float(cells.bank_slope(*ends)[0]))
    errors = np.array(errors)
    return (errors[what.of_feature] if isinstance(what, PerFeature) else errors), max(slopes)


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
        "rounding_bound": max(float(o.rounding.max()) for o in outputs),
        "output_bounds": [o.apart[0] for o in outputs],
        "no_bound": "",
    }


def _difference(model, converted, rows):
    largest, step = 0.0, 512
    for start in range(0, min(len(a) for a in rows), step):
        batch = [a[start : start + step] for a in rows]
        batch = batch if len(batch) > 1 else batch[0]
        pair = [keras.tree.flatten(m(batch, training=False)) for m in (model, converted)]
        for a, b in zip(*pair, strict=True):
            a, b = (np.asarray(keras.ops.cast(v, "float64")) for v in (a, b))
            largest = max(largest, float(np.max(np.abs(a - b))))
    return largest


def _path_norms(model, converted):
    try:
        return float(path_norm(model)), float(path_norm(converted))
    except (TypeError, ValueError):
        return None
