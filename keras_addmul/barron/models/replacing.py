"""Builds the converted model with the fitted banks."""

import keras
import numpy as np

from keras_addmul.barron.functions.per_feature import PerFeature, members_of
from keras_addmul.barron.models.targets import Target
from keras_addmul.layers import RePUBank
from keras_addmul.layers.graph import layers_of, rebuild

__all__ = ["bank_names", "with_banks"]


def bank_names(model: keras.Model, targets: dict[int, Target]) -> dict[int, str]:
    """Names the banks by layer id: a bank takes the name of a layer that it replaces."""
    taken = {layer.name for layer in layers_of(model)}
    names = {}
    for key, target in targets.items():
        name = target.layer.name
        if not target.alone:
            name += "_repu"
            while name in taken:
                name += "_"
        taken.add(name)
        names[key] = name
    return names


def with_banks(model: keras.Model, targets: dict[int, Target]) -> keras.Model:
    """Returns a new model with the banks of the targets in place of their functions."""
    names, made = bank_names(model, targets), []

    def replace(layer):
        target = targets.get(id(layer))
        if target is None:
            return None
        new = _layer_of(target, names[id(layer)])
        made.append((new, target.bank))
        if target.alone:
            return [new]
        return [type(layer).from_config({**layer.get_config(), "activation": "linear"}), new]

    converted = rebuild(model, replace)
    for layer, bank in made:
        _fill(layer, bank)
    return converted


def _layer_of(target, name):
    bank = members_of(target.bank)[0]
    return RePUBank(
        units=bank.units,
        s=bank.degree,
        low=bank.low,
        high=bank.high,
        outside=bank.outside,
        left=bank.left,
        shared=not isinstance(target.bank, PerFeature),
        dtype=target.applied.dtype_policy,
        name=name,
    )


def _fill(layer, bank):
    for weight in (layer.knots, layer.coefficients, layer.bias):
        values = np.stack([getattr(one, weight.name) for one in members_of(bank)])
        weight.assign(values[0] if layer.shared else values[bank.of_feature])
