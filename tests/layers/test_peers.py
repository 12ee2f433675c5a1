"""The units of other papers: their definitions, and what existing implementations get wrong."""

import keras
import mpmath
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import layers, special
from keras_addmul.layers import INALU, NALU, NAU, NMRU, NMU, ProductUnit, RealNPU, SoftExponential
from keras_addmul.layers.initializers import NACUniform, NAUUniform
from tests.layers.training import train

X = np.random.default_rng(0).uniform(-3.0, 3.0, (40, 5))
UNITS = 3
DENSE = {
    "INALU": INALU,
    "NALU": NALU,
    "NAU": NAU,
    "NMRU": NMRU,
    "NMU": NMU,
    "ProductUnit": ProductUnit,
    "RealNPU": RealNPU,
}


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def complex_powers(x, kernel):
    """`prod_j x_j ** W_ji`, by the complex logarithm."""
    return np.exp(np.log(x.astype("complex128")) @ kernel)


# Each from its paper, in NumPy; the weights in the order of the layer.


def nau(x, w):
    return np.stack([(x * w[:, i]).sum(1) for i in range(UNITS)], 1)


def nmu(x, w):
    return np.stack([(w[:, i] * x + 1.0 - w[:, i]).prod(1) for i in range(UNITS)], 1)


def nmru(x, w):
    z = np.concatenate([x, 1.0 / x], 1)
    phase = np.pi * (z < 0.0) @ w
    return nmu(np.abs(z), w) * np.cos(phase)


def real_npu(x, w, g, v=0.0):
    g, epsilon = np.clip(g, 0.0, 1.0), 2.0**-23
    r, k = g * (np.abs(x) + epsilon) + 1.0 - g, np.pi * (x < 0.0) * g
    return np.exp((np.log(r) + 1j * k) @ (w + 1j * v)).real


def product_unit(x, w):
    return complex_powers(x, w).real


def nalu(x, w_hat, m_hat, gate):
    w = np.tanh(w_hat) * sigmoid(m_hat)
    g = sigmoid(x @ gate)
    return g * (x @ w) + (1.0 - g) * np.exp(np.log(np.abs(x) + 1e-7) @ w)


def inalu(x, a_w, a_m, m_w, m_m, gate):
    add, multiply = np.tanh(a_w) * sigmoid(a_m), np.tanh(m_w) * sigmoid(m_m)
    size = np.exp(np.minimum(np.log(np.maximum(np.abs(x), 1e-7)) @ multiply, 20.0))
    signs = np.sign(x)[:, :, None] * np.abs(multiply) + 1.0 - np.abs(multiply)
    g = sigmoid(gate)
    return g * (x @ add) + (1.0 - g) * size * signs.prod(1)


DEFINITIONS = {
    "INALU": inalu,
    "NALU": nalu,
    "NAU": nau,
    "NMRU": nmru,
    "NMU": nmu,
    "ProductUnit": product_unit,
    "RealNPU": real_npu,
}


def built(name, dtype="float64", **kwargs):
    """A layer whose weights are spread beyond where they start."""
    layer = DENSE[name](UNITS, dtype=dtype, **kwargs)
    layer.build((None, X.shape[1]))
    low, high = (0.0, 1.0) if name in ("NMU", "NMRU") else (-1.2, 1.2)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.uniform(low, high, w.shape) for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize("name", DENSE)
def test_is_its_paper_s_definition(name):
    layer = built(name)
    expected = DEFINITIONS[name](X, *layer.get_weights())
    scale = np.maximum(np.abs(expected), 1.0)
    # At most ten factors, whose logarithms are below 20: some 100 eps.
    assert np.abs(layer(X) - expected).max() < 1e-12 * scale.max()
    np.testing.assert_allclose(layer(X), expected, rtol=1e-10, atol=1e-12)
    single = built(name, "float32")
    single.set_weights(layer.get_weights())
    np.testing.assert_allclose(single(X.astype("float32")), expected, rtol=2e-4, atol=2e-5)


def test_npu_is_a_product_of_complex_powers():
    layer = built("RealNPU", imaginary=True)
    w, g, v = layer.get_weights()
    np.testing.assert_allclose(layer(X), real_npu(X, w, g, v), rtol=1e-10, atol=1e-12)


def test_ungated_real_npu_is_a_product_unit():
    npu = built("RealNPU", epsilon=1e-300)
    unit = built("ProductUnit")
    npu.set_weights([unit.get_weights()[0], np.ones(X.shape[1])])
    np.testing.assert_allclose(npu(X), unit(X), rtol=1e-12)


