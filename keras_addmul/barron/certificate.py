"""What is proved, and what was measured, of a converted model."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["Certificate", "LayerCertificate"]


@dataclasses.dataclass(frozen=True)
class LayerCertificate:
    """What holds for one layer whose activation was replaced.

    Attributes:
        layer: Its name in the original model.
        bank: Name of the `RePUBank` in the converted model.
        activation: What was replaced.
        units: Units of a bank.
        banks: 1 where all neurons share a bank; otherwise the number of features.
        expected_units: What the best spline needs in the limit of small tolerances, for
            the hardest function where they differ.
        fitted: The interval on which the bank was fitted.
        pre_activations: Least and largest number that can meet the activation while the
            input is in the domain; None where no rule is known for a layer before it.
        error: Proved: the largest difference of activation and bank, over the numbers that can
            meet them, or on the fitted interval where no rule is known.
        errors: The same for each neuron, or channel, over the numbers that can meet it.
        slope: A Lipschitz constant of the bank there.
        seen: Least and largest number that met the activation on the data, or None.
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
    """What `convert_activation` proved and measured.

    `print(certificate)` shows it as a table; `to_json()` writes all of it.

    Attributes:
        degree: The power of the units.
        method: As it was asked for.
        tolerance: Likewise.
        outside: Likewise.
        domain: The proofs hold for every input between these two numbers or arrays: a
            list of pairs, one for each input of the model.
        domain_from: `"argument"`, `"data"`, or `"default"`.
        layers: A `LayerCertificate` for each layer that was converted.
        left_out: Reasons by the names of layers whose activation was not converted.
        output_bound: Proved: how far an output of the converted model may be from the
            original's for any input in the domain, in exact arithmetic; None if nothing
            is proved.
        rounding_bound: Proved: how much floating point may add to that. It holds for
            products in the layers' own dtypes, and elementary functions that are right to 16
            units in the last place. None likewise.
        output_bounds: `output_bound + rounding_bound` for each output element, as a list of
            arrays without batch axis, or None.
        no_bound: Why there is no bound, or "".
        measured: The largest difference of outputs that was seen. It never exceeds the bound:
            the conversion raises an error instead.
        measured_on: On what, in words.
        units_added: Units of all banks, counted for each feature where the features differ.
        neurons: Neurons, or channels of convolutions, whose activation was replaced.
        parameters: Of the model, before and after.
        path_norm: Before and after, or None where it is not defined.
        latency_ms: Median of a call, before and after, or None if it was not timed.
        latency_batch: How many rows a call had.

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
        """Proved: how far the computed outputs of the two models may be apart, or None."""
        if self.output_bounds is None:
            return None
        return max(float(np.max(bound)) for bound in self.output_bounds)

    def to_dict(self) -> dict[str, Any]:
        """All fields as numbers, strings, lists and dictionaries, which JSON can hold."""
        return _plain({**dataclasses.asdict(self), "bound": self.bound})

    def to_json(self) -> str:
        """All fields as a JSON document."""
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
    """A number in three digits, rounded up: what is printed is proved too."""
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
