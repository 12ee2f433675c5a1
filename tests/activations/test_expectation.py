"""The means over the noise: against quadrature at thirty digits, and a million samples."""

import itertools

import mpmath
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.activations._logistic_mixture import MIXTURE
from keras_addmul.activations.distributions import get_noise
from keras_addmul.activations.expectation import noisy_mean, smoothed_sigmoid
from keras_addmul.activations.noise_kinds import KINDS
from keras_addmul.activations.noisy_family import noisy, noisy_sample
from keras_addmul.activations.saturating import BASES, get_base

NORMALS = ("normal", "half_normal")
# kind, alpha, clip, noise
FORMS = [
    ("NAN", 1.15, False, "normal"),
    ("NAN", 0.9, True, "normal"),
    ("NAH", 1.15, False, "half_normal"),
    ("NAH", 1.0, True, "half_normal"),
    ("NAH", 1.15, True, "half_normal"),
    ("NANI", 1.0, False, "normal"),
    ("NANI", 1.0, False, "half_normal"),
    ("NANIL", 1.0, False, "normal"),
    ("NANIS", 1.0, False, "normal"),
]
X = np.array([-4.5, -2.0, -1.0, 0.0, 0.4, 1.0, 1.2, 2.5])
SMALL, LARGE = (0.8, 0.5), (2.0, 12.0)  # p and c
P, C = np.transpose([SMALL, LARGE, SMALL, LARGE, LARGE, SMALL, LARGE, SMALL])


def truth(base, x, p, c, kind, alpha, clip, noise):
    """The definition, integrated: `keras_addmul` is not asked."""
    mp = mpmath
    h_of = {
        "hard_tanh": lambda t: max(-1, min(1, t)),
        "tangent_sigmoid": lambda t: max(0, min(1, t / 4 + mp.mpf(1) / 2)),
        "tanh": mp.tanh,
        "sigmoid": lambda t: 1 / (1 + mp.exp(-t)),
    }[base]
    slope, middle, low, high = (1, 0, -1, 1) if "tanh" in base else (0.25, 0.5, 0, 1)
    u = slope * x + middle
    h = h_of(mp.mpf(x))
    s = c * (1 / (1 + mp.exp(-p * (h - u))) - mp.mpf(1) / 2) ** 2
    d = -(1 if x >= 0 else -1) * (1 if alpha <= 1 else -1)
    if kind in ("NAN", "NAH"):
        inner = lambda z: alpha * h + (1 - alpha) * u + d * s * z
        f = (lambda z: max(low, min(high, inner(z)))) if clip else inner
        kinks = [(b - inner(0)) / (d * s) for b in (low, high)] if clip and s else []
    else:
        threshold = (high - middle) / slope
        s = {"NANI": c, "NANIS": c * (abs(x) >= threshold), "NANIL": s}[kind]
        f = lambda z: h_of(x + s * z)
        kinks = [(b - x) / s for b in (-threshold, threshold)] if s else []
    start = 0 if noise == "half_normal" else -12
    points = sorted({mp.mpf(t) for t in (start, -3, 0, 3, 12, *kinks) if start <= t <= 12})
    weight = 2 if noise == "half_normal" else 1
    return float(weight * mp.quad(lambda z: f(z) * mp.npdf(z), points))


@pytest.mark.parametrize("base", BASES)
def test_means_agree_with_quadrature(base):
    """To 1e-6, as promised, and to 5e-9 in fact."""
    for kind, alpha, clip, noise in FORMS:
        form = (kind, alpha, clip, noise)
        with mpmath.workdps(18):
            expected = [truth(base, *at, *form) for at in zip(X, P, C, strict=True)]
        got = noisy_mean(X, P, C, base, *form)
        np.testing.assert_allclose(got, expected, rtol=0, atol=5e-9, err_msg=f"{form}")


@pytest.fixture(scope="module")
def million():
    return np.random.default_rng(0).normal(size=1_000_000).astype("float32")


@pytest.mark.parametrize("base", BASES)
def test_means_agree_with_a_million_samples(base, million):
    for kind, alpha, clip, noise in FORMS:
        z = np.abs(million) if noise == "half_normal" else million
        for x in (-3.0, 0.9):
            y = noisy(np.float32(x), z, 1.0, 4.0, base, kind, alpha, clip).numpy()
            error = 5 * y.std() / 1000 + 1e-6  # five standard errors, and single precision
            mean = float(noisy_mean(x, 1.0, 4.0, base, kind, alpha, clip, noise))
            assert abs(y.mean(dtype="float64") - mean) <= error, (kind, alpha, clip, noise, x)


@pytest.mark.parametrize("kind", KINDS)
def test_by_default_the_mean_is_that_of_the_samples(kind):
    """Whatever the noise of a kind is: the two take the same."""
    x = np.repeat(np.float32([[-3.0, -0.5, 0.0, 1.0, 4.0]]), 100_000, axis=0)
    for base, clip in itertools.product(BASES, (False, True)):
        options = {"p": 1.2, "c": 2.0, "base": base, "kind": kind, "alpha": 1.1, "clip": clip}
        y = noisy_sample(x, tf.constant([5, 6]), **options).numpy()
        error = 5 * y.std(axis=0) / np.sqrt(len(x)) + 2e-6
        mean = noisy_mean(x[0], **options)
        assert np.all(np.abs(y.mean(axis=0, dtype="float64") - mean) <= error), (base, clip)


