"""GeometricScale: the scales it finds, in data of any kind, and what it does with them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.layers import AddMulDense, GeometricScale

ROWS = np.random.default_rng(0).lognormal([[-9.0, 0.0, 20.0]], 2.0, (60, 3))
ROWS *= np.where(np.random.default_rng(1).uniform(size=ROWS.shape) < 0.3, -1.0, 1.0)
ROWS = ROWS.astype("float32")
MEANS = np.exp(np.mean(np.log(np.abs(ROWS.astype("float64"))), axis=0))


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return ROWS[15 * index : 15 * index + 15], np.zeros(15)


rows_of_a_dataset = tf.data.Dataset.from_tensor_slices(ROWS)
DATA = {
    "an array": ROWS,
    "doubles": ROWS.astype("float64"),
    "a tensor": tf.constant(ROWS),
    "a dataset": rows_of_a_dataset.batch(7),
    "a dataset of rows": rows_of_a_dataset,
    "a dataset with targets": rows_of_a_dataset.map(lambda x: (x, x[0])).batch(16),
    "a PyDataset": Batches(),
    "a list of batches": [ROWS[:1], ROWS[1:]],
    "nested lists": ROWS.tolist(),
}


def adapted(data, **kwargs):
    layer = GeometricScale(**kwargs)
    layer.adapt(data)
    return layer


@pytest.mark.parametrize("kind", DATA)
def test_the_scale_is_the_geometric_mean_whatever_holds_the_data(kind):
    layer = adapted(DATA[kind])
    np.testing.assert_allclose(layer.scale, MEANS, rtol=1e-6)
    np.testing.assert_array_equal(layer.count, [60, 60, 60])
    sizes = np.exp(np.mean(np.log(np.abs(layer(ROWS))), axis=0))
    np.testing.assert_allclose(sizes, 1.0, rtol=1e-5)


def test_zero_and_sign_stay_and_say_nothing_about_the_size():
    x = np.array([[0.0, -0.0, np.nan, 8.0], [-4.0, 0.0, np.inf, -2.0], [9.0, 0.0, 3.0, np.nan]])
    layer = adapted(x.astype("float32"))
    np.testing.assert_allclose(layer.scale, [6.0, 1.0, 3.0, 4.0], rtol=1e-6)
    np.testing.assert_array_equal(layer.count, [2, 0, 1, 2])
    y = layer(x.astype("float32")).numpy()
    np.testing.assert_array_equal(np.sign(y), np.sign(x))
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x))
    assert y[1, 2] > 3e38  # infinity becomes the largest number, or nearly


def test_a_power_law_of_scaled_columns_is_that_of_the_columns_times_a_constant():
    def law(x):
        return np.prod(np.abs(x.astype("float64")) ** [1.5, -1.0, 0.5], axis=1)

    ratio = law(adapted(ROWS)(ROWS).numpy()) / law(ROWS)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16", "bfloat16", "float32", "float64"])
def test_inverse_gives_the_columns_back_at_any_size(dtype):
    half = "16" in dtype and not dtype.startswith("mixed")
    x = np.array([[1e-3, 2.0], [-1e3, -5e4]] if half else [[1e30, 2e-30], [-4e29, 1e-31]])
    x = tf.constant(x, "float32")
    layer = adapted(x, dtype=dtype)
    scaled = layer(x)
    assert np.all(np.abs(scaled) < 1100)
    back = GeometricScale(scale=layer.scale.numpy(), invert=True, dtype=layer.variable_dtype)
    wide = tf.cast(scaled, layer.variable_dtype)
    eps = {"float16": 2e-3, "bfloat16": 2e-2}.get(layer.compute_dtype, 1e-6)
    np.testing.assert_allclose(tf.cast(back(wide), "float64"), x, rtol=eps)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_a_result_beyond_the_dtype_is_its_largest_number_with_a_finite_gradient(dtype):
    layer = GeometricScale(scale=1e-4, dtype=dtype)
    largest = {"float16": 65504.0, "float64": 1e308}.get(dtype, 3e38)
    x = tf.constant([[largest], [-largest], [0.0]], dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    slope = tape.gradient(y, x)
    y = tf.cast(y, "float64").numpy()
    assert np.all(np.isfinite(y))
    assert np.all(np.abs(y[:2]) >= largest)
    assert np.all(np.isfinite(tf.cast(slope, "float64")))


def test_columns_too_small_for_the_dtype_divide_by_its_smallest_number():
    x = np.full((2, 1), 1e-42, "float32")
    layer = adapted(x.astype("float64"))
    answers = layer(x), tf.function(layer, jit_compile=True)(x)
    assert all(np.all(np.isfinite(y)) for y in answers)
    assert adapted(np.full((2, 1), 1e300)).scale.numpy() > 3e38


@pytest.mark.parametrize(
    ("axis", "shape"), [(-1, (3,)), (1, (2,)), ((1, 2), (2, 3)), (None, ()), ((-1, 1), (2, 3))]
)
def test_each_position_along_an_axis_has_its_scale(axis, shape, rng):
    x = rng.lognormal(size=(5, 2, 3)).astype("float32")
    layer = adapted(x, axis=axis)
    assert layer.scale.shape == shape
    given = GeometricScale(axis=axis, scale=layer.scale.numpy().tolist())
    np.testing.assert_array_equal(given(x), layer(x))
    kept = [] if axis is None else np.ravel(axis) % 3
    rest = tuple(a for a in range(3) if a not in kept)
    np.testing.assert_allclose(np.mean(np.log(layer(x)), axis=rest), 0.0, atol=1e-6)


def test_it_goes_on_where_it_was_saved(tmp_path):
    layer = adapted(ROWS[:20])
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(ROWS), model(ROWS))
    again.layers[0].adapt(ROWS[20:], reset_state=False)
    np.testing.assert_allclose(again.layers[0].scale, MEANS, rtol=1e-5)
    again.layers[0].adapt(ROWS)
    np.testing.assert_array_equal(again.layers[0].count, [60, 60, 60])


def test_it_works_on_rows_and_batches_inside_a_dataset():
    layer = adapted(ROWS)
    expected = layer(ROWS)
    for data in (rows_of_a_dataset.map(layer).batch(60), rows_of_a_dataset.batch(60).map(layer)):
        np.testing.assert_allclose(next(iter(data)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"axis": 1.5}, "Argument `axis` must be an integer, a tuple of integers, or None.*1.5"),
        ({"axis": (0, True)}, "Argument `axis` must be.*True"),
        ({"scale": [1.0, 0.0]}, r"Argument `scale` must hold positive finite numbers.*\[1.0, 0.0"),
        ({"scale": "big"}, "Argument `scale` must hold positive finite numbers.*'big'"),
        ({"scale": [[1.0]]}, r"`scale` must have no more dimensions.*shape \(1, 1\) for axis=-1"),
    ],
)
def test_bad_arguments_are_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        GeometricScale(**kwargs)


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"must name axes of the input, of shape \(6, 3\).*4"):
        GeometricScale(axis=4)(ROWS[:6])
    with pytest.raises(ValueError, match=r"must broadcast to the shape \(3,\).*shape \(2,\)"):
        GeometricScale(scale=[1.0, 2.0])(ROWS)
    with pytest.raises(ValueError, match="needs the length of the axis -1.*None"):
        GeometricScale()(keras.Input((None,)))
    layer = adapted(ROWS)
    with pytest.raises(ValueError, match=r"\(3,\) positions along the axis -1.*shape \(6, 2\)"):
        layer.adapt(ROWS[:6, :2])
    with pytest.raises(ValueError, match="incompatible with the layer"):
        layer(ROWS[:, :1])
    with pytest.raises(ValueError, match="adapts to no data. Received: scale=2.0"):
        GeometricScale(scale=2.0).adapt(ROWS)
    with pytest.raises(ValueError, match=r"must hold a batch at least. Received: \[\]"):
        layer.adapt([])
    for wrong, message in ((None, "an array, a tensor.*NoneType"), ([["a"]], "batches of numbers")):
        with pytest.raises(TypeError, match=message):
            layer.adapt(wrong)


def far_inputs():
    return np.array([[1e5, 1.0, 0.0, 2e-3], [1e5, -1.0, 0.0, 2e-3]], "float32")


def test_inputs_far_from_one_are_warned_of_once_and_by_column():
    layer = AddMulDense(2, name="mine")
    with pytest.warns(UserWarning, match="1e.05 in column 0, 0.002 in column 3.*GeometricSc") as w:
        assert layer(far_inputs()).shape == layer(far_inputs()).shape
    assert len(w) == 1
    assert "'mine' (AddMulDense)" in str(w[0].message)
    with pytest.warns(UserWarning, match="in column 4 and 15 more"):
        AddMulDense(2)(1e9 * np.ones((2, 20), "float32"))


def test_inputs_near_one_and_symbols_are_not_warned_of(recwarn):
    AddMulDense(2)(adapted(far_inputs())(far_inputs()))
    AddMulDense(2)(np.array([[0.0, 0.2], [np.nan, 9.0]], "float32"))
    traced = AddMulDense(2)
    keras.Sequential([keras.Input((4,)), traced])
    tf.function(traced)(far_inputs())
    tf.vectorized_map(traced, tf.constant(far_inputs())[None])
    traced(far_inputs()[:0])
    assert not [w for w in recwarn if "GeometricScale" in str(w.message)]
    with pytest.warns(UserWarning, match="GeometricScale"):
        traced(far_inputs())
