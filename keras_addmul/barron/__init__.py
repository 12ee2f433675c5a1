"""Rectified power units, path norms, and activation replacement with a proved error bound.

`convert_activation` replaces smooth activations with banks of RePU units and certifies how much
the outputs can change. `to_table` turns the banks into lookup tables. `path_norm` bounds the
Barron norm of a network. `can_represent` tells which activations embed into which.
"""

from keras_addmul.activations.rectified_power import repu
from keras_addmul.barron.certificate import Certificate, LayerCertificate
from keras_addmul.barron.converting import convert_activation
from keras_addmul.barron.lookup_table import to_table
from keras_addmul.barron.models.recognition import known_activations
from keras_addmul.barron.norms.hierarchy import can_represent, embeddings, spectral_norm_bound
from keras_addmul.barron.norms.network_norm import path_norm
from keras_addmul.barron.norms.penalty import PathNorm, PathNormLog, PathNormMetric
from keras_addmul.layers import RePU

__all__ = [
    "Certificate",
    "LayerCertificate",
    "PathNorm",
    "PathNormLog",
    "PathNormMetric",
    "RePU",
    "can_represent",
    "convert_activation",
    "embeddings",
    "known_activations",
    "path_norm",
    "repu",
    "spectral_norm_bound",
    "to_table",
]


def __dir__() -> list[str]:
    return __all__
