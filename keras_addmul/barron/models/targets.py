"""Which layers of a model to convert, and how they are put into the new one."""

import numpy as np

from keras_addmul.barron.functions.per_feature import PerFeature, members_of
from keras_addmul.barron.models.graph import layers_of
from keras_addmul.barron.models.recognition import known_activations, recognise, why_not
from keras_addmul.barron.models.rules import LINEAR
from keras_addmul.layers import RePUBank

__all__ = ["bank_names", "fill", "find_targets", "replacement"]


def find_targets(model, order, names):
    """Returns layers to convert with their functions, by id, and why the others are left."""
    known = {layer.name: layer for layer in layers_of(model)}
    if isinstance(names, str):
        names = [names]
    for name in names or []:
        if name not in known:
            raise ValueError(
                f"Argument `layers` must hold names of layers: {', '.join(known)}. "
                f"Received: {name!r}"
            )
    targets, left_out = {}, {}
    for name, layer in known.items():
        what = recognise(layer)
        reason = why_not(what, order)
        if reason is None and getattr(what, "order", None) == order:
            reason = f"{what.name} is a RePU of order {order} already"
        if names is not None and name not in names:
            if what is not None:
                left_out[name] = "not among the layers named"
        elif names is not None and (what is None or reason):
            raise ValueError(
                f"Layer {name!r} cannot be converted to RePU of order {order}: "
                f"{reason or 'it has no activation'}."
            )
        elif reason:
            left_out[name] = reason
        elif what is not None:
            targets[id(layer)] = layer, what
    if not targets:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise ValueError(
            f"Argument `model` has no activation that embeds into RePU of order {order}. Those "
            f"known are {', '.join(known_activations())}. Received: {reasons or 'none at all'}."
        )
    return targets, left_out


def bank_names(model, targets):
    """Names for the banks: of the layer each replaces, or new ones beside it."""
    taken = {layer.name for layer in layers_of(model)}
    names = {}
    for key, (layer, _) in targets.items():
        name = layer.name if type(layer) not in LINEAR else f"{layer.name}_repu"
        while name in taken and type(layer) in LINEAR:
            name += "_"
        names[key] = name
    return names


def replacement(layer, targets, banks, names):
    """The layers to put in place of one, or None to copy it."""
    if id(layer) not in targets:
        return None
    bank = members_of(banks[id(layer)])[0]
    new = RePUBank(
        units=bank.units,
        s=bank.order,
        low=bank.low,
        high=bank.high,
        outside=bank.outside,
        left=bank.left,
        shared=not isinstance(banks[id(layer)], PerFeature),
        dtype=layer.dtype_policy,
        name=names[id(layer)],
    )
    if type(layer) not in LINEAR:
        return [new]
    config = {**layer.get_config(), "activation": "linear"}
    return [type(layer).from_config(config), new]


def fill(converted, banks, names):
    """Writes the numbers of the banks into the layers made for them."""
    layers = {layer.name: layer for layer in layers_of(converted)}
    for key, bank in banks.items():
        layer = layers[names[key]]
        for weight in (layer.knots, layer.coefficients, layer.bias):
            values = np.stack([getattr(one, weight.name) for one in members_of(bank)])
            weight.assign(values[0] if layer.shared else values[bank.of_feature])
