"""Every figure of a report is recomputed from the rows that it is of."""

import dataclasses
import json
import re
import time

import numpy as np
import pytest
import sympy
from scipy import stats
from sklearn.metrics import r2_score

from keras_addmul.discover import discover, discovery, entries
from keras_addmul.discover.report import files, sentences
from keras_addmul.discover.scoring.scores import r2_interval
from keras_addmul.discover.search.estimating import best_estimate
from keras_addmul.discover.search.relevance import relevant
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.snapping import Fit
from keras_addmul.discover.search.stack import Stack
from keras_addmul.discover.table.reading import Table

NAMES = ["m", "v", "idle"]


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    x = random.uniform(1.0, 5.0, (203, 3))
    return x, 0.7 * x[:, 0] * x[:, 1] ** 2 + 3.0 + 0.5 * random.normal(size=203)


@pytest.fixture(scope="module")
def found(rows):
    return discover(*rows, names=NAMES, target="E", held_out=0.3, seed=5, time_limit=20, verbose=0)


def told(found, formula=None):
    """Targets and predictions of the held-out rows, by the printed source of a formula.

    Of the chosen one, as it was fitted before the held-out rows were added.
    """
    x, y = found.table.x[found.held_out], found.table.y[found.held_out]
    if formula in (None, found.formula):
        return y, found.told
    scope = {}
    exec(formula.python, scope)
    return y, np.broadcast_to(scope["formula"](*x.T), y.shape)


def error(y, predicted):
    return np.sqrt(np.mean((y - predicted) ** 2) / np.mean(y**2))


def test_rows_are_split_by_share_and_seed(rows, found):
    assert len(found.held_out) == 61  # 0.3 of 203, rounded up
    assert sorted([*found.train, *found.held_out]) == list(range(203))
    np.testing.assert_array_equal(found.table.x, rows[0])
    np.testing.assert_array_equal(found.table.y, rows[1])
    assert found.seed == 5


def test_scores_of_every_formula_are_those_of_the_held_out_rows(found):
    assert len(found.front) > 1
    for formula in [found.formula, *found.front]:
        y, predicted = told(found, formula)
        assert formula.r2 == pytest.approx(r2_score(y, predicted), rel=1e-12)
        assert formula.error == pytest.approx(error(y, predicted), rel=1e-12)
        assert formula.complexity == len(list(sympy.preorder_traversal(formula.expression)))
        assert not formula.exact
    y, predicted = told(found)
    assert found.r2_interval == r2_interval(y, predicted, seed=5)
    assert found.r2_interval[0] < r2_score(y, predicted) < found.r2_interval[1]


def test_the_chosen_formula_is_fitted_once_more_on_all_rows(found):
    x, y = found.table.x, found.table.y
    design = np.column_stack([x[:, 0] * x[:, 1] ** 2, np.ones(len(x))])
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    np.testing.assert_allclose(found.formula(x), design @ best, rtol=1e-6)
    some = np.linalg.lstsq(design[found.train], y[found.train], rcond=None)[0]
    np.testing.assert_allclose(found.told, design[found.held_out] @ some, rtol=1e-6)


def test_the_front_holds_no_formula_that_another_one_beats(found):
    pairs = [(f.complexity, f.error) for f in found.front]
    assert pairs == sorted(pairs)
    assert [e for _, e in pairs] == sorted((e for _, e in pairs), reverse=True)


def test_scores_of_the_linear_methods_are_those_of_the_held_out_rows(found):
    x, y = found.table.x, found.table.y
    for method, into, back in ((0, lambda a: a, lambda a: a), (1, np.log, np.exp)):
        columns = np.column_stack([np.ones(len(x)), into(x)])
        weights = np.linalg.lstsq(columns[found.train], into(y[found.train]), rcond=None)[0]
        predicted = back(columns[found.held_out] @ weights)
        truth = y[found.held_out]
        assert found.baselines[method].r2 == pytest.approx(r2_score(truth, predicted), rel=1e-9)
        assert found.baselines[method].error == pytest.approx(error(truth, predicted), rel=1e-9)


def test_the_figures_of_the_report_are_these(found):
    y, predicted = told(found)
    facts = dict(sentences.facts(found))
    numbers = {name: re.findall(r"[-\d.]+(?:e[-+]\d+)?", text) for name, text in facts.items()}
    low, high = found.r2_interval
    assert numbers["R\u00b2, held-out rows"][:4] == [
        f"{r2_score(y, predicted):.4f}", "95", f"{low:.4f}", f"{high:.4f}"
    ]  # fmt: skip
    assert numbers["relative error"][0] == f"{100 * error(y, predicted):.3g}"
    worst = np.argmax(np.abs(y - predicted))
    largest = f"{abs(y - predicted)[worst]:.3g}, where E is {y[worst]:.6g}"
    assert facts["largest residual"] == largest
    assert numbers["rows"] == ["142", "61"]
    assert numbers["seed"] == ["5"]
    assert facts["holds"] == sentences.HOLDS[sentences.judged(found)[0]] == "within the noise"
    share = f"{100 * r2_score(y, predicted):.3g} % of the variance of the 61 held-out rows"
    assert share in sentences.verdict(found)


