"""A neuron that finds Kepler's third law in the solar system as measured."""

from typing import Any

from keras_addmul.demo.bodies import Bodies, load
from keras_addmul.demo.results import Outcome
from keras_addmul.demo.splitting import Split, Units, split
from keras_addmul.extras import require_extra

__all__ = ["Bodies", "Outcome", "Split", "Units", "load", "run", "split"]


def run(out: str = "demo_out", **options: Any) -> Outcome:
    """Runs the demonstration: trains, compares, draws, exports, and asks the exported model.

    Args:
        out: Directory to write the picture and the SavedModel to.
        **options: Of `keras_addmul.demo.story.run`: `table`, `steps` and `seed`.

    Returns:
        An `Outcome`: the law that the neuron learned, and every prediction.

    Raises:
        ImportError: If a library of the extra `discover` is missing.
        ValueError: If the table cannot be used, or an option is out of range.
    """
    require_extra("discover")
    from keras_addmul.demo import story  # rich and matplotlib are extras

    return story.run(out, **options)


def __dir__() -> list[str]:
    return __all__
