"""The tail of the normal distribution: against mpmath, to what each dtype promises."""

import mpmath
import numpy as np
import tensorflow as tf

from keras_addmul.activations import normal_distribution
from keras_addmul.activations._precompute import fit_normal_tail
from keras_addmul.activations.normal_distribution import normal_density, normal_tail

T = np.concatenate([np.linspace(-9, 9, 361), [-40.0, -1e-8, 1e-8, 40.0, 1e4, -1e4]])


def exact(function, points):
    with mpmath.workdps(30):
        return np.array([float(function(mpmath.mpf(float(t)))) for t in points])


def test_single_precision_is_within_its_absolute_error():
    t = T.astype("float32")
    np.testing.assert_allclose(normal_tail(t), exact(lambda v: mpmath.ncdf(-v), t), atol=1e-7)
    np.testing.assert_array_equal(normal_tail(np.float32([-np.inf, np.inf])), [1.0, 0.0])


def test_double_precision_keeps_the_digits_of_the_tail():
    want = exact(lambda v: mpmath.ncdf(-v), T)
    # Half of t^2 eps comes from the rounding of t itself.
    np.testing.assert_allclose(normal_tail(T[T < 9.5]), want[T < 9.5], rtol=2e-14)
    assert np.all(np.isfinite(normal_tail(T)))


def test_the_slope_is_the_density_with_its_sign():
    for dtype, tolerance in (("float32", 1e-7), ("float64", 1e-15)):
        t = tf.constant(T, dtype)
        with tf.GradientTape() as tape:
            tape.watch(t)
            with tf.GradientTape() as inner:
                inner.watch(t)
                y = normal_tail(t)
            slope = inner.gradient(y, t)
        want = exact(mpmath.npdf, t.numpy())
        np.testing.assert_allclose(normal_density(t), want, atol=tolerance)
        np.testing.assert_allclose(slope, -want, atol=tolerance)
        np.testing.assert_allclose(tape.gradient(slope, t), t * want, atol=9 * tolerance)


def test_the_coefficients_are_what_their_script_finds():
    np.testing.assert_allclose(fit_normal_tail.fit(), normal_distribution.COEFFICIENTS, rtol=1e-4)
    assert fit_normal_tail.RATE == normal_distribution.RATE
    error = fit_normal_tail.largest_error(normal_distribution.COEFFICIENTS)
    assert error < 5e-9
