"""AddMul is Keras's Add at order 0 and its Multiply at order 1: values, shapes and masks."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.layers import AddMul

# Shapes without the batch; those in a row are merged.
SHAPES = [
    [(4, 3), (4, 3)],
    [(4, 3), (1, 3)],
    [(4, 1), (4, 3), (1, 3)],
    [(4, 3), (4, 1)],
    [(3,), (4, 3)],
    [(2, 4, 3), (3,), (4, 3)],
    [(3,)],
]
ENDS = [(0.0, keras.layers.Add), (1.0, keras.layers.Multiply)]


def at(order):
    return AddMul(order_initializer=keras.initializers.Constant(order))


def draw(rng, shapes):
    """Numbers away from zero, where a product of logarithms loses what is below epsilon."""
    return [
        (rng.uniform(0.3, 2.0, (5, *s)) * rng.choice([-1, 1], (5, *s))).astype("float32")
        for s in shapes
    ]


def masked(xs, masks):
    """The same numbers as tensors that carry masks, of which some are None."""
    tensors = [tf.constant(x) for x in xs]
    for x, mask in zip(tensors, masks, strict=True):
        if mask is not None:
            x._keras_mask = tf.constant(mask)
    return tensors


def masks_for(rng, xs):
    """Every choice of which inputs have masks; none of a vector, whose mask Keras loses."""
    rank = max(x.ndim for x in xs)
    drawn = [[None] if x.ndim < rank else [None, rng.random(x.shape[:-1]) < 0.5] for x in xs]
    return itertools.product(*drawn)


def mask_of(y):
    mask = getattr(y, "_keras_mask", None)
    return None if mask is None else np.asarray(mask)


@pytest.mark.parametrize(("order", "keras_layer"), ENDS)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_values_and_masks_are_those_of_keras_at_both_ends(order, keras_layer, shapes, rng):
    ours, theirs = at(order), keras_layer()
    xs = draw(rng, shapes)
    for masks in masks_for(rng, xs):
        y, expected = ours(masked(xs, masks)), theirs(masked(xs, masks))
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_equal(mask_of(y), mask_of(expected))


@pytest.mark.parametrize(("order", "keras_layer"), ENDS)
@pytest.mark.parametrize("shapes", SHAPES[:6], ids=str)
def test_a_compiled_model_of_unknown_batch_agrees_too(order, keras_layer, shapes, rng):
    xs = draw(rng, shapes)
    given = [keras.Input(shape) for shape in shapes]
    # The last step, all zeros, is masked.
    rank = max(map(len, shapes)) + 1
    hidden = [keras.layers.Masking(0.0)(x) if len(x.shape) == rank == 3 else x for x in given]
    ours, theirs = (keras.Model(given, layer(hidden)) for layer in (at(order), keras_layer()))
    for x in xs:
        if x.ndim == rank == 3:
            x[:, -1] = 0.0
    assert ours.output.shape == theirs.output.shape
    jitted = tf.function(lambda xs: ours(xs), jit_compile=True)
    np.testing.assert_allclose(jitted(xs), theirs(xs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shapes", [*SHAPES, [(None, 3), (1, 3)], [(2, None, 3), (3,)]], ids=str)
@pytest.mark.parametrize("batches", [(None, None, None), (5, None, 5)])
def test_the_promised_shape_is_that_of_add(shapes, batches):
    whole = [(batch, *shape) for batch, shape in zip(batches, shapes, strict=False)]
    assert AddMul().compute_output_shape(whole) == keras.layers.Add().compute_output_shape(whole)


def test_between_the_ends_a_masked_number_fades_and_its_neighbours_stay(rng):
    x, z = draw(rng, [(4, 3), (4, 3)])
    mask = np.arange(4)[None] < np.array([[4], [2], [1], [3], [0]])
    for order in (0.25, 0.75):
        y = at(order)(masked([x, z], [None, mask]))
        faded = np.where(mask[..., None], z, (1 - order) * z + order)
        np.testing.assert_allclose(y, at(order)([x, faded]), rtol=1e-6, atol=1e-6)
        # Where every input is masked, so is the output, and it goes to 0.
        both = at(order)(masked([x, z], [mask, mask]))
        inside = at(order)([x, z])
        np.testing.assert_allclose(both[mask], inside[mask], rtol=1e-6, atol=1e-6)
        gone = at(order)([(1 - order) * x + order, (1 - order) * z + order])
        np.testing.assert_allclose(
            both[~mask], (1 - order) * np.asarray(gone)[~mask], rtol=1e-6, atol=1e-6
        )


@pytest.mark.parametrize("padding", [np.nan, np.inf])
def test_what_is_not_a_number_does_not_get_through_a_mask_of_a_product(padding):
    x = np.array([[[2.0, 3.0], [padding, padding]]], "float32")
    mask = np.array([[True, False]])
    y = at(1.0)(masked([x, np.full_like(x, 2.0)], [mask, None]))
    np.testing.assert_allclose(y, [[[4.0, 6.0], [2.0, 2.0]]], rtol=1e-6)


def test_an_order_for_all_features_needs_to_know_none():
    x = keras.Input((None,))
    assert AddMul(shared=True)([x, x]).shape == (None, None)