def test_the_rows_of_its_tables_are_these(found):
    for row, formula in zip(sentences.front_rows(found), found.front, strict=True):
        assert row[0] == f"{formula.complexity:g}"
        assert row[1] == sentences.percent(formula.error)
        assert row[2] == sentences.score(formula.r2)
        assert f"E = {row[3]}" == formula.text
    chosen = [row[4] for row in sentences.front_rows(found)]
    assert chosen == [f.text == found.formula.text for f in found.front]
    x = found.table.x
    expected = [
        (name, f"{x[:, j].min():.6g}", f"{x[:, j].max():.6g}", "no" if name == "idle" else "yes")
        for j, name in enumerate(NAMES)
    ]
    assert sentences.domain_rows(found) == expected
    ours, *others = sentences.comparison_rows(found)
    assert ours[1:3] == (sentences.score(found.formula.r2), sentences.percent(found.formula.error))
    written = re.findall(r"(?<![a-z*])\d+\.?\d*", str(found.formula.expression))
    assert ours[3] == str(len(written) + str(found.formula.expression).count("**"))
    for row, b in zip(others, found.baselines, strict=True):
        assert row[:4] == (
            b.name, sentences.score(b.r2), sentences.percent(b.error), str(b.parameters)
        )  # fmt: skip


def test_the_fields_for_machines_are_these(found):
    y, predicted = told(found)
    fields = json.loads(json.dumps(files.fields(found)))
    assert fields["r2"] == pytest.approx(r2_score(y, predicted), rel=1e-12)
    assert fields["relative_error"] == pytest.approx(error(y, predicted), rel=1e-12)
    assert (fields["training_rows"], fields["held_out_rows"]) == (142, 61)
    assert fields["r2_interval"] == list(found.r2_interval)
    assert [f["relative_error"] for f in fields["front"]] == [f.error for f in found.front]
    assert [f["complexity"] for f in fields["front"]] == [f.complexity for f in found.front]
    assert [b["relative_error"] for b in fields["baselines"]] == [b.error for b in found.baselines]
    assert fields["domain"]["v"] == [found.table.x[:, 1].min(), found.table.x[:, 1].max()]


def test_the_model_answers_what_the_formula_does(found):
    x, y = found.table.x, found.table.y
    predicted = found.formula(x)
    # The model's numbers are float32.
    spread = np.abs(predicted - found.model(x.astype("float32"))[:, 0]).max()
    assert spread < 1e-5 * y.std()


class Seen(Exception):
    """Ends a call whose arguments have been seen."""


def arguments_of(monkeypatch, name, *args, **kwargs):
    """The arguments with which `discover` calls one of its parts."""
    kept = []

    def part(*values):
        kept.extend(values)
        raise Seen

    monkeypatch.setattr(discovery, name, part)
    with pytest.raises(Seen):
        discover(*args, **{"verbose": 0, **kwargs})
    return kept


def halves(count, share, seed):
    """Training and held-out rows, as documented: drawn at random by the seed."""
    shuffled = np.random.default_rng(seed).permutation(count)
    cut = int(np.ceil(share * count))
    return np.sort(shuffled[cut:]), np.sort(shuffled[:cut])


def test_screening_the_search_and_the_methods_see_training_rows_only(monkeypatch, rng):
    x = rng.uniform(1.0, 5.0, (100, 12))
    y = x[:, 0] * x[:, 1] + x[:, 2]
    train, held_out = halves(100, 0.4, 3)
    how = {"held_out": 0.4, "seed": 3}
    seen, targets, at_most, seed = arguments_of(monkeypatch, "relevant", x, y, **how)
    np.testing.assert_array_equal(seen, x[train])
    np.testing.assert_array_equal(targets, y[train])
    assert (at_most, seed) == (10, 3)

    monkeypatch.setattr(discovery, "relevant", lambda *_: np.array([0, 2]))
    scaled, seed, deadline, *_ = arguments_of(monkeypatch, "search", x, y, **how)
    assert seed == 3
    assert 115.0 < deadline - time.monotonic() <= 120.0
    np.testing.assert_allclose(np.sort(scaled.y * scaled.y_scale), np.sort(y[train]), rtol=1e-12)
    logs = np.exp(scaled.inputs.logs) * scaled.x_scale
    np.testing.assert_allclose(np.sort(logs[:, 1]), np.sort(x[train, 2]), rtol=1e-12)

    monkeypatch.undo()
    table, learned, tested, seed, _ = arguments_of(
        monkeypatch, "compare", x[:, :2], x[:, 0], held_out=0.4, seed=3
    )
    np.testing.assert_array_equal(table.x, x[:, :2])
    np.testing.assert_array_equal(learned, train)
    np.testing.assert_array_equal(tested, held_out)
    assert seed == 3


