"""Estimates the numbers of a formula under a model of the noise, with their covariance."""

import dataclasses
import math

import numpy as np

from keras_addmul.discover.search.description import bits_of_structure
from keras_addmul.discover.search.levenberg_marquardt import minimize
from keras_addmul.discover.search.noise_model import KINDS, Noise
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.snapping import Fit

__all__ = ["Estimate", "best_estimate", "estimate"]


# Fewer rows do not show whether there are outliers.
_HEAVY = 20


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A fit under a model of the noise.

    Attributes:
        fit: The `Fit`, its parameters estimated.
        noise: The `Noise`, its parts in scaled units of the target.
        covariance: Covariance matrix of all parameters, 0 for those that are held.
        freedom: Degrees of freedom of the residuals.
        surprise: Minus the log-likelihood of each row, in nats.
        bits: Bits of the formula plus those of the rows.
        determined: Whether the rows determine all parameters, but for the conventional ones.
    """

    fit: Fit
    noise: Noise
    covariance: np.ndarray
    freedom: int
    surprise: np.ndarray
    bits: float
    determined: bool = True

    def error(self, place: int) -> float:
        """Returns the standard error of a parameter."""
        return math.sqrt(max(float(self.covariance[place, place]), 0.0))


def best_estimate(fit: Fit, scaled: Scaled) -> Estimate | None:
    """Returns the estimate under the most likely kind of noise; None if there is none.

    Args:
        fit: The `Fit` to begin with.
        scaled: The `Scaled` rows. If they have a `sigma`, that is the noise, up to a factor.
    """
    known = scaled.sigma
    one_sign = (scaled.y > 0).all() or (scaled.y < 0).all()
    kinds = KINDS if one_sign and known is None else KINDS[:1]
    made = [estimate(fit, scaled, Noise.start(kind, known=known)) for kind in kinds]
    found = [one for one in made if one is not None]
    if not found:
        return None
    best = min(found, key=lambda one: one.bits)
    residuals = best.noise.residuals(scaled.y, values(best.fit, scaled))
    middle = float(np.median(np.abs(residuals)))
    if len(scaled) >= _HEAVY and np.abs(residuals).max() > 7 * middle > 0:
        for one in found:
            heavy = dataclasses.replace(Noise.start(one.noise.kind, True, known))
            again = estimate(one.fit, scaled, heavy) if one.noise.kind != "both" else None
            if again is not None and again.bits < best.bits - 5.0 and _stray(again, scaled):
                best = again
    return best


def _stray(one: Estimate, scaled: Scaled) -> bool:
    """Whether the outliers of heavy noise are few, and not the rows that hold what varies."""
    told = values(one.fit, scaled)
    out = one.noise.outlying(one.noise.residuals(scaled.y, told)) < 0.3
    square = ((told - told.mean()) / one.noise.scale(told)) ** 2
    return out.mean() < 0.2 and square[out].sum() < 0.5 * square.sum()


def values(fit: Fit, scaled: Scaled) -> np.ndarray:
    """Returns the predictions of a fit, in scaled units."""
    with np.errstate(all="ignore"):
        return fit.stack.values(fit.parameters[None], scaled.inputs)[0]


def estimate(fit: Fit, scaled: Scaled, noise: Noise) -> Estimate | None:
    """Estimates the free parameters of a fit under one kind of noise.

    Args:
        fit: The `Fit` to begin with.
        scaled: The `Scaled` rows.
        noise: The kind of noise; its size is estimated.

    Returns:
        The `Estimate`, or None if the formula has no finite value, or the wrong sign, on a row.
    """
    noise = dataclasses.replace(noise, known=scaled.sigma)
    stack, y = fit.stack, scaled.y
    parameters, told = fit.parameters, values(fit, scaled)
    steady = noise.kind == "additive" and not noise.heavy
    for _ in range(1 if steady else 5):
        if not _possible(noise, y, told):
            return None
        noise = noise.fitted(y, told)
        weights = np.sqrt(noise.outlying(noise.residuals(y, told))) / noise.scale(told)
        before = parameters
        parameters, _ = minimize(
            stack, before[None], fit.free[None], scaled.inputs, y, weights, 25,
            logarithmic=noise.logarithmic,
        )  # fmt: skip
        parameters = parameters[0]
        told = values(dataclasses.replace(fit, parameters=parameters), scaled)
        if np.allclose(parameters, before, rtol=1e-9, atol=1e-12):
            break
    if not _possible(noise, y, told):
        return None
    return _judged(dataclasses.replace(fit, parameters=parameters), scaled, noise, told)


def _possible(noise: Noise, y: np.ndarray, told: np.ndarray) -> bool:
    if not np.isfinite(told).all():
        return False
    return noise.kind == "additive" or bool((y * told > 0).all())


def _judged(fit: Fit, scaled: Scaled, noise: Noise, told: np.ndarray) -> Estimate:
    """Returns the covariance, the likelihood of left-out rows, and the bits."""
    stack, y = fit.stack, scaled.y
    moving = np.flatnonzero(fit.free)
    residuals = noise.residuals(y, told)
    _, slopes = stack.slopes(fit.parameters[None], scaled.inputs)
    slopes = slopes[0, moving]
    slopes = slopes / told if noise.logarithmic else slopes / noise.scale(told)
    outlying = noise.outlying(residuals)
    slopes = np.nan_to_num(slopes * np.sqrt(outlying), posinf=0.0, neginf=0.0)
    size = np.sqrt((slopes**2).sum(axis=1)) + 1e-300
    left, singular, right = np.linalg.svd(slopes.T / size, full_matrices=False)
    # Directions without slope, such as the scale of a later sum, are no parameters.
    kept = singular > 1e-9 * singular.max(initial=1e-300)
    left, singular, right = left[:, kept], singular[kept], right[kept]
    leverage = np.minimum((left**2).sum(axis=1), 0.99)
    # Choosing among kinds of noise costs a degree of freedom, too.
    free_kinds = int(noise.known is None and bool((y > 0).all() or (y < 0).all()))
    freedom = len(y) - int(kept.sum()) - noise.parameters - free_kinds
    variance = float(np.sum(outlying * residuals**2)) / max(freedom, 1)
    root = right.T / singular / size[:, None]
    covariance = np.zeros((stack.size, stack.size))
    single = residuals * np.sqrt(outlying) / (1 - leverage) * noise.widening
    cautious = _cautious(root, left, single, variance * noise.widening)
    covariance[np.ix_(moving, moving)] = cautious
    # Residuals of rows that rule the fit are small; so they are as large as others again.
    surprise = noise.surprise(y, told, residuals / np.sqrt(1 - leverage), scaled.rounding)
    numbers = int(kept.sum()) + noise.parameters
    # That makes up for half a nat for each number; the rest makes half a logarithm (Schwarz, Ann.
    # Stat. 6, 1978), and corrects for few rows (Hurvich & Tsai, Biometrika 76, 1989).
    more = (0.5 * math.log(len(y)) - 0.5 + numbers / max(len(y) - numbers - 2, 0.1)) * numbers
    bits = (float(surprise.sum()) + more) / math.log(2)
    bits += bits_of_structure(stack, fit.parameters, fit.free)
    if freedom < 1:
        bits = np.inf
    noise = noise.sized(math.sqrt(variance))
    determined = int(kept.sum()) >= len(moving) - len(stack.sums) + 1
    return Estimate(fit, noise, covariance, freedom, surprise, bits, determined)


def _cautious(
    root: np.ndarray, left: np.ndarray, single: np.ndarray, variance: float
) -> np.ndarray:
    """Returns the covariance of the numbers, with the larger of two standard errors for each.

    One takes the model of the noise at its word. The other is HC3 (MacKinnon & White, J. Econom.
    29, 1985), from each row's own residual: where a few rows rule the fit, the first is too small.
    """
    model = root @ root.T * variance
    rows = root @ (left * single[:, None]).T
    own = np.sqrt((rows**2).sum(axis=1))
    grown = np.maximum(own / np.sqrt(np.diagonal(model) + 1e-300), 1.0)
    return model * grown[:, None] * grown
