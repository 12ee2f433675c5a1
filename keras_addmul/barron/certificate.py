"""What is proved, and what was measured, of a converted model."""

import dataclasses
import json

import numpy as np

__all__ = ["Certificate", "LayerCertificate"]


@dataclasses.dataclass(frozen=True)
class LayerCertificate:
    """What holds for one layer whose activation was replaced.

    Attributes:
        layer: Its name in the original model; the bank is called `bank`.
        bank: Name of the `RePUBank` in the converted model.
        activation: What was replaced.
        units: Units of a bank.
        banks: 1 where all neurons share one; otherwise as many as there are features.
        expected_units: What the best spline needs in the limit of small tolerances, for
            the hardest function where they differ.
        fitted: The interval on which the bank was fitted.
        pre_activations: Least and largest number that can meet the activation while the
            input is in the domain; None where no rule is known for a layer before it.
        error: Proved: the largest difference of activation and bank on that interval.
        errors: The same for each neuron, or channel, over the numbers that can meet it.
        slope: A Lipschitz constant of the bank there.
        seen: Least and largest number that met it on the data, or None.
    """

    layer: str
    bank: str
    activation: str
    units: int
    banks: int
    expected_units: float
    fitted: tuple
    pre_activations: tuple | None
    error: float
    errors: np.ndarray = dataclasses.field(repr=False)
    slope: float
    seen: tuple | None = None


@dataclasses.dataclass(frozen=True)
class Certificate:
    """What `convert_activation` proved and measured.

    Attributes:
        order, method, tolerance, outside: As they were asked for.
        domain: The proofs hold for every input between these two numbers or arrays, as a
            list of pairs, one for each input of the model.
        domain_from: `"argument"`, `"data"`, or `"default"`.
        layers: A `LayerCertificate` for each layer that was converted.
        left_out: Reasons by the names of layers with an activation that was not.
        output_bound: Proved: how far an output of the converted model may be from the
            original's for any input in the domain, in exact arithmetic; None if some
            layer has no rule.
        rounding_bound: Proved: by how much floating point may add to that, for products in the
            layers' own dtypes and elementary functions that are right to 16 units in the
            last place; None likewise.
        output_bounds: `output_bound + rounding_bound` for each output element, as a list of
            arrays without batch axis, or None.
        no_bound: Why there is no bound, or "".
        measured: The largest difference of outputs that was seen.
        measured_on: On what, in words.
        units_added: Units of all banks, those of each feature counted where they differ.
        neurons: Neurons, or channels of convolutions, whose activation was replaced.
        parameters: Of the model, before and after.
        path_norm: Before and after, or None where it is not defined.
        latency_ms: Median of a call, before and after, or None if it was not timed.
        latency_batch: How many rows a call had.
    """

    order: int
    method: str
    tolerance: float
    outside: str
    domain: list
    domain_from: str
    layers: list
    left_out: dict
    output_bound: float | None
    rounding_bound: float | None
    output_bounds: list | None = dataclasses.field(repr=False)
    no_bound: str
    measured: float
    measured_on: str
    units_added: int
    neurons: int
    parameters: tuple
    path_norm: tuple | None
    latency_ms: tuple | None
    latency_batch: int

    @property
    def bound(self):
        """`output_bound + rounding_bound`, or None."""
        return None if self.output_bound is None else self.output_bound + self.rounding_bound

    def to_dict(self):
        """All fields as numbers, strings, lists and dictionaries, which JSON can hold."""
        return _plain({**dataclasses.asdict(self), "bound": self.bound})

    def to_json(self):
        """All fields as a JSON document."""
        return json.dumps(self.to_dict(), indent=2)

    def __str__(self):
        return "\n".join([*self._head(), "", *self._table(), "", *self._tail()])

    def _head(self):
        source = {
            "argument": "as given",
            "data": "the range of the data",
            "default": "assumed: none was given",
        }[self.domain_from]
        boxes = ", ".join(f"[{np.min(a):.4g}, {np.max(b):.4g}]" for a, b in self.domain)
        yield (
            f"activations replaced by RePU units of order {self.order} ({self.method}), "
            f"tolerance {self.tolerance:.3g} each"
        )
        yield f"for every input in {boxes} ({source}); outside: {self.outside}"

    def _table(self):
        head = ("layer", "activation", "neurons", "units", "interval", "proved error", "slope")
        rows = [head]
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
                    f"{one.error:.3g}",
                    f"{one.slope:.3g}",
                )
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        for row in rows:
            yield "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        if any(one.pre_activations is None for one in self.layers):
            yield "* seen on the data; not proved that nothing else meets the activation"

    def _tail(self):
        if self.output_bound is None:
            yield f"outputs differ by at most: not known, {self.no_bound}"
        else:
            yield (
                f"outputs differ by at most {self.bound:.3g}: {self.output_bound:.3g} by the "
                f"replacement, {self.rounding_bound:.3g} by rounding"
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


def _plain(value):
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value
