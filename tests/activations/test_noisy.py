"""The formulas of the noisy activations: the paper's facts, and what follows from them."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.activations import hard_tanh, tangent_sigmoid
from keras_addmul.activations.noise_kinds import KINDS, get_kind
from keras_addmul.activations.noisy_family import noise_scale, noisy, noisy_sample
from keras_addmul.activations.saturating import BASES, get_base

EPS = np.finfo("float64").eps
EVERY = list(itertools.product(BASES, KINDS, (0.9, 1.0, 1.15)))
X = np.array([-50.0, -4, -2, -1, -0.3, 0, 0.3, 1, 2, 4, 50])


def options(base, kind, alpha):
    return {"base": base, "kind": kind, "alpha": alpha}


def test_each_base_meets_its_tangent_and_its_limits():
    for base in BASES.values():
        np.testing.assert_allclose(base(np.float64(0.0)), base.middle, atol=EPS)
        step = 1e-6
        slope = (base(np.float64(step)) - base(np.float64(-step))) / (2 * step)
        np.testing.assert_allclose(slope, base.slope, rtol=1e-9)
        np.testing.assert_allclose(base(np.array([-99.0, 99.0])), [base.low, base.high], atol=EPS)
        np.testing.assert_allclose(base.linear(base.threshold), base.high)
    assert (BASES["hard_tanh"].threshold, BASES["tangent_sigmoid"].threshold) == (1.0, 2.0)
    np.testing.assert_allclose(tangent_sigmoid(X), np.clip(X / 4 + 0.5, 0, 1))
    np.testing.assert_allclose(hard_tanh(X), np.clip(X, -1, 1))


def test_the_scale_has_the_values_of_the_paper_and_never_passes_a_quarter_of_c():
    for c, expected in ((0.5, (0.0267, 0.0725, 0.116)), (30.0, (1.60, 4.35, 6.97))):
        got = noise_scale(np.array([-1.0, -2.0, -4.0]), 1.0, c)
        np.testing.assert_allclose(got, expected, rtol=2e-3)  # three digits
    delta = np.linspace(-9, 9, 37)
    for p in (-3.0, -0.2, 0.0, 0.7, 1e30):
        direct = 0.8 * (1 / (1 + np.exp(-np.clip(p * delta, -700, 700))) - 0.5) ** 2
        got = noise_scale(delta, p, 0.8)
        np.testing.assert_allclose(got, direct, atol=2 * EPS)
        np.testing.assert_array_equal(got, noise_scale(delta, -p, 0.8))
        assert np.all(got <= 0.2)


def test_the_picture_of_the_paper():
    """Its figure 4: x = 4, c = 0.5, p = 1, half-normal noise up to about 4.8."""
    for alpha, still, mean in ((0.9, 1.3, 1.218), (1.0, 1.0, 0.918), (1.1, 0.7, 0.782)):
        at = lambda noise, alpha=alpha: float(noisy(4.0, noise, alpha=alpha))
        assert at(0.0) == pytest.approx(still, abs=1e-6)
        assert at(np.sqrt(2 / np.pi)) == pytest.approx(mean, abs=6e-4)


@pytest.mark.parametrize(("base", "kind", "alpha"), EVERY)
def test_the_formula_as_the_paper_writes_it(base, kind, alpha):
    h, u, threshold = get_base(base), get_base(base).linear, get_base(base).threshold
    rng = np.random.default_rng(0)
    x, noise, p, c = rng.normal(size=(4, 500)) * np.array([[3], [1], [1], [0.3]])
    noise, c = (np.abs(noise) if kind == "NAH" else noise), np.abs(c)
    hx, ux = np.asarray(h(x)), np.asarray(u(x))
    s = c * (1 / (1 + np.exp(-p * (hx - ux))) - 0.5) ** 2
    sgn = lambda t: np.where(t >= 0, 1.0, -1.0)
    truth = {
        "NANI": h(x + c * noise),
        "NANIL": h(x + s * noise),
        "NANIS": h(x + (np.abs(x) >= threshold) * c * noise),
    }.get(kind, alpha * hx + (1 - alpha) * ux - sgn(x) * sgn(1 - alpha) * s * noise)
    got = noisy(x, noise, p, c, **options(base, kind, alpha))
    np.testing.assert_allclose(got, truth, rtol=0, atol=8 * EPS * 10)  # |x| is up to 10


def test_no_noise_reaches_a_hard_unit_that_is_not_saturated():
    for base, kind in itertools.product(("hard_tanh", "tangent_sigmoid"), ("NAN", "NAH", "NANIL")):
        inside = np.linspace(-1, 1, 9) * get_base(base).threshold
        got = noisy(inside, np.full(9, 7.0), 1.0, 30.0, base, kind, 1.1)
        np.testing.assert_allclose(got, get_base(base)(inside), atol=EPS)


def test_at_alpha_one_the_noise_lives_and_points_inwards():
    for x, side in ((3.0, -1), (-3.0, 1)):
        moved = float(noisy(x, 1.0, alpha=1.0)) - float(noisy(x, 0.0, alpha=1.0))
        assert moved * side > 0.01


@pytest.mark.parametrize("base", ["hard_tanh", "tangent_sigmoid"])
def test_beyond_the_threshold_the_slope_of_the_mean_is_what_leaks(base):
    """And with noise, more: `(1 - alpha) u' + d s' noise`, by the formula of the paper."""
    h, alpha, p, c = get_base(base), 1.15, 0.8, 4.0
    at = h.threshold * np.array([0.5, 0.999999, 1.000001, 2.0, 3.0])
    for noise in (0.0, 2.5):
        x = tf.constant(at)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = noisy(x, noise, p, c, base, "NAN", alpha)
        delta = np.asarray(h(at)) - h.linear(at)
        g = 1 / (1 + np.exp(-p * delta))
        steeper = 2 * c * (g - 0.5) * g * (1 - g) * p * -h.slope * noise  # d = +1: alpha > 1
        expected = np.where(delta == 0, h.slope, (1 - alpha) * h.slope + steeper)
        np.testing.assert_allclose(tape.gradient(y, x), expected, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("base", ["hard_tanh", "tangent_sigmoid"])
def test_slopes_are_those_of_the_formula(base):
    """Written out and differentiated by TensorFlow, in every direction."""
    h = get_base(base)
    rng = np.random.default_rng(0)
    sizes = np.array([[3 * h.threshold], [1], [1], [1]])
    x, noise, p, upstream = tf.unstack(tf.constant(rng.normal(size=(4, 300)) * sizes))
    c = tf.constant(60.0, tf.float64)  # so that input noise brings many units back
    for kind, alpha in (("NAN", 1.15), ("NAN", 0.9), ("NANIL", 1.0)):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, noise, p, c])
            s = c * tf.square(tf.sigmoid(p * (h(x) - h.linear(x))) - 0.5)
            d = tf.sign(x) * np.sign(alpha - 1.0)
            if kind == "NANIL":
                written = h(x + s * noise)
            else:
                written = alpha * h(x) + (1 - alpha) * h.linear(x) + d * s * noise
            got = noisy(x, noise, p, c, base, kind, alpha)
        for source in (x, noise, p, c):
            expected = tape.gradient(written, source, upstream)
            # Sums of 300 terms, of up to c times the largest p.
            np.testing.assert_allclose(
                tape.gradient(got, source, upstream), expected, rtol=1e-9, atol=1e-11
            )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtype_in_dtype_out_and_finite_values_and_slopes_at_any_size(dtype):
    dtype = tf.as_dtype(dtype)
    sizes = [0.0, 1e-30, 1e-7, 1.0, 2.0, 50.0, 1e4]
    sizes += [] if dtype == tf.float16 else [1e20, 1e35]
    x = tf.cast(np.concatenate([sizes, np.negative(sizes)]), dtype)
    for base, kind, alpha in EVERY:
        p, c = tf.constant(3.0, dtype), tf.constant(30.0, dtype)
        with tf.GradientTape() as tape:
            tape.watch([x, p, c])
            y = noisy(x, tf.cast(4.5, dtype), p, c, **options(base, kind, alpha))
        assert y.dtype == dtype
        assert np.all(np.isfinite(tf.cast(y, tf.float64)))
        for g in tape.gradient(y, [x, p, c], unconnected_gradients="zero"):
            assert np.all(np.isfinite(tf.cast(g, tf.float64))), (base, kind, alpha)


def test_clipped_outputs_stay_between_the_limits():
    for base, kind in itertools.product(BASES, ("NAN", "NAH")):
        noise = np.linspace(-5, 5, X.size)
        y = np.asarray(noisy(X, noise, 1.0, 30.0, base, kind, 1.1, clip=True))
        assert y.min() >= get_base(base).low
        assert y.max() <= get_base(base).high


def test_samples_are_the_formula_with_noise_of_the_seed():
    from keras_addmul.activations import noise

    seed, x = tf.constant([1, 2]), X.astype("float32")
    for kind, name in (("NAN", "normal"), ("NAH", "half_normal")):
        z = {"normal": noise.normal, "half_normal": noise.half_normal}[name](x.shape, seed)
        got = noisy_sample(x, seed, 1.0, 4.0, "tanh", kind, 1.1, noise=name)
        # One fused computation against many: a few eps of what they are made of.
        np.testing.assert_allclose(
            got, noisy(x, z, 1.0, 4.0, "tanh", kind, 1.1), rtol=2e-6, atol=5e-6
        )


def test_unknown_names_are_refused_and_the_known_ones_listed():
    with pytest.raises(ValueError, match="`base` must be one of 'hard_tanh'.*Received: 'relu'"):
        get_base("relu")
    with pytest.raises(ValueError, match="`kind` must be one of 'NAN', 'NAH'.*Received: 'nah'"):
        get_kind("nah")