def test_whole_weights_give_exact_results():
    x = np.array([[3.0, -5.0, 0.0], [-7.0, 2.0, 4.0]], "float32")
    for layer, weights, expected in (
        (NAU(1), [1.0, -1.0, 0.0], [[8.0], [-9.0]]),
        (NMU(1), [1.0, 1.0, 0.0], [[-15.0], [-14.0]]),
        (NMU(1), [1.0, 1.0, 1.0], [[0.0], [-56.0]]),
        (NMRU(1), [0.0, 1.0, 1.0, 0.0, 0.0, 0.0], [[0.0], [8.0]]),
        (NMRU(1), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0], [[-5.0], [2.0]]),
    ):
        layer.build((None, 3))
        layer.set_weights([np.array(weights, "float32")[:, None]])
        np.testing.assert_array_equal(layer(x), expected)


def test_nmru_divides_by_negative_numbers_with_the_right_sign():
    x = np.array([[6.0, -3.0], [-6.0, -4.0], [-6.0, 3.0]], "float32")
    layer = NMRU(1)
    layer.build((None, 2))
    layer.set_weights([np.array([[1.0], [0.0], [0.0], [1.0]])])
    np.testing.assert_allclose(layer(x), [[-2.0], [1.5], [-2.0]], rtol=3e-7)


