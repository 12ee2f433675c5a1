"""A neuron that finds Kepler's third law in the solar system as measured."""

from keras_addmul.demo.table import Table, load

__all__ = ["Table", "load"]
