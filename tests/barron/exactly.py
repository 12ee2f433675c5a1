"""The functions of `barron` at forty digits, written from their definitions."""

import mpmath

from keras_addmul.activations._logistic_mixture import MIXTURE

DEFINITIONS = {
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "log_sigmoid": lambda z: -mpmath.log1p(mpmath.exp(-z)),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "gelu": lambda z: z * mpmath.ncdf(z),
    "sin": mpmath.sin,
    "gaussian": lambda z: mpmath.exp(-z * z),
    "exponential": mpmath.exp,
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "softsign": lambda z: z / (1 + abs(z)),
}
# At their default parameters.
DEFINITIONS["swish"] = DEFINITIONS["silu"]
DEFINITIONS["celu"] = DEFINITIONS["pelu"] = DEFINITIONS["elu"]

_HARD = {
    "hard_tanh": lambda x: max(-1, min(1, x)),
    "tangent_sigmoid": lambda x: max(0, min(1, x / 4 + mpmath.mpf(1) / 2)),
    "tanh": mpmath.tanh,
    "sigmoid": DEFINITIONS["sigmoid"],
}


def power(degree):
    """`max(0, z)^degree`."""
    return lambda z: z**degree if z > 0 else mpmath.mpf(0)


def bank(one):
    """The function of a `Bank`, from its numbers."""

    def function(z):
        z = min(max(z, one.low), one.high) if one.outside == "clip" else z
        total = mpmath.mpf(one.bias)
        for knot, weight, side in zip(one.knots, one.coefficients, one.side, strict=True):
            total += (
                mpmath.mpf(weight) * max(mpmath.mpf(0), side * (z - mpmath.mpf(knot))) ** one.degree
            )
        return total

    return function


def noisy(kind, base="hard_tanh", p=0.0, alpha=None, c=None):
    """The expectation of a noisy activation over normal or half-normal noise."""
    tanh = "tanh" in base
    low, slope, middle = (-1, 1, 0) if tanh else (0, mpmath.mpf(1) / 4, mpmath.mpf(1) / 2)
    alpha = mpmath.mpf((1.15 if tanh else 1.1) if alpha is None else alpha)
    c = mpmath.mpf(c if c is not None else {"NANI": 0.05}.get(kind, 0.5 if tanh else 0.15))
    h, p = _HARD[base], mpmath.mpf(p)

    def size(x):
        return c * (1 / (1 + mpmath.exp(-p * (h(x) - slope * x - middle))) - mpmath.mpf(1) / 2) ** 2

    def on_output(x):
        mean = mpmath.sqrt(2 / mpmath.pi) if kind == "NAH" else 0
        sign = (-1 if x >= 0 else 1) * (1 if alpha <= 1 else -1)
        return alpha * h(x) + (1 - alpha) * (slope * x + middle) + sign * size(x) * mean

    def on_input(x):
        spread = size(x) if kind == "NANIL" else c
        if base in ("tanh", "sigmoid"):
            stretch = 2 if tanh else 1
            terms = (
                w * mpmath.ncdf(b * stretch * x / mpmath.sqrt(1 + (b * stretch * spread) ** 2))
                for b, w in MIXTURE
            )
            return low + (1 - low) * sum(terms)
        u, sigma = slope * x + middle, slope * spread
        if sigma == 0:
            return h(x)

        def above(level):
            v = (u - level) / sigma
            return sigma * (v * mpmath.ncdf(v) + mpmath.npdf(v))

        return low + above(low) - above(1)

    return on_output if kind in ("NAN", "NAH") else on_input