def gradient_of(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(function(x))
    return tape.gradient(y, x).numpy()


@pytest.mark.parametrize("name", DENSE)
def test_an_input_at_zero_gets_a_gradient(name):
    """`abs` has the slope 0 at 0, and with it most published code."""
    layer = built(name)
    if name == "ProductUnit":
        layer.kernel.assign(np.abs(layer.kernel) + 0.5)
    if name == "RealNPU":  # a gate at 0 lets no input through
        layer.gate.assign(np.full(layer.gate.shape, 0.6))
    x = np.abs(X)
    x[:, 2] = 0.0
    g = gradient_of(layer, x)
    assert np.all(np.isfinite(g))
    assert np.all(g[:, 2] != 0.0)


def test_the_gradient_of_a_product_is_that_of_the_other_factors():
    """By `exp(sum(log))`, or by dividing the product by a factor, it is nan at zero."""
    ones = np.ones((4, 1))
    x = np.array([[2.0, 3.0, 5.0, 7.0], [0.0, 3.0, 5.0, 7.0], [0.0, 3.0, 0.0, 7.0]])
    expected = [[np.delete(row, j).prod() for j in range(4)] for row in x]
    np.testing.assert_array_equal(gradient_of(lambda x: special.nmu(x, ones), x), expected)


@pytest.mark.parametrize("inputs", [1, 2, 3, 7, 16])
def test_products_of_any_number_of_inputs(inputs, rng):
    x = rng.uniform(0.5, 2.0, (4, inputs))
    np.testing.assert_allclose(
        special.nmu(x, np.ones((inputs, 1)))[:, 0], x.prod(1), rtol=1e-14 * inputs
    )


@pytest.mark.parametrize("order", [1, -1])
def test_no_overflow_beside_a_zero(order):
    x = np.array([[1e30, 1e30, 0.0, 1e-30][::order]], "float32")
    y = special.nmu(x, np.ones((4, 1), "float32"), limit=special.output_bound("float32"))
    np.testing.assert_array_equal(y, [[0.0]])


def test_an_output_at_its_bound_can_be_led_back():
    x, limit = np.full((1, 4), 1e20, "float32"), special.output_bound("float32")
    for sign, moves in ((1.0, True), (-1.0, False)):  # a loss that falls with y, and that grows
        loss = lambda w, s=sign: s * special.nmu(x, w, limit=limit)
        g = gradient_of(loss, np.ones((4, 1), "float32"))
        assert np.all(np.isfinite(g))
        assert np.all(g > 0.0) if moves else np.all(g == 0.0)


def test_powers_of_negative_numbers_are_real():
    y = special.product_unit([[-8.0], [-4.0]], [[1.0 / 3.0, 2.0, 0.5]])
    np.testing.assert_allclose(y, [[1.0, 64.0, 0.0], [4.0 ** (1 / 3) / 2, 16.0, 0.0]], atol=2e-5)


def test_npu_gates_stay_where_they_learn():
    assert RealNPU(1).gate_constraint is not None
    x, kernel = np.array([[2.0, 3.0]]), np.ones((2, 1))
    slope = lambda gate: gradient_of(lambda g: special.npu(x, kernel, g), np.array(gate))
    assert np.all(slope([0.0, 1.0]) != 0.0)  # at the ends of the constraint
    assert np.all(slope([-0.01, 1.01]) == 0.0)  # beyond, as the paper defines it


# The soft exponential


def true_soft_exponential(x, alpha):
    if alpha == 0:
        return x
    if alpha < 0:
        return -mpmath.log(1 - alpha * (x + alpha)) / alpha
    return (mpmath.exp(alpha * x) - 1) / alpha + alpha


def test_soft_exponential_is_its_definition_and_so_are_its_slopes():
    alphas = [-1.0, -0.3, -0.12, -1e-3, -1e-7, 0.0, 1e-7, 1e-3, 0.06, 0.12, 0.3, 1.0]
    numbers = [0.02, 0.3, 1.0, 2.5, 6.0]
    x, alpha = (tf.constant(a.ravel()) for a in np.meshgrid(numbers, alphas))
    with tf.GradientTape() as tape:
        tape.watch([x, alpha])
        y = special.soft_exponential(x, alpha)
        total = tf.reduce_sum(y)
    slopes = tape.gradient(total, [x, alpha])
    with mpmath.workdps(50):
        h = mpmath.mpf(10) ** -20
        for i, (a, b) in enumerate(zip(x.numpy(), alpha.numpy(), strict=True)):
            a, b = mpmath.mpf(float(a)), mpmath.mpf(float(b))
            assert float(y[i]) == pytest.approx(
                float(true_soft_exponential(a, b)), rel=1e-13, abs=1e-14
            )
            by_x = (true_soft_exponential(a + h, b) - true_soft_exponential(a - h, b)) / (2 * h)
            by_alpha = (true_soft_exponential(a, b + h) - true_soft_exponential(a, b - h)) / (2 * h)
            assert float(slopes[0][i]) == pytest.approx(float(by_x), rel=1e-12)
            assert float(slopes[1][i]) == pytest.approx(float(by_alpha), rel=1e-11)


def test_soft_exponential_is_finite_where_its_logarithm_has_no_value():
    """Below `x = |alpha| - 1/|alpha|` other implementations give nan."""
    x = np.array([[-50.0, -1.0, 0.0, 1e10, 1e30]], "float32")
    for alpha in (-1.0, -0.5, 1e-20, 1.0):
        layer = SoftExponential(alpha_initializer=keras.initializers.Constant(alpha))
        with tf.GradientTape() as tape:
            tape.watch(tensor := tf.constant(x))
            y = layer(tensor)
        assert np.all(np.isfinite(y))
        assert not any(np.any(np.isnan(g)) for g in tape.gradient(y, [tensor, layer.alpha.value]))


# Noise


def test_snmu_is_exact_at_whole_weights_and_noisy_between():
    layer = NMU(1, noise=(1.0, 5.0), seed=3)
    x = X.astype("float32")
    layer.build(x.shape)
    layer.kernel.assign([[1.0], [0.0], [1.0], [1.0], [0.0]])
    np.testing.assert_allclose(layer(x, training=True), layer(x), rtol=2e-6)
    layer.kernel.assign(np.full((5, 1), 0.5))
    first, second = layer(x, training=True), layer(x, training=True)
    assert np.abs(first - second).max() > 0.01
    np.testing.assert_allclose(layer(x), nmu_of_one(x, 0.5), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer(x), layer(x))


def nmu_of_one(x, w):
    return (w * x + 1.0 - w).prod(1, keepdims=True)


def test_snmu_repeats_its_noise_from_its_seed_and_is_reversible_by_definition(rng):
    x = np.abs(X[:, :2]).astype("float32")
    layers_ = [NMU(1, noise=(1.0, 5.0), seed=3, kernel_initializer="ones") for _ in range(2)]
    for layer in layers_:
        layer.build(x.shape)
        layer.kernel.assign([[0.5], [0.25]])
    np.testing.assert_array_equal(*(layer(x, training=True) for layer in layers_))
    noise = rng.uniform(1.0, 5.0, x.shape)
    w = np.array([[0.5], [0.25]])
    expected = (w.T * x * noise + 1 - w.T).prod(1) / (w.T * noise + 1 - w.T).prod(1)
    np.testing.assert_allclose(special.nmu(x.astype("float64"), w, noise)[:, 0], expected)


# Where weights start


def test_initializers_are_the_published_ones():
    nau = NAUUniform(seed=0)((2, 1)).numpy()
    assert np.abs(nau).max() <= 0.5
    wide = NAUUniform(seed=0)((300, 300)).numpy()
    assert wide.std() == pytest.approx((2.0 / 600.0) ** 0.5, rel=0.01)
    hats = [NACUniform(seed=s)((200, 200)).numpy() for s in (0, 1)]
    assert special.nac_weights(*hats).numpy().std() == pytest.approx((2.0 / 400.0) ** 0.5, rel=0.02)


def test_weights_of_one_layer_start_apart():
    for layer in (NALU(2), INALU(2)):
        layer.build((None, 3))
        starts = [w.ravel()[:2] for w in layer.get_weights()]
        assert len({tuple(s) for s in starts}) == len(starts)


# Bad arguments


@pytest.mark.parametrize(
    "noise", [(0.0, 1.0), (2.0, 1.0), (1.0, float("inf")), 3.0, (1.0, 2.0, 3.0)]
)
def test_bad_noise_is_refused(noise):
    with pytest.raises(ValueError, match="`noise` must be None or two numbers, 0 < low < high"):
        NMU(1, noise=noise)


@pytest.mark.parametrize("name", [*DENSE, "SoftExponential"])
def test_bad_arguments_and_inputs_are_refused(name):
    make = getattr(layers, name)
    if name != "SoftExponential":
        with pytest.raises(ValueError, match="`units` must be a positive integer. Received: 0"):
            make(0)
    if name not in ("NAU", "NMU"):
        with pytest.raises(ValueError, match="`epsilon` must be a number above 0.0. Received: 0"):
            make(**({"units": 1} if name in DENSE else {}), epsilon=0)
    layer = make(1) if name in DENSE else make()
    with pytest.raises(TypeError, match="takes floats.*int32"):
        layer(np.ones((2, 3), "int32"))
    layer = make(1) if name in DENSE else make()
    with pytest.raises(ValueError, match="last dimension of its input to be known"):
        layer(keras.Input((None,)))


# Training


def rows(inputs, low=0.5, high=2.0):
    return np.random.default_rng(1).uniform(low, high, (2048, inputs)).astype("float32")


ANSWERS = {
    "NAU": (NAU(1), lambda x: x[:, 0] - x[:, 1], [1.0, -1.0, 0.0]),
    "NMU": (NMU(1), lambda x: x[:, 0] * x[:, 2], [1.0, 0.0, 1.0]),
    "sNMU": (NMU(1, noise=(1.0, 5.0)), lambda x: x[:, 0] * x[:, 2], [1.0, 0.0, 1.0]),
    # Of two inputs: a third may be multiplied and divided by, which is no error.
    "NMRU": (NMRU(1), lambda x: x[:, 0] / x[:, 1], [1.0, 0.0, 0.0, 1.0]),
    "ProductUnit": (ProductUnit(1), lambda x: x[:, 0] ** 1.5 / x[:, 1], [1.5, -1.0, 0.0]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERS)
def test_learns_the_weights_of_what_it_can_do(name):
    layer, law, kernel = ANSWERS[name]
    x = rows(2 if name == "NMRU" else 3)
    (weights,) = train(layer, x, law(x)[:, None], steps=1500, seeds=[1])
    np.testing.assert_allclose(weights["kernel"][:, 0], kernel, atol=0.01)


OPERATIONS = {
    "RealNPU": (lambda x: x[:, 0] * x[:, 1], 2e-2),
    "INALU": (lambda x: x[:, 0] * x[:, 1], 2e-2),
    "NALU": (lambda x: x[:, 0] + x[:, 1], 5e-2),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_learns_an_operation_from_some_of_eight_starts(name):
    law, rate = OPERATIONS[name]
    layer, x = getattr(layers, name)(1), rows(2)
    layer.build(x.shape)
    worst = []
    for weights in train(layer, x, law(x)[:, None], steps=6000, seeds=range(8), rate=rate):
        layer.set_weights(list(weights.values()))
        worst.append(np.max(np.abs(layer(x)[:, 0] / law(x) - 1.0)))
    # What a gate leaves of the other path fades slowly.
    assert sum(np.array(worst) < 0.08) >= 2, worst


@pytest.mark.slow
def test_soft_exponentials_leave_zero_and_find_exp_log_and_the_identity():
    x = rows(3)
    y = np.stack([np.exp(x[:, 0]), np.log(x[:, 1]), x[:, 2]], axis=1)
    (weights,) = train(SoftExponential(), x, y, steps=800)
    np.testing.assert_allclose(weights["alpha"], [1.0, -1.0, 0.0], atol=0.01)
