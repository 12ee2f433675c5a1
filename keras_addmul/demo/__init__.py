"""A neuron that finds Kepler's third law in the solar system as measured."""

from keras_addmul.demo.bodies import Table, load
from keras_addmul.demo.splitting import Split, Units, split

__all__ = ["Split", "Table", "Units", "load", "run", "split"]


def run(out="demo_out", **options):
    """Runs the demonstration; see `keras_addmul.demo.story.run`."""
    from keras_addmul.demo import story  # needs rich and matplotlib, which are extras

    return story.run(out, **options)


def __dir__() -> list[str]:
    return __all__
