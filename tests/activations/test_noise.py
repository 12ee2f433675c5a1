"""The random numbers: the same everywhere, and as random as they should be."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_addmul.activations import noise
from keras_addmul.activations.distributions import get_noise, noise_config

SEED = tf.constant([3, 4])
DRAWS = {"uniform": noise.uniform, "normal": noise.normal, "half_normal": noise.half_normal}


@pytest.fixture(scope="module")
def samples():
    """A hundred thousand of each, eager, in a graph and under XLA."""
    draw = lambda shape, seed: {name: f(shape, seed) for name, f in DRAWS.items()}
    modes = {
        "eager": draw,
        "graph": tf.function(draw),
        "XLA": tf.function(draw, jit_compile=True),
    }
    return {mode: draw((100_000,), SEED) for mode, draw in modes.items()}


def test_uniform_numbers_are_bit_for_bit_the_same_in_every_mode(samples):
    for mode in ("graph", "XLA"):
        np.testing.assert_array_equal(samples[mode]["uniform"], samples["eager"]["uniform"])


def test_normal_numbers_differ_between_modes_by_rounding_alone(samples):
    # Two implementations of erfinv, which lose digits towards 1: 2^-23 from there, two thirds.
    for mode in ("graph", "XLA"):
        for name in ("normal", "half_normal"):
            one, other = samples[mode][name].numpy(), samples["eager"][name].numpy()
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
            near = np.abs(other) < 2.0
            np.testing.assert_allclose(one[near], other[near], atol=2e-6)


def test_each_follows_its_distribution(samples):
    theory = {"uniform": "uniform", "normal": "norm", "half_normal": "halfnorm"}
    for name, x in samples["XLA"].items():
        assert stats.kstest(x, theory[name]).pvalue > 1e-3, name
    x = samples["XLA"]["normal"].numpy()
    assert abs(np.corrcoef(x[1:], x[:-1])[0, 1]) < 4 / np.sqrt(x.size)


def test_the_ends_of_the_uniform_numbers_are_never_reached():
    """The largest and smallest of the 2^23 numbers give finite normal ones."""
    bits = np.array([0, 2**23 - 1], "float32")
    original, noise._whole_numbers = noise._whole_numbers, lambda shape, seed: tf.constant(bits)
    try:
        u = noise.uniform((2,), SEED).numpy()
        z, half = noise.normal((2,), SEED).numpy(), noise.half_normal((2,), SEED).numpy()
    finally:
        noise._whole_numbers = original
    assert 0.0 < u[0] < u[1] < 1.0
    assert z[0] == -z[1]
    assert 5.0 < z[1] < 5.3
    np.testing.assert_array_equal(half, np.abs(z))


def test_the_first_rows_do_not_depend_on_how_many_follow():
    few, many = noise.normal((10, 3), SEED), noise.normal((1000, 3), SEED)
    np.testing.assert_array_equal(few, many[:10])


def test_seeds_follow_from_one_another_and_are_saved_as_state():
    generator = keras.random.SeedGenerator(5)
    first, second = noise.next_seed(generator), noise.next_seed(generator)
    assert not np.array_equal(first, second)
    again = keras.random.SeedGenerator(5)
    again.state.assign(generator.state)
    np.testing.assert_array_equal(noise.next_seed(again), noise.next_seed(generator))


@pytest.mark.parametrize("name", ["normal", "half_normal"])
def test_nodes_integrate_moments_exactly(name):
    values, weights = get_noise(name).nodes()
    np.testing.assert_allclose(weights @ values, get_noise(name).mean, atol=1e-14)
    np.testing.assert_allclose(weights @ values**2, 1.0, rtol=1e-13)
    np.testing.assert_allclose(weights @ values**4, 3.0, rtol=1e-11)  # the nodes end at 8


@pytest.fixture(scope="module")
def tfd():
    return pytest.importorskip("tensorflow_probability").distributions


def test_a_distribution_is_drawn_by_its_quantiles_and_keeps_its_config(tfd):
    for made in (tfd.Gumbel(0.5, 2.0), tfd.Uniform(-1.0, 3.0), tfd.Laplace(0.0, 1.0)):
        found = get_noise(made)
        assert found.mean == pytest.approx(float(made.mean()), abs=1e-6)
        x = found.draw((50_000,), SEED).numpy()
        assert x.dtype == np.float32
        assert stats.kstest(x, lambda v, made=made: made.cdf(v).numpy()).pvalue > 1e-3
        again = get_noise(noise_config(found))
        assert noise_config(again) == noise_config(found)
        np.testing.assert_allclose(again.draw((9,), SEED), x[:9], rtol=1e-6)


def test_noise_that_cannot_be_is_refused(tfd):
    for given, message in (
        ("cauchy", "one of 'normal', 'half_normal', or a distribution"),
        (tfd.Normal([0.0, 1.0], 1.0), "distribution of single numbers"),
        (tfd.Cauchy(0.0, 1.0), "a finite mean. Received: Cauchy"),
        (tfd.VonMises(0.0, 1.0), "knows its quantiles. Received: VonMises"),
    ):
        with pytest.raises(ValueError, match=message):
            get_noise(given)
