"""Evaluation of polynomials."""

from collections.abc import Sequence

from keras_addmul.annotations import Tensor

__all__ = ["polynomial"]


def polynomial(t: Tensor, coefficients: Sequence[float]) -> Tensor:
    """Returns the sum of `coefficients[k] * t**k`, by Estrin's scheme.

    The scheme combines neighbouring terms in pairs, which a processor can evaluate in
    parallel. In Horner's scheme each product waits for the one before.
    """
    terms = list(coefficients)
    while len(terms) > 1:
        pairs = zip(terms[0::2], terms[1::2], strict=False)
        joined = [low + high * t for low, high in pairs]
        if len(terms) % 2:
            joined.append(terms[-1])
        terms, t = joined, t * t
    return terms[0]
