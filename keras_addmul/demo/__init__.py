"""Trains a neuron that finds Kepler's third law in measurements of the solar system."""

from typing import Any

from keras_addmul.demo.bodies import Bodies, load
from keras_addmul.demo.results import Outcome
from keras_addmul.demo.splitting import Split, Units, split
from keras_addmul.extras import require_extra

__all__ = ["Bodies", "Outcome", "Split", "Units", "load", "run", "split"]


def run(out: str = "demo_out", **options: Any) -> Outcome:
    """Runs the demonstration: trains, compares, draws, exports, and queries the exported model.

    Args:
        out: Directory for the picture `kepler.png` and the SavedModel `served`.
        **options: Options of the run:
            `table`, the path of a CSV file as `load` reads it (default: the solar system);
            `steps`, the number of training steps of each model (default: 2000);
            `seed`, an integer (default: 0).

    Returns:
        An `Outcome`: the law that the neuron learned, and every prediction.

    Raises:
        ImportError: If a library of the extra `discover` is missing.
        OSError: If the table does not exist, or `out` cannot be written to.
        ValueError: If the table cannot be used, or an option is out of range.

    Example:

    >>> from keras_addmul import demo
    >>> outcome = demo.run("demo_out")  # doctest: +SKIP
    >>> round(outcome.law.axis_exponent, 2)  # doctest: +SKIP
    1.5
    """
    require_extra("discover")
    from keras_addmul.demo import story  # rich and matplotlib are extras

    return story.run(out, **options)


def __dir__() -> list[str]:
    return __all__
