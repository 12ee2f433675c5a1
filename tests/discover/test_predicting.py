"""A found formula is computed for another table, and rows that extrapolate are marked."""

import csv
import json

import numpy as np
import pytest
import sympy

from keras_addmul.discover import command
from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.formula import Formula
from keras_addmul.discover.predicting import predict
from keras_addmul.discover.report import files, plots
from keras_addmul.discover.table.grouping import read_groups
from keras_addmul.discover.table.reading import read_csv

LAW = 3 * sympy.Symbol("mass [kg]") ** 2 - sympy.Symbol("day")


@pytest.fixture
def result(tmp_path):
    """The report of a formula of a mass and of a date, from a table of twelve rows."""
    rows = [f"{i + 1},2020-02-{i + 10},{i * i % 7},{3 * (i + 1) ** 2 - i}\n" for i in range(12)]
    (tmp_path / "old.csv").write_text("mass [kg],day,idle,F\n" + "".join(rows))
    table = read_csv(tmp_path / "old.csv", "F")
    law = Formula(LAW, table.names, "F", "a sum of 2 products", 0.0, 1.0, True, 9.0)
    every = np.arange(12)
    found = Discovery(table, every, every, law, [law], lambda: None, (1.0, 1.0), [], 0, 1.0)
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "formula.json").write_text(json.dumps(files.fields(found)))
    return tmp_path / "result"


def written(folder, text, name="new.csv"):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


def test_rows_are_computed_and_those_that_extrapolate_are_marked(result, tmp_path):
    data = written(
        tmp_path,
        "day;mass [kg];who;F\n2020-02-10;2,5;a;19\n2020-02-20;40;b;\n2021-02-10;;c;7\n;3;d;1\n",
    )
    said = " ".join(predict(result, data, tmp_path / "p.csv"))
    with open(tmp_path / "p.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["who"] for row in rows] == ["a", "b", "c", "d"]
    told = [row["F predicted"] for row in rows]
    assert [float(value) for value in told[:2]] == [3 * 2.5**2, 3 * 40**2 - 10]
    assert told[2:] == ["", ""]
    assert [row["extrapolates"] for row in rows] == ["", "mass [kg]", "day", ""]
    assert said.startswith("2 of 4 rows have a prediction of F, in ")
    assert "2 have none: a value is missing" in said
    assert "2 extrapolate, outside the range that the formula was found on: " in said
    assert "'mass [kg]' in 1 and 'day' in 1." in said
    assert "The table holds F too, in 1 of these rows: relative error 1.32 %" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "day,mass,F\n2020-02-10,1,1\n",
            "`data` must have the columns .*'day' and 'mass .kg.'. Received: 'day'",
        ),
        (
            "day,mass [kg]\n2020-02-10,heavy\n",
            r"`data` must hold numbers in 'mass \[kg\]'.*'heavy'",
        ),
        ("", "expected a line that names the columns"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_in_one_line(result, tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        predict(result, written(tmp_path, text), tmp_path / "p.csv")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "p.csv").exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", "not JSON"])
def test_a_directory_without_a_formula_is_refused(result, tmp_path, content):
    (result / "formula.json").write_text(content)
    with pytest.raises(ValueError, match="`result` must be a directory that"):
        predict(result, tmp_path / "old.csv", tmp_path / "p.csv")


def test_each_group_gets_a_formula_and_its_rows_are_computed_by_it(tmp_path, monkeypatch, capsys):
    from keras_addmul import serving

    monkeypatch.setattr(serving, "export", lambda model, path, **more: path)
    for name in ("draw_fit", "draw_front"):  # tested elsewhere
        monkeypatch.setattr(plots, name, lambda found: b"")
    rows = [
        f"{fluid},{i + 1},{factor * (i + 1) ** 2}\n"
        for fluid, factor in (("water", 2), ("oil/gas", 7))
        for i in range(12)
    ]
    text = "fluid,v,p\n" + "".join(rows) + "air,1,1\n"
    options = {"baselines": False, "time_limit": 5.0, "verbose": 0}
    found = command.run_by(written(tmp_path, text), "p", tmp_path / "out", "fluid", **options)
    assert {value: one.formula.text for value, one in found.items()} == {
        "water": "p = 2*v**2", "oil/gas": "p = 7*v**2",
    }  # fmt: skip
    assert "fluid = air was left out: " in capsys.readouterr().out
    page = (tmp_path / "out" / "report.html").read_text()
    for folder in ("fluid=water", "fluid=oil_gas"):
        assert f'href="{folder}/report.html"' in page
        assert (tmp_path / "out" / folder / "formula.py").is_file()
    data = written(tmp_path, "fluid,v\nwater,3\noil/gas,50\nair,3\n", "new.csv")
    predict(tmp_path / "out", data, tmp_path / "p.csv")
    with open(tmp_path / "p.csv", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [row["p predicted"] for row in table] == ["18.0", "17500.0", ""]
    assert [row["extrapolates"] for row in table] == ["", "v", ""]


@pytest.mark.parametrize(
    ("by", "message"),
    [("none", "`by` must be the name of a column"), ("F", "`by` must be a column of its own")],
)
def test_groups_that_are_none_are_refused(tmp_path, by, message):
    data = written(tmp_path, "a,b,F\n" + "".join(f"{i},{i % 2},{3 * i}\n" for i in range(30)))
    with pytest.raises(ValueError, match=message):
        read_groups(data, "F", by)
    with pytest.raises(ValueError, match="`by` must have a group that can be used"):
        read_groups(data, "F", "a")
    assert set(read_groups(data, "F", "b")[0]) == {"0", "1"}