def test_the_search_takes_a_share_of_many_rows(monkeypatch, rng):
    monkeypatch.setattr(discovery, "_ROWS", 50)
    x = rng.uniform(1.0, 5.0, (100, 2))
    scaled = arguments_of(monkeypatch, "search", x, x[:, 0], seed=3)[0]
    assert len(scaled) == 50
    train, _ = halves(100, 0.25, 3)
    logs = np.exp(scaled.inputs.logs) * scaled.x_scale
    assert np.isclose(logs[:, :1], x[train, 0], rtol=1e-9).any(axis=1).all()


def test_the_relevant_columns_are_found_and_few_are_kept_as_they_are(rng):
    x = rng.uniform(1.0, 5.0, (300, 8))
    y = x[:, 6] * x[:, 2]
    np.testing.assert_array_equal(relevant(x, y, 2), [2, 6])
    assert {2, 6} < set(relevant(x, y, 5).tolist())
    np.testing.assert_array_equal(relevant(x, y, 8), range(8))


def test_few_columns_of_many_are_found_by_a_sparse_law_where_trees_see_noise(rng):
    signed = rng.normal(size=(200, 40))
    signed[:, 4] = rng.uniform(1.0, 5.0, 200)
    product = signed[:, 1] * signed[:, 30] / signed[:, 4]
    linear = signed[:, 1] + signed[:, 30] - 0.1 * signed[:, 7]
    assert {1, 4, 30} < set(relevant(signed, product, 10).tolist())
    assert {1, 7, 30} < set(relevant(signed, linear, 10).tolist())


def one_product(rows=40, loose=False):
    """A table, its halves, and an estimate that meets it: y = 2 a / b."""
    x = np.random.default_rng(0).uniform(1.0, 2.0, (rows, 2))
    y = 2.0 * x[:, 0] / x[:, 1]
    train, test = halves(rows, 0.25, 0)
    scaled = Scaled.of(x[train], y[train])
    stack = Stack((1,), 2)
    coefficient = 2.0 * scaled.x_scale[0] / scaled.x_scale[1] / scaled.y_scale
    parameters = stack.join(np.array([[1.0, -1.0]]), np.array([coefficient]), np.ones(1))
    free = stack.join(np.full((1, 2), loose), np.ones(1, bool), np.zeros(1, bool))
    fit = Fit.of(stack, parameters, free, 0.0, len(train))
    return Table(("a", "b"), x, y, "y"), test, scaled, best_estimate(fit, scaled)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("row", [0, 4, 9])
@pytest.mark.parametrize("loose", [False, True])
def test_a_law_is_exact_up_to_rounding_on_every_row_and_no_further(sign, row, loose):
    table, test, scaled, one = one_product(loose=loose)
    at = test[row]
    for units, exact in ((8, True), (1e7, False)):
        y = table.y.copy()
        y[at] += sign * units * 2.0**-52 * y[at]
        moved = Table(table.names, table.x, y, "y")
        formula = entries.entry(one, scaled, moved, np.arange(2), test).formula
        assert formula.exact is exact, units
        assert str(formula.expression) == "2*a/b"


def test_as_many_numbers_as_rows_are_no_law():
    table, test, scaled, one = one_product()
    few = dataclasses.replace(one, freedom=2)
    assert not entries.entry(few, scaled, table, np.arange(2), test).formula.exact


def test_the_interval_of_a_number_reaches_as_far_on_either_side(rng):
    """By its error times the quantile of t; for a factor, of its logarithm."""
    table, test, scaled, one = one_product(loose=True)
    noisy = dataclasses.replace(scaled, y=scaled.y * np.exp(0.05 * rng.normal(size=len(scaled.y))))
    one = best_estimate(one.fit, noisy)
    wide = stats.t.ppf(0.975, one.freedom)
    measured = entries.entry(one, noisy, table, np.arange(2), test).formula.measured
    assert len(measured) == 3
    for number in measured:
        below, above = number.value - number.low, number.high - number.value
        if number.name.startswith("exponent"):
            np.testing.assert_allclose([below, above], wide * number.error, rtol=1e-9)
        else:
            np.testing.assert_allclose(
                np.log([number.value / number.low, number.high / number.value]),
                wide * number.error / number.value,
                rtol=1e-9,
            )
