"""The results of a run of the demonstration."""

import dataclasses

import numpy as np

from keras_addmul.demo.networks import Law
from keras_addmul.demo.splitting import Split
from keras_addmul.discover import Discovery

__all__ = ["Outcome"]


@dataclasses.dataclass
class Outcome:
    """The results of a run of the demonstration.

    Attributes:
        law: The `Law` read off the neuron.
        parts: The `Split` of the bodies.
        predictions: Predicted periods in seconds, by model name and then by part,
            `"training"`, `"held_out"` or `"unseen"`: float array, one entry for each body.
        parameters: Number of weights of each model, by name.
        steps: Number of training steps of each model, by name.
        path: The neuron's weights during training: `{"step": [...], "order": [...], ...}`.
        served: Period in seconds that the SavedModel predicts for the unseen body, or None.
        discovery: The `Discovery` for the training bodies, or None if they are too few.

    Example:

    >>> from keras_addmul import demo
    >>> from keras_addmul.demo.networks import Law
    >>> parts = demo.split(demo.load())
    >>> late = {"held_out": 1.02 * parts.held_out.period}
    >>> law = Law(order=1.0, axis_exponent=1.5, mass_exponent=-0.5, constant=768680.0)
    >>> outcome = demo.Outcome(law, parts, {"late": late}, {"late": 4}, {"late": 0}, {})
    >>> outcome.errors("late", "held_out").round(3).max()
    np.float64(0.02)
    """

    law: Law
    parts: Split
    predictions: dict[str, dict[str, np.ndarray]]
    parameters: dict[str, int]
    steps: dict[str, int]
    path: dict[str, list[float]]
    served: float | None = None
    discovery: Discovery | None = None

    def errors(self, name: str, part: str) -> np.ndarray:
        """Computes the relative errors of a model on a part of the bodies.

        Args:
            name: Name of the model, a key of `predictions`.
            part: `"training"`, `"held_out"` or `"unseen"`.

        Returns:
            Float array of relative errors, one entry for each body of the part.
        """
        return np.abs(self.predictions[name][part] / getattr(self.parts, part).period - 1)
