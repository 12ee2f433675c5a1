"""The neuron, the two networks beside it, and the law that is read off the neuron."""

import dataclasses
import math

import keras
import numpy as np

from keras_addmul.demo.splitting import Units
from keras_addmul.layers import AddMulDense

__all__ = ["CONSTANT", "Arm", "Law", "arms", "read_law", "served"]

GRAVITY: float = 6.67430e-11  # m^3 / (kg s^2), CODATA 2018
CONSTANT: float = 2 * math.pi / math.sqrt(GRAVITY)


@dataclasses.dataclass
class Arm:
    """A model, how it is trained, and the form in which it gets the numbers.

    Attributes:
        name: For the reader.
        model: `keras.Model` from two inputs to one output.
        loss: Name of a Keras loss.
        log_inputs: Whether the model is given logarithms.
        log_outputs: Whether it answers with a logarithm.
    """

    name: str
    model: keras.Model
    loss: str
    log_inputs: bool = False
    log_outputs: bool = False

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Returns inputs as the model takes them."""
        return np.log(x) if self.log_inputs else x

    def encode_targets(self, y: np.ndarray) -> np.ndarray:
        """Returns targets as the model answers them."""
        return np.log(y) if self.log_outputs else y

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predicts the periods, in units, for a float array of shape `(bodies, 2)`."""
        y = keras.ops.convert_to_numpy(self.model(self.encode(x), training=False))
        y = y[:, 0].astype("float64")
        return np.exp(y) if self.log_outputs else y


def arms() -> list[Arm]:
    """Makes the three models, untrained: the neuron first.

    The networks get the loss and the form of output that did best on the held-out
    bodies, among those that were tried. The neuron's loss, of log(1 + period),
    keeps a year from outweighing a day; without the 1, there is a second valley
    at order 1/6, and it is the one that the default start leads to.
    """
    return [
        Arm("AddMulDense", _neuron(), "mean_squared_logarithmic_error"),
        Arm("Dense", _network("dense"), "mean_squared_error", False, True),
        Arm("Dense, given logarithms", _network("logs"), "mean_squared_error", True, True),
    ]


def _neuron() -> keras.Model:
    """`constant * (axis (+)_n mass)`; order, exponents and constant are learned."""
    constant = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="ones",
        kernel_constraint="non_neg",
        name="constant",
    )
    operation = AddMulDense(1, use_bias=False, name="operation")
    return keras.Sequential([keras.Input((2,), name="axis_and_mass"), operation, constant])


def _network(name: str) -> keras.Model:
    hidden, output = keras.layers.Dense(16, "tanh"), keras.layers.Dense(1)
    return keras.Sequential([keras.Input((2,), name="axis_and_mass"), hidden, output], name=name)


@dataclasses.dataclass(frozen=True)
class Law:
    """`period = constant * axis ** axis_exponent * mass ** mass_exponent`, if `order` is 1.

    Attributes:
        order: What the neuron does: 0 adds, 1 multiplies.
        axis_exponent: Kepler's is 3/2.
        mass_exponent: Kepler's is -1/2.
        constant: In SI units, with the exponents rounded to halves: they carry
            the units, and those are known to be whole powers of metre, kilogram
            and second once the exponents are.
    """

    order: float
    axis_exponent: float
    mass_exponent: float
    constant: float


def read_law(model: keras.Model, units: Units) -> Law:
    """Reads the `Law` off a trained neuron."""
    operation = model.get_layer("operation")
    order = float(operation.order.numpy()[0])
    axis, mass = (float(w) for w in operation.kernel.numpy()[:, 0])
    scale = float(model.get_layer("constant").kernel.numpy()[0, 0])
    halves = round(2 * axis) / 2, round(2 * mass) / 2
    constant = scale * units.period / units.axis ** halves[0] / units.mass ** halves[1]
    return Law(order, axis, mass, constant)


def served(model: keras.Model, units: Units) -> keras.Model:
    """Puts the neuron between SI units: from metres and kilograms to seconds."""
    return keras.Sequential(
        [
            keras.Input((2,), name="metres_and_kilograms"),
            keras.layers.Rescaling([1 / units.axis, 1 / units.mass]),
            *model.layers,
            keras.layers.Rescaling(units.period),
        ],
        name="period_in_seconds",
    )
