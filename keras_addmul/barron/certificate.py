"""The certificate of a converted model: proved bounds and measured differences."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["Certificate", "LayerCertificate"]


@dataclasses.dataclass(frozen=True)
class LayerCertificate:
    """Proved bounds for one layer whose activation was replaced.

    Attributes:
        layer: Name of the layer in the original model.
        bank: Name of the `RePUBank` in the converted model.
        activation: Name of the activation that was replaced.
        units: Number of units in each bank.
        banks: 1 if all neurons share one bank; otherwise the number of features.
        expected_units: Number of units that the best spline needs in the limit of small
            tolerances; if the features' functions differ, for the hardest of them.
        fitted: The interval on which the bank was fitted.
        pre_activations: Least and largest pre-activation that an input in the domain can
            produce; None if a layer before the activation has no rule.
        error: Proved: the largest difference between activation and bank over all possible
            pre-activations, or over the fitted interval if these are not known.
        errors: The same bound for each neuron or channel, over its own pre-activations.
        slope: A Lipschitz constant of the bank on the same range.
        seen: Least and largest pre-activation observed on the data, or None.

    Example:

    >>> import keras
    >>> from keras_addmul.barron import convert_activation
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, "tanh", name="hidden")])
    >>> _, certificate = convert_activation(model, domain=(-1.0, 1.0), tolerance=0.01)
    >>> (hidden,) = certificate.layers
    >>> hidden.layer, hidden.activation, hidden.error <= 0.01
    ('hidden', 'tanh', True)
    """

    layer: str
    bank: str
    activation: str
    units: int
    banks: int
    expected_units: float
    fitted: tuple[float, float]
    pre_activations: tuple[float, float] | None
    error: float
    errors: np.ndarray = dataclasses.field(repr=False)
    slope: float
    seen: tuple[float, float] | None = None


@dataclasses.dataclass(frozen=True)
class Certificate:
    """Proved bounds and measured differences between a model and its converted copy.

    `convert_activation` returns it. `print(certificate)` shows the main figures as a table;
    `to_json()` returns all fields.

    Attributes:
        degree: Degree of the RePU units.
        method: How the banks were fitted: `"spline"` or `"quadrature"`.
        tolerance: The largest error allowed for each activation.
        outside: What a bank does outside its interval: `"clip"` or `"extrapolate"`.
        domain: The inputs for which the bounds are proved: a list of pairs `(low, high)`
            of arrays, one pair for each input of the model.
        domain_from: Source of the domain: `"argument"`, `"data"` or `"default"`.
        layers: A `LayerCertificate` for each converted layer.
        left_out: Dictionary from the name of each layer whose activation was not converted to
            the reason.
        output_bound: Proved: the largest difference between an output of the two models for
            any input in the domain, in exact arithmetic; None if no bound is proved.
        rounding_bound: Proved: how much floating point can add to `output_bound`. It assumes
            products in the layers' own dtypes and elementary functions accurate to 16
            units in the last place. None if no bound is proved.
        output_bounds: `output_bound + rounding_bound` for each output element, as a list of
            arrays without batch axis, or None.
        no_bound: Why no bound is proved, or "".
        measured: The largest difference between outputs that was measured. It never exceeds
            the bound: the conversion raises an error instead.
        measured_on: A description of the rows it was measured on.
        units_added: Total number of units in all banks; each feature counts if features differ.
        neurons: Number of neurons, or channels of convolutions, whose activation was replaced.
        parameters: Parameter count of the model, before and after.
        path_norm: Path norm, before and after, or None if it is not defined.
        latency_ms: Median time of a call, before and after, or None if it was not timed.
        latency_batch: Number of rows in each timed call.

    Example:

    >>> import keras
    >>> from keras_addmul.barron import convert_activation
    >>> layers = [keras.Input((2,)), keras.layers.Dense(4, "tanh", name="hidden")]
    >>> _, certificate = convert_activation(keras.Sequential(layers), latency_rows=None)
    >>> certificate.bound >= certificate.measured
    True
    >>> certificate.to_dict()["layers"][0]["layer"]
    'hidden'
    """

    degree: int
    method: str
    tolerance: float
    outside: str
    domain: list[tuple[np.ndarray, np.ndarray]]
    domain_from: str
    layers: list[LayerCertificate]
    left_out: dict[str, str]
    output_bound: float | None
    rounding_bound: float | None
    output_bounds: list[np.ndarray] | None = dataclasses.field(repr=False)
    no_bound: str
    measured: float
    measured_on: str
    units_added: int
    neurons: int
    parameters: tuple[int, int]
    path_norm: tuple[float, float] | None
    latency_ms: tuple[float, float] | None
    latency_batch: int

    @property
    def bound(self) -> float | None:
        """The proved largest difference between the computed outputs of the two models, or None."""
        if self.output_bounds is None:
            return None
        return max(float(np.max(bound)) for bound in self.output_bounds)

    def to_dict(self) -> dict[str, Any]:
        """Returns all fields as numbers, strings, lists and dictionaries, ready for JSON."""
        return _plain({**dataclasses.asdict(self), "bound": self.bound})

    def to_json(self) -> str:
        """Returns all fields as a JSON document."""
        return json.dumps(self.to_dict(), indent=2)

    def __str__(self) -> str:
        return "\n".join([*self._head(), "", *self._table(), "", *self._tail()])

    def _head(self) -> Iterator[str]:
        source = {
            "argument": "as given",
            "data": "the range of the data",
            "default": "the default, because none was given",
        }[self.domain_from]
        boxes = ", ".join(f"[{np.min(a):.4g}, {np.max(b):.4g}]" for a, b in self.domain)
        yield (
            f"activations replaced by RePU units of degree {self.degree} ({self.method}), each "
            f"within {self.tolerance:.3g}"
        )
        yield f"for every input in {boxes} ({source}); outside: {self.outside}"

    def _table(self) -> Iterator[str]:
        head = ("layer", "activation", "neurons", "units", "interval", "proved error", "slope")
        rows: list[tuple[str, ...]] = [head]
        for one in self.layers:
            low, high = one.pre_activations or one.fitted
            star = "" if one.pre_activations else " *"
            rows.append(
                (
                    one.layer,
                    one.activation,
                    str(np.size(one.errors)),
                    str(one.units) if one.banks == 1 else f"{one.units} x {one.banks}",
                    f"[{low:.3g}, {high:.3g}]{star}",
                    _upwards(one.error),
                    _upwards(one.slope),
                )
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        for row in rows:
            yield "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        if any(one.pre_activations is None for one in self.layers):
            yield "* seen on the data; nothing proves that no other number meets the activation"

    def _tail(self) -> Iterator[str]:
        if self.bound is None or self.output_bound is None or self.rounding_bound is None:
            yield f"no bound on the outputs is proved: {self.no_bound}"
        else:
            yield (
                f"outputs differ by at most {_upwards(self.bound)}: {_upwards(self.output_bound)} "
                f"by the replacement, {_upwards(self.rounding_bound)} by rounding"
            )
        yield f"measured: {self.measured:.3g}, on {self.measured_on}"
        banks = sum(one.banks for one in self.layers)
        yield f"units added: {self.units_added} in {banks} banks, for {self.neurons} neurons"
        yield "parameters: {} before, {} after".format(*self.parameters)
        if self.path_norm is not None:
            yield "path norm: {:.4g} before, {:.4g} after".format(*self.path_norm)
        if self.latency_ms is not None:
            before, after = self.latency_ms
            yield (
                f"latency: {before:.3g} ms before, {after:.3g} ms after "
                f"({after / before:.2f} times) for {self.latency_batch} rows"
            )
        for name, why in self.left_out.items():
            yield f"left as it is: {name}: {why}"


def _upwards(bound: float) -> str:
    """Formats a bound in three digits, rounded up so that the printed bound holds too."""
    text = f"{bound:.3g}"
    if float(text) < bound:
        text = f"{bound + 0.5 * 10.0 ** (np.floor(np.log10(bound)) - 2):.3g}"
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value
