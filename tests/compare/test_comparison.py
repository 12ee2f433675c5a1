"""Comparisons in this process: what a run is, how it ends, and what is told of it."""

import csv
import dataclasses
import io
import json
import random
import re

import keras
import numpy as np
import pytest
from rich.console import Console

from keras_addmul import conversion, layers
from keras_addmul.compare import compare, plan, step_times, unit_of_work
from keras_addmul.compare.arms import arms_of, described
from keras_addmul.compare.one_training import started
from keras_addmul.compare.report import on_screen
from keras_addmul.compare.rows_of_data import batches, of_seed, split
from tests.compare import arms_for_tests as arms
from tests.compare.arms_for_tests import X, Y

MODELS = {
    "dense": arms.dense,
    "[tanh]": arms.tanh,
    "diverging": arms.diverging,
    "still": arms.standing_still,
    "scaled": arms.scaled,
    "mean": arms.Mean,
}
OPTIONS = {"seeds": 6, "epochs": 2, "workers": 0, "verbose": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module", autouse=True)
def short_measurements():
    """Step times are measured in two rounds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(step_times, "ROUNDS", 2)
        patch.setattr(step_times, "SECONDS", 0.0)
        yield


@pytest.fixture
def stubs(monkeypatch):
    """Nothing is trained or measured."""
    monkeypatch.setitem(unit_of_work.WORK, "training", arms.stub)
    monkeypatch.setitem(unit_of_work.WORK, "step times", arms.stub_of_times)


@pytest.fixture(scope="module")
def result(folder):
    return compare(MODELS, (X, Y), folder=folder, **OPTIONS)


def test_every_run_is_told_and_ends_as_it_must(result):
    assert len(result.runs) == 6 * 6
    outcomes = {s.name: dict(s.outcomes) for s in result.summaries}
    assert outcomes["diverging"] == {"nan": 6}
    assert outcomes["still"] == {"stalled": 6}
    for name in ("dense", "[tanh]", "scaled", "mean"):
        assert outcomes[name] == {"finished": 6}
    # 6 of 6 against 0 has p = 1/32, which is no evidence among five models.
    assert result.verdicts["diverging"] == result.verdicts["still"] == "not enough evidence"
    assert "6 of 6 runs fail against 0" in result.judgements[2].reason
    assert all(v.failures.n == 6 for v in result.judgements)
    still = [run["score"] for run in result.of("still")]
    assert None not in still
    assert result.summaries[0].parameters == 13
    assert result.summaries[1].step_ratio[0] > 0.0
    assert result.summaries[5].step_ratio is None  # it takes no steps


def written(folder):
    """When the file of each result was written."""
    return {path: path.stat().st_mtime_ns for path in (folder / "runs").glob("*.json")}


def test_a_comparison_that_is_made_again_runs_nothing_again(result, folder):
    before = written(folder)
    names = {name: f"{name}, again" for name in MODELS}
    again = compare(MODELS, (X, Y), folder=folder, **OPTIONS)
    assert written(folder) == before
    assert again.to_json() == result.to_json()
    assert len(before) == 36 + 1  # the runs, and the step times
    renamed = {names[name]: model for name, model in list(MODELS.items())[:2]}
    named = compare(renamed, (X, Y), folder=folder, **OPTIONS)
    assert [r["score"] for r in named.of("dense, again")] == [
        r["score"] for r in result.of("dense")
    ]
    assert len(list((folder / "runs").glob("*.json"))) == len(before) + 1  # step times go by name


def test_other_data_seeds_and_settings_are_other_runs(stubs, tmp_path):
    two = {name: MODELS[name] for name in ("dense", "[tanh]")}
    options = {**OPTIONS, "seeds": [0], "folder": tmp_path}
    same = options, {**options, "margin": 0.1, "alpha": 0.01}
    others = [{"epochs": 1}, {"batch_size": 16}, {"loss": "mae"}, {"held_out": 0.5}, {"folds": 3}]
    others += [
        {"scale": "standard"},
        {"optimizer": "sgd"},
        {"metric": "mae"},
        {"jit": True},
        {"seeds": [1]},
    ]
    known = 0
    for change in ({}, *others):
        compare(two, (X, Y), **{**options, **change})
        known, before = len(list((tmp_path / "runs").glob("*.json"))), known
        assert known - before in (2, 3), change
    compare(two, (X, Y + 1.0), **options)
    assert len(list((tmp_path / "runs").glob("*.json"))) == known + 3
    for change in same:
        compare(two, (X, Y), **{**options, **change})
    assert len(list((tmp_path / "runs").glob("*.json"))) == known + 3


def test_each_look_at_more_seeds_is_counted(stubs, tmp_path):
    two = {name: MODELS[name] for name in ("dense", "[tanh]")}
    for seeds in (6, 6, 8):
        found = compare(two, (X, Y), **{**OPTIONS, "seeds": seeds, "folder": tmp_path})
    assert found.looks == (6, 8)
    assert "2, at 6, 8 seeds" in found.to_text()
    assert compare(two, (X, Y), **{**OPTIONS, "epochs": 1, "folder": tmp_path}).looks == (6,)


def test_inputs_are_scaled_by_the_training_rows():
    settings = {"held_out": 0.25, "folds": None}
    x = np.hstack([X, np.full_like(X, 3.0), np.zeros_like(X)])
    for how in ("standard", "geometric"):
        (known, _), (held_out, _) = of_seed(x, Y, 1, {**settings, "scale": how})
        (plain, _), (out, _) = of_seed(x, Y, 1, {**settings, "scale": None})
        rows = known[:, :2]
        measured = (
            (rows.mean(axis=0), rows.std(axis=0) - 1.0)
            if how == "standard"
            else (np.log(rows).mean(axis=0), rows / plain[:, :2] - rows[0] / plain[0, :2])
        )
        for zero in measured:
            np.testing.assert_allclose(zero, 0.0, atol=1e-5)
        slope = (known[1, :2] - known[0, :2]) / (plain[1, :2] - plain[0, :2])
        np.testing.assert_allclose(
            held_out[:, :2], known[0, :2] + slope * (out[:, :2] - plain[0, :2]), atol=1e-5
        )
        assert np.all(np.isfinite(known))
        assert known.dtype == "float32"


def test_models_configs_and_functions_are_the_same_runs(result):
    model = arms.tanh()
    given = {"dense": model, "config": keras.saving.serialize_keras_object(model)}
    again = compare(given, (X, Y), **OPTIONS)
    (found,) = again.judgements
    assert (found.verdict, found.reason) == ("practically the same", "no run differs")
    np.testing.assert_array_equal(
        [r["score"] for r in again.of("config")], [r["score"] for r in result.of("[tanh]")]
    )


def test_arms_share_rows_batches_and_initial_weights():
    made = arms_of({"dense": arms.dense, "tanh": arms.tanh})
    first, second = started(made[:1], 3, X, Y), started((made[1], made[0]), 3, X, Y)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    other = started(made[:1], 4, X, Y)
    assert np.any(other.get_weights()[0] != first.get_weights()[0])
    ours = conversion.replace_dense(arms.dense(), layers.AddMulDense)
    mixed = started((*arms_of({"ours": ours, "dense": arms.dense})[:1], made[0]), 3, X, Y)
    np.testing.assert_array_equal(mixed.get_weights()[-2], first.get_weights()[-2])
    assert np.all(mixed.layers[0].order == 0.25)  # its own start, not that of the conversion


def test_activations_that_are_layers_have_their_weights_before_they_are_copied():
    pelu = conversion.replace_activation(arms.dense(), layers.PELU)
    made = arms_of({"dense": arms.dense, "pelu": pelu})
    model = started((made[1], made[0]), 3, X, Y)
    assert len(model.weights) > 4
    np.testing.assert_array_equal(model.weights[0], started(made[:1], 3, X, Y).weights[0])


def test_initial_weights_follow_from_the_seed_whoever_else_draws():
    (arm, _), wanted = arms_of({"a": arms.dense, "b": arms.tanh}), arms.dense
    clean = arm.model(5, X, Y).get_weights()
    drawn = iter([1, 0, 2, 0, 0])

    def disturbed():
        for _ in range(next(drawn)):
            random.random()
        return wanted()

    disturbed = dataclasses.replace(arm, build=disturbed)
    for a, b in zip(disturbed.model(5, X, Y).get_weights(), clean, strict=True):
        np.testing.assert_array_equal(a, b)

    def unseeded():
        model = wanted()
        model.set_weights([np.random.default_rng().normal(size=w.shape) for w in clean])
        return model

    with pytest.raises(ValueError, match="initial weights follow from the seed.*'a', whose differ"):
        dataclasses.replace(arm, build=unseeded).model(5, X, Y)


def test_names_of_layers_do_not_count():
    (one, _), (two, _) = (arms_of({"a": arms.dense, "b": arms.tanh}) for _ in range(2))
    assert described(one, one.model(0, X, Y)) == described(two, two.model(1, X, Y))


def test_each_seed_draws_a_split_and_folds_share_a_shuffle():
    first, second = (split(96, seed, 0.25, None) for seed in (0, 1))
    assert len(first.held_out) == 24
    assert sorted([*first.train, *first.held_out]) == list(range(96))
    assert set(first.held_out) != set(second.held_out)
    held_out = [split(96, seed, 0.25, 5).held_out for seed in range(10)]
    for shuffle in (held_out[:5], held_out[5:]):
        assert sorted(np.concatenate(shuffle)) == list(range(96))


def test_batches_are_a_function_of_the_seed():
    dealt = [list(batches(X, Y, 40, seed).take(4).as_numpy_iterator()) for seed in (1, 1, 2)]
    for (a, _), (b, _) in zip(dealt[0], dealt[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.any(dealt[0][0][0] != dealt[2][0][0])
    assert np.any(dealt[0][0][0] != dealt[0][2][0])  # the next epoch shuffles anew
    for x, y in dealt[0]:
        np.testing.assert_array_equal(y, x[:, :1] * x[:, 1:])


def test_equal_time_gives_the_slower_model_fewer_epochs(stubs):
    two = {name: MODELS[name] for name in ("dense", "[tanh]")}
    found = compare(two, (X, Y), budget="seconds", **{**OPTIONS, "epochs": 8, "seeds": 1})
    assert [len(run["curves"]["loss"]) for run in found.runs] == [8, 4]


def test_errors_of_python_are_crashes_and_are_tried_again(tmp_path, monkeypatch, stubs):
    def refused(made, *rest):
        if made[0].name == "b":
            raise OSError("no such table")
        return arms.stub(made, *rest)

    two, options = {"a": arms.dense, "b": arms.tanh}, {**OPTIONS, "folder": tmp_path, "seeds": 1}
    monkeypatch.setitem(unit_of_work.WORK, "training", refused)
    bad = compare(two, (X, Y), **options)
    assert [run["outcome"] for run in bad.runs] == ["finished", "crashed"]
    assert "OSError: no such table" in bad.to_text()
    monkeypatch.setitem(unit_of_work.WORK, "training", arms.stub)
    good = compare(two, (X, Y), **options)
    assert [run["outcome"] for run in good.runs] == ["finished", "finished"]


def test_reports_hold_every_run_and_need_no_other_file(result, tmp_path):
    page = result.write(tmp_path / "new")
    written = {path.name for path in page.parent.iterdir()}
    assert written == {"report.html", "result.json", "result.csv", "result.txt"}
    fields = json.loads((page.parent / "result.json").read_text())
    assert [v["verdict"] for v in fields["verdicts"]] == list(result.verdicts.values())
    assert len(fields["runs"]) == 36
    rows = list(csv.DictReader(io.StringIO(result.to_csv())))
    epochs = {"dense": 2, "[tanh]": 2, "still": 2, "scaled": 2, "mean": 1}
    for name, count in epochs.items():
        assert sum(row["model"] == name for row in rows) == 6 * count
    assert {row["outcome"] for row in rows if row["model"] == "diverging"} == {"nan"}
    text = page.read_text()
    assert result.headline in text
    assert text.index(result.headline) < text.index("<table>")
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert text.count("<img") == 3
    plain = (page.parent / "result.txt").read_text()
    assert "[tanh]" in plain
    assert plain.startswith("Against dense, ")


@pytest.mark.parametrize(("alpha", "level", "seeds"), [(0.05, "95 %", 8), (0.001, "99.9 %", 14)])
def test_reports_say_the_level_of_intervals_and_the_seeds_that_all_models_need(
    result, alpha, level, seeds
):
    text = dataclasses.replace(result, alpha=alpha).to_text()
    assert f"({level} interval" in " ".join(text.split())
    assert f"fewer than {seeds} never find a difference" in " ".join(text.split())


def test_tensorboard_gets_a_run_for_each_model_and_seed(result, tmp_path):
    result.to_tensorboard(tmp_path)
    names = {path.parent.name for path in tmp_path.glob("*/events.*")}
    assert names == {f"{run['arm']}-{run['seed']}" for run in result.runs}


def test_a_pilot_gives_a_number_of_seeds(result, stubs):
    two = {name: MODELS[name] for name in ("dense", "[tanh]")}
    pilot = compare(two, (X, Y), **{**OPTIONS, "seeds": 4})
    small, large = (plan(pilot, difference).seeds for difference in (0.01, 2.0))
    assert small > large >= 6
    assert plan(pilot).difference == pilot.judgements[0].margin
    with pytest.raises(ValueError, match="`pilot` must have at least 3 seeds"):
        plan(result)
    with pytest.raises(ValueError, match="`power`.*Received: 1"):
        plan(pilot, power=1)
    with pytest.raises(ValueError, match="`difference`.*Received: 0"):
        plan(pilot, difference=0)
    with pytest.raises(TypeError, match="`pilot` must be the result of `compare`. Received: int"):
        plan(3)


def test_files_that_are_not_whole_are_made_anew(tmp_path, stubs):
    options = {**OPTIONS, "folder": tmp_path}
    models = {"a": arms.dense, "b": arms.tanh}
    whole = compare(models, (X, Y), **options)
    for path in (tmp_path / "runs").iterdir():
        path.write_bytes(path.read_bytes()[:20])
    again = compare(models, (X, Y), **options)
    assert again.runs == whole.runs
    (tmp_path / "runs" / "looks.txt").write_text("nothing")
    assert compare(models, (X, Y), **options).looks == (6,)


def test_targets_may_have_another_rank_in_the_next_comparison():
    models, options = {"a": arms.dense, "b": arms.tanh}, {**OPTIONS, "seeds": 1, "epochs": 1}
    columns, rows = (compare(models, (X, y), **options) for y in (Y, Y[:, 0]))
    assert [r["score"] for r in rows.runs] == pytest.approx([r["score"] for r in columns.runs])


def test_report_fits_a_terminal_of_80_columns(result):
    screen = io.StringIO()
    on_screen.show(result, Console(file=screen, width=80))
    head = next(line for line in screen.getvalue().splitlines() if "median" in line)
    assert head.split()[:6] == ["model", "runs", "failed", "mean", "sd", "median"]