def test_the_mixture_is_within_its_error_of_the_sigmoid_everywhere():
    with mpmath.workdps(30):
        worst = max(
            abs(sum(w * mpmath.ncdf(b * x) for b, w in MIXTURE) - 1 / (1 + mpmath.exp(-x)))
            for x in mpmath.linspace(-40, 40, 801)
        )
    assert worst < 2.2e-9
    assert sum(w for _, w in MIXTURE) == pytest.approx(1.0, abs=1e-15)


def test_smoothing_keeps_that_error_at_any_scale():
    """A mean is at most as wrong as what is averaged: one bound for all scales."""
    z, w = get_noise("normal").nodes()
    x = np.linspace(-20, 20, 81)
    for scale in (0.0, 0.3, 1.0, 2.0):  # the nodes are exact up to here
        direct = (1 / (1 + np.exp(-(x[:, None] + scale * z)))) @ w
        assert np.max(np.abs(smoothed_sigmoid(x, np.float64(scale)) - direct)) < 3e-9
    far = smoothed_sigmoid(np.array([-1e3, 1e3]), np.array([1.0, 1e6]))
    np.testing.assert_allclose(far, [0.0, 0.5 + 1e-3 / np.sqrt(2 * np.pi)], atol=1e-8)


def test_without_noise_the_mean_is_the_function():
    for base, kind in itertools.product(BASES, KINDS):
        alpha = 1.0
        got = noisy_mean(X, 1.0, 0.0, base, kind, alpha)
        np.testing.assert_allclose(got, get_base(base)(X), atol=5e-9)


def test_means_have_finite_slopes_in_every_dtype():
    sizes = [0.0, 1e-30, 1e-7, 1.0, 2.0, 50.0, 1e4]
    for dtype in (tf.float16, tf.bfloat16, tf.float32, tf.float64):
        more = [] if dtype == tf.float16 else [1e20, 1e35]
        x = tf.cast([*sizes, *more, *np.negative(sizes + more)], dtype)
        for base, (kind, alpha, clip, noise) in itertools.product(BASES, FORMS):
            p, c = tf.constant(0.7, dtype), tf.constant(30.0, dtype)
            with tf.GradientTape() as tape:
                tape.watch([x, p, c])
                y = noisy_mean(x, p, c, base, kind, alpha, clip, noise)
            assert y.dtype == dtype
            everything = [y, *tape.gradient(y, [x, p, c], unconnected_gradients="zero")]
            for t in everything:
                assert np.all(np.isfinite(tf.cast(t, tf.float64))), (dtype, base, kind, noise)


def test_slopes_of_the_mean_are_the_mean_of_slopes():
    """Central differences of the mean itself, in every direction."""
    for base, (kind, alpha, clip, noise) in itertools.product(BASES, FORMS):
        at = [np.array([-3.1, -0.4, 1.6, 2.7]), np.float64(0.9), np.float64(2.0)]
        f = lambda x, p, c: noisy_mean(x, p, c, base, kind, alpha, clip, noise)  # noqa: B023
        tensors = [tf.constant(a) for a in at]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            y = tf.reduce_sum(f(*tensors))
        slopes = tape.gradient(y, tensors, unconnected_gradients="zero")
        # Six rows: up and down in each direction, at once.
        steps = 1e-5 * np.concatenate([np.eye(3), -np.eye(3)])
        rows = f(*(a + steps[:, i : i + 1] for i, a in enumerate(at))).numpy()
        for i, slope in enumerate(slopes):
            numeric = (rows[i] - rows[i + 3]) / 2e-5
            numeric = numeric if i == 0 else numeric.sum()
            np.testing.assert_allclose(slope, numeric, rtol=1e-6, atol=1e-8)


def test_a_distribution_of_tensorflow_probability_has_its_mean_too(million):
    tfd = pytest.importorskip("tensorflow_probability").distributions
    gumbel = tfd.Gumbel(np.float64(0.2), np.float64(0.7))
    z = 0.2 - 0.7 * np.log(-np.log(np.random.default_rng(1).uniform(size=1_000_000)))
    for base, kind, clip in (
        ("hard_tanh", "NAN", False),
        ("sigmoid", "NAN", True),
        ("tanh", "NANI", False),
        ("tangent_sigmoid", "NANIS", False),
    ):
        y = np.asarray(noisy(np.float64(2.2), z, 1.0, 3.0, base, kind, 1.1, clip))
        mean = float(noisy_mean(np.float64(2.2), 1.0, 3.0, base, kind, 1.1, clip, gumbel))
        assert abs(y.mean() - mean) < 5 * y.std() / 1000 + 1e-3 * (clip or kind != "NAN")
