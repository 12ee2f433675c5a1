"""What a run of the demonstration found."""

import dataclasses

import numpy as np

from keras_addmul.demo.networks import Law
from keras_addmul.demo.splitting import Split
from keras_addmul.discover import Discovery

__all__ = ["Outcome"]


@dataclasses.dataclass
class Outcome:
    """The results of a run.

    Attributes:
        law: `Law`, read off the neuron.
        parts: `Split`, the bodies.
        predictions: Seconds, for each model by its name and for `"training"`,
            `"held_out"` and `"unseen"`: float array, one entry a body.
        parameters: Number of weights of each model, by its name.
        steps: Number of training steps that each model did, by its name.
        path: The weights over the training: `{"step": [...], "order": [...], ...}`.
        served: Seconds that the SavedModel answered for the unseen body, or None.
        discovery: What `discover` finds in the same table, or None where it is too short.
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
        """Computes the relative errors of a model on a part of the bodies."""
        return np.abs(self.predictions[name][part] / getattr(self.parts, part).period - 1)
