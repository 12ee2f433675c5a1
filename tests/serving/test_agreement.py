"""Which answers agree with what was expected, and the figures of the report."""

import numpy as np
import pytest

from keras_addmul.serving import MismatchError, Report, agreement, check
from keras_addmul.serving.fresh_process import Answer

# What the docstring of `check` promises.
RTOL = {"float64": 1e-12, "float32": 1e-5, "float16": 1e-2, "bfloat16": 8e-2}


@pytest.fixture
def compare(monkeypatch, tmp_path):
    """Compares made-up answers of the endpoints with what is expected."""
    (tmp_path / "saved_model.pb").touch()

    def run(outputs, expected, precision="float32", **options):
        made_up = {name: Answer(list(arrays), precision) for name, arrays in outputs.items()}
        monkeypatch.setattr(agreement, "answers", lambda *question: made_up)
        return check(tmp_path, 0.0, expected, **options)

    return run


def refused(compare, *arguments, **options):
    with pytest.raises(MismatchError) as caught:
        compare(*arguments, **options)
    return str(caught.value), caught.value.report


@pytest.mark.parametrize("want", [-3.0, 1e-3, 0.0, 2e4])
@pytest.mark.parametrize("precision", [*RTOL, None])
def test_default_tolerance_is_that_of_the_docstring_on_both_sides(compare, precision, want):
    rtol = RTOL[precision or "float32"]
    limit = rtol * abs(want) + 0.1 * rtol
    for sign in (-1, 1):
        inside, outside = want + sign * 0.999 * limit, want + sign * 1.001 * limit
        assert compare({"serve": [np.array([inside])]}, np.array([want]), precision).ok
        message, _ = refused(compare, {"serve": [np.array([outside])]}, np.array([want]), precision)
        assert f"rtol={rtol:g}, atol={0.1 * rtol:g}" in message


def test_given_tolerances_replace_the_default_each_by_itself(compare):
    want = np.array([10.0])
    for options, limit in (
        ({"rtol": 0.1, "atol": 0.0}, 1.0),
        ({"rtol": 0.0, "atol": 0.1}, 0.1),
        ({"rtol": 0.1}, 1.0 + 1e-6),
        ({"atol": 0.1}, 0.1 + 1e-4),
    ):
        assert compare({"serve": [want + 0.999999 * limit]}, want, **options).ok
        refused(compare, {"serve": [want + 1.000001 * limit]}, want, **options)


def test_figures_are_the_largest_over_outputs_and_endpoints(compare, rng):
    want = [rng.normal(size=(4, 2)), rng.normal(size=3)]
    got = {name: [w + rng.normal(size=w.shape) for w in want] for name in ("serve", "serve_jit")}
    errors = [np.abs(g - w) for arrays in got.values() for g, w in zip(arrays, want, strict=True)]
    relative = [e / np.abs(w) for e, w in zip(errors, 2 * want, strict=True)]
    report = compare(got, want, atol=100.0)
    largest = max(e.max() for e in errors), max(e.max() for e in relative)
    assert report == Report(("serve", "serve_jit"), *largest, report.seconds, True)
    assert 0 < report.seconds < 10
    _, told = refused(compare, got, want)
    assert told == Report(("serve", "serve_jit"), *largest, told.seconds, False)


def test_message_names_endpoint_output_worst_element_and_how_many(compare, rng):
    want = [np.zeros(2), rng.normal(size=(3, 4))]
    got = [w.copy() for w in want]
    for at, error in (((0, 1), 0.01), ((2, 3), -1.0), ((1, 0), 0.5)):
        got[1][at] += error
    message, _ = refused(compare, {"serve": want, "serve_jit": got}, want)
    assert "Endpoint 'serve_jit' disagrees at element (2, 3) of output 1" in message
    assert f"received {got[1][2, 3]!s}, expected {want[1][2, 3]!s} (" in message
    assert "3 of 12 elements disagree" in message


def test_worst_element_is_judged_against_its_own_tolerance(compare):
    message, _ = refused(compare, {"serve": [np.array([1e6 + 2.0, 1.0])]}, np.array([1e6, 0.0]))
    assert "element (1,)" in message
    assert "1 of 2" in message


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (np.nan, 1.0), (1.0, np.nan), (np.inf, 1.0), (1.0, np.inf), (np.inf, -np.inf),
        (np.nan, np.inf), (1.0, 1.0 + 1.0j),
    ],
)  # fmt: skip
def test_what_is_not_finite_or_complex_agrees_with_itself_only(compare, got, want):
    for value in (got, want):
        assert compare({"serve": [np.array([value])]}, np.array([value])).max_abs_error == 0
    message, report = refused(compare, {"serve": [np.array([got])]}, np.array([want]), atol=0.5)
    assert "1 of 1 elements disagree" in message
    assert report.max_abs_error >= 1


def test_dict_is_ordered_by_its_keys(compare):
    assert compare({"serve": [np.ones(1), np.zeros(1)]}, {"b": np.zeros(1), "a": np.ones(1)}).ok


def test_numbers_and_shapes_of_outputs_are_compared_first(compare):
    message, report = refused(compare, {"serve": [np.ones((5, 2))]}, np.zeros(5))
    assert message == "Endpoint 'serve' returns shape (5, 2) for output 0. Expected: (5,)"
    assert report is None
    message, _ = refused(compare, {"serve": [np.ones(5)] * 2}, np.zeros(5))
    assert message == "Endpoint 'serve' returns 2 outputs. Expected: 1"


@pytest.mark.parametrize("name", ["rtol", "atol"])
@pytest.mark.parametrize("value", [-1e-9, np.nan, np.inf, "x"])
def test_tolerances_are_finite_and_not_negative(compare, name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be a finite number >= 0. Received: "):
        compare({"serve": [np.ones(1)]}, np.ones(1), **{name: value})


def test_only_numbers_are_expected(compare):
    with pytest.raises(TypeError, match="`expected` must hold numbers. Received: str"):
        compare({"serve": [np.ones(1)]}, np.array(["one"]))
