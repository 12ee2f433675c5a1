"""The demonstration, as typed, and the pieces it is made of."""

import re

import numpy as np
import pytest

from keras_addmul import demo, serving
from keras_addmul.__main__ import main
from keras_addmul.demo import networks as models
from keras_addmul.demo import story

pytest.importorskip("rich")
pytest.importorskip("matplotlib")


def test_split_holds_out_bodies_of_every_center_that_can_spare_them():
    parts = demo.split(demo.load())
    assert set(parts.held_out.centers) == {"Sun", "Jupiter", "Saturn", "Uranus", "Neptune"}
    assert "Earth" not in parts.training.centers
    names = [set(part.names) for part in vars(parts).values()]
    assert not names[0] & names[1] | names[0] & names[2] | names[1] & names[2]
    assert set.union(*names) == set(demo.load().names)


def test_split_refuses_a_table_that_can_spare_no_body():
    bodies = demo.load()
    with pytest.raises(ValueError, match="at least 3 bodies, to hold one out. Received: 2 bodies"):
        demo.split(bodies[np.isin(bodies.names, ["Phobos", "Deimos"])])


def test_units_give_every_column_the_geometric_mean_one():
    bodies = demo.load()
    units = demo.Units.of(bodies)
    columns = np.concatenate([units.inputs(bodies), units.targets(bodies)], axis=1)
    assert columns.dtype == np.float32
    np.testing.assert_allclose(np.exp(np.log(columns).mean(0)), 1.0, rtol=1e-5)


def test_law_of_a_neuron_that_knows_keplers_is_read_in_si_units():
    bodies = demo.load()
    units = demo.Units.of(bodies)
    neuron = models.arms()[0].model
    neuron.get_layer("operation").set_weights(
        [np.array([[1.5], [-0.5]]), np.ones(1), np.zeros((2, 1))]
    )
    scale = models.CONSTANT * units.axis**1.5 / units.mass**0.5 / units.period
    neuron.get_layer("constant").set_weights([np.array([[scale]])])
    law = models.read_law(neuron, units)
    assert (law.order, law.axis_exponent, law.mass_exponent) == (1.0, 1.5, -0.5)
    np.testing.assert_allclose(law.constant, models.CONSTANT, rtol=1e-6)

    si = np.stack([bodies.semi_major_axis, bodies.central_mass], axis=1).astype("float32")
    served = models.served(neuron, units)
    assert [t.name for t in served.inputs] == ["metres_and_kilograms"]  # what a request calls it
    period = served(si).numpy()[:, 0]
    np.testing.assert_allclose(period, bodies.period, rtol=0.01)


@pytest.mark.slow
def test_command_finds_keplers_third_law_and_serves_it(tmp_path, capsys, monkeypatch):
    outcomes, run = [], story.run
    monkeypatch.setattr(story, "run", lambda *a, **k: outcomes.append(run(*a, **k)))
    main(["demo", "--out", str(tmp_path), "--steps", "1500", "--seed", "1"])
    (outcome,) = outcomes

    assert outcome.law.order > 0.99
    assert abs(outcome.law.axis_exponent - 1.5) < 0.01
    assert abs(outcome.law.mass_exponent + 0.5) < 0.01
    assert abs(outcome.law.constant / models.CONSTANT - 1) < 0.01
    assert np.median(outcome.errors("AddMulDense", "held_out")) < 0.01
    assert np.median(outcome.errors("Dense", "held_out")) > 0.01
    assert abs(outcome.served / outcome.parts.unseen.period[0] - 1) < 0.01

    assert (tmp_path / "kepler.png").stat().st_size > 10_000
    x, year = np.array([[1.4959826e11, 1.9884e30]], "float32"), np.array([[365.256 * 86400]])
    report = serving.check(tmp_path / "served", x, year, rtol=0.01, atol=0.0)
    assert report.endpoints == ("serve", "serve_jit")

    a, mass = 1.4959826e11, 1.9884e30
    told = outcome.discovery.formula.expression.subs({"a": a, "M": mass})
    constant = told / (a**3 / mass) ** 0.5
    assert abs(float(constant) / models.CONSTANT - 1) < 0.01

    said = capsys.readouterr().out
    assert outcome.discovery.formula.text in said
    assert re.search(r"A product: period = 7\d{5} \* axis\^1\.\d+ \* mass\^-0\.\d+", said)
    assert re.search(r"predicted 27\.\d\d days, measured 27\.32 days", said)


@pytest.mark.slow
def test_training_that_is_stopped_keeps_what_it_has_learned(monkeypatch):
    from rich.console import Console

    from keras_addmul.demo.training import progress_bar, train

    parts = demo.split(demo.load())
    units = demo.Units.of(parts.training)
    neuron = models.arms()[0]
    before = models.read_law(neuron.model, units)

    def watch(step):
        if step == 30:
            raise KeyboardInterrupt

    x, y = units.inputs(parts.training), units.targets(parts.training)
    with progress_bar(Console(quiet=True)) as progress:
        assert train(neuron, x, y, 100, progress, watch) == 30
    assert models.read_law(neuron.model, units) != before
    assert np.isfinite(neuron.predict(x)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--steps", "0"], "argument --steps: must be a positive integer. Received: '0'"),
        (
            ["--table", "nowhere.csv"],
            "argument --table: must be a file of separated values. Received: 'nowhere.csv', "
            "which does not exist",
        ),
    ],
)
def test_bad_argument_is_refused_in_one_line(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["demo", "--out", str(tmp_path / "out"), *arguments])
    assert capsys.readouterr().err == f"keras-addmul demo: {message}\n"
    assert not (tmp_path / "out").exists()


def test_measurement_that_is_not_a_number_is_named(tmp_path, capsys):
    table = tmp_path / "bodies.csv"
    header = "body,central_body,kind,semi_major_axis_km,central_mass_kg,period_days"
    table.write_text(f"{header}\nMoon,Earth,moon,384400,5.9722e24,nan\n")
    with pytest.raises(SystemExit):
        main(["demo", "--out", str(tmp_path / "out"), "--table", str(table)])
    assert "'Moon', column 'period_days': expected a finite number" in capsys.readouterr().err
