"""The Levenberg-Marquardt method for many starting points of one stack at once."""

import numpy as np

from keras_addmul.discover.search.stack import Inputs, Stack

__all__ = ["minimize"]


def minimize(
    stack: Stack,
    parameters: np.ndarray,
    free: np.ndarray,
    inputs: Inputs,
    y: np.ndarray,
    weights: np.ndarray,
    steps: int,
    enough: float = 0.0,
    logarithmic: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Minimizes the mean square of the weighted residuals, from many starting points at once.

    Args:
        stack: The `Stack`.
        parameters: Starting points, of shape `(settings, size)`.
        free: Booleans of the same shape: which parameters may move.
        inputs: `Inputs` of the rows.
        y: Targets, of shape `(rows,)`.
        weights: Factor of each residual, of shape `(rows,)`.
        steps: Largest number of steps.
        enough: Mean square at which to stop, as soon as any setting reaches it.
        logarithmic: Whether residuals are differences of logarithms; a value of the wrong sign
            is then no finite value.

    Returns:
        The new parameters, and their mean squares of shape `(settings,)`: infinite where
        the formula has no finite value.
    """
    # Steps that overflow are not taken.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _minimize(stack, parameters, free, inputs, y, weights, steps, enough, logarithmic)


def _minimize(
    stack: Stack,
    parameters: np.ndarray,
    free: np.ndarray,
    inputs: Inputs,
    y: np.ndarray,
    weights: np.ndarray,
    steps: int,
    enough: float,
    logarithmic: bool,
) -> tuple[np.ndarray, np.ndarray]:
    parameters = np.array(parameters, float)
    moving = np.flatnonzero(free.any(axis=0))
    lowest = stack.lowest(inputs)[moving]
    mask = free[:, moving].astype(float)
    damping = np.full(len(parameters), 1e-2)
    cost = _cost(stack.values(parameters, inputs), y, weights, logarithmic)[1]
    stale = np.zeros(len(parameters), int)
    for _ in range(steps):
        active = np.flatnonzero((stale < 6) & np.isfinite(cost))
        if not len(active) or cost.min() <= enough:
            break
        value, slopes = stack.slopes(parameters[active], inputs)
        residual, _ = _cost(value, y, weights, logarithmic)
        slopes = slopes[:, moving] * weights * mask[active][..., None]
        if logarithmic:
            slopes = slopes / value[:, None]
        np.nan_to_num(slopes, copy=False, posinf=0.0, neginf=0.0)
        normal = slopes @ slopes.transpose(0, 2, 1)
        gradient = (slopes @ residual[..., None])[..., 0]
        moved = parameters[active].copy()
        moved[:, moving] -= _step(normal, gradient, damping[active]) * mask[active]
        moved[:, moving] = np.maximum(moved[:, moving], lowest)
        new = _cost(stack.values(moved, inputs), y, weights, logarithmic)[1]
        better = new < cost[active]
        stale[active] = np.where(better & (new < cost[active] * (1 - 1e-6)), 0, stale[active] + 1)
        chosen = active[better]
        parameters[chosen], cost[chosen] = moved[better], new[better]
        damping[active] = np.clip(
            np.where(better, damping[active] / 5, damping[active] * 4), 1e-14, 1e12
        )
    return parameters, cost


def _cost(
    value: np.ndarray, y: np.ndarray, weights: np.ndarray, logarithmic: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the weighted residuals, and the mean of their squares."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        residual = (np.log(value / y) if logarithmic else value - y) * weights
        cost = np.mean(residual * residual, axis=-1)
    return residual, np.where(np.isfinite(cost), cost, np.inf)


def _step(normal: np.ndarray, gradient: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """Returns the damped step, scaled by the curvature in each direction."""
    size = normal.shape[-1]
    diagonal = np.einsum("spp->sp", normal)
    scale = np.sqrt(np.maximum(diagonal, 1e-14 * diagonal.max(-1, keepdims=True) + 1e-280))
    scaled = normal / scale[:, :, None] / scale[:, None, :]
    scaled = scaled + damping[:, None, None] * np.eye(size)
    # The ridge keeps undetermined directions from blowing up.
    scaled = scaled + 1e-15 * np.eye(size)
    try:
        step = np.linalg.solve(scaled, (gradient / scale)[..., None])[..., 0]
    except np.linalg.LinAlgError:
        step = gradient / scale / (1 + damping[:, None])
    return step / scale
