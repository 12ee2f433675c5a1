"""Evaluation of polynomials."""

__all__ = ["polynomial"]


def polynomial(t, coefficients):
    """Sum of `coefficients[k] * t**k`, by Estrin's scheme.

    Pairs are joined at each step, so that a processor can work on many of them
    at once; Horner's scheme would wait for each product.
    """
    terms = list(coefficients)
    while len(terms) > 1:
        pairs = zip(terms[0::2], terms[1::2], strict=False)
        joined = [low + high * t for low, high in pairs]
        if len(terms) % 2:
            joined.append(terms[-1])
        terms, t = joined, t * t
    return terms[0]
