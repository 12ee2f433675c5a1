"""A new stack of layers puts out numbers of the size of its inputs, and its gradients keep theirs.

Stacks of 1 to 8 layers are compared with stacks of `keras.layers.Dense` of the same depth and
width on the same inputs: the root mean square of what they put out, and of the gradients that
come back to the inputs from a random projection of it.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import layers
from keras_addmul.layers.arithmetic_unit import ArithmeticUnit
from tests.layers.cases import NAMES

ROWS = 16
DEPTHS = (1, 2, 4, 8)
FACTOR = 3.0

# Every way of connecting units.
FORMS = {
    "AddMulDense": [
        {},
        {"groups": 8},
        {"coupling": "free"},
        {"path": "mixture"},
        # Between nodes, the linear solution's slopes near 0 are wrong.
        {"path": "linear", "groups": 8},
    ],
    # Between orders 0 and 1 the iterates are steep near 0: gradients grow in a stack.
    "ComplexAddMulDense": [{"order_initializer": "zeros", "shared": True}],
}

# Their start is that of their paper, which keeps no size (`layers/Peers.md`); or they choose
# among few inputs, or hold what others have learned, and are not made for a start.
NOT_FOR_STACKS = {
    "AddMulSelect": "each unit takes all of its inputs or divides by them, to choose a few",
    "INALU": "a product of all inputs beside a sum, with a gate at 1/2",
    "NALU": "a product of powers of all inputs, which has a pole where an input is 0",
    "NMRU": "a product of all inputs and their reciprocals",
    "NMU": "a product of all inputs, each gated by 1/2",
    "ProductDense": "a product of powers of all inputs: what trained units are settled into",
    "ProductUnit": "a product of powers of all inputs, which has a pole where an input is 0",
    "RealNPU": "a product of powers of all inputs, gated by 1/2: gradients vanish",
}
# Layers that take each number by itself start as the identity, or have the size that an
# activation has; the Dense before them is what a start may rule.
UNITS = {name for name in NAMES if issubclass(getattr(layers, name), ArithmeticUnit)}

INPUTS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "positive": lambda rng, shape: rng.uniform(0.5, 2.0, shape),
}


def sizes(make, x, width):
    """The root mean squares of outputs and gradients at each depth, of one stack."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(1)
    stack = [make(width) for _ in range(DEPTHS[-1])]
    rows = []
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x
        for depth, layer in enumerate(stack, 1):
            y = layer(y)
            if depth in DEPTHS:
                # A projection of its own for each row, so that their mean is a steady figure.
                toward = rng.normal(size=y.shape).astype("float32")
                rows.append((depth, y, tf.reduce_sum(y * toward)))
    return {
        depth: [float(tf.sqrt(tf.reduce_mean(v**2))) for v in (y, tape.gradient(projected, x))]
        for depth, y, projected in rows
    }


def ratios(name, kwargs, kind, width, columns):
    """The sizes of a stack over those of a stack of Dense."""
    x = INPUTS[kind](np.random.default_rng(0), (ROWS, columns)).astype("float32")
    x = tf.constant(x)
    ours = sizes(lambda width: getattr(layers, name)(width, **kwargs), x, width)
    dense = sizes(keras.layers.Dense, x, width)
    return {depth: np.divide(ours[depth], dense[depth]) for depth in DEPTHS}


def keeps(found):
    return all(np.all((r >= 1 / FACTOR) & (r <= FACTOR)) for r in found.values())


KEEPING = [
    (name, kwargs)
    for name in sorted(UNITS - set(NOT_FOR_STACKS))
    for kwargs in FORMS.get(name, [{}])
]


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize(("width", "columns"), [(32, 32), (32, 10), (256, 256)])
@pytest.mark.parametrize(("name", "kwargs"), KEEPING, ids=str)
def test_a_stack_keeps_the_size_of_its_inputs_and_gradients(name, kwargs, width, columns, kind):
    found = ratios(name, kwargs, kind, width, columns)
    assert keeps(found), found


@pytest.mark.parametrize("name", ["ExpIterate", "SoftExponential"])
def test_iterates_of_each_number_start_as_the_identity(name):
    x = np.linspace(-3.0, 3.0, 13, dtype="float32")[:, None]
    np.testing.assert_allclose(getattr(layers, name)()(x), x, rtol=1e-6)


@pytest.mark.parametrize("name", NOT_FOR_STACKS)
def test_the_layers_that_are_left_out_would_fail(name):
    assert not all(keeps(ratios(name, {}, kind, 32, 32)) for kind in INPUTS)
