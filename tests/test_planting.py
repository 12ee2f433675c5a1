"""Each bug that `make mutants` plants is one change, in code that runs."""

import ast
import json
from pathlib import Path

import coverage
import pytest

from tests.mutants.coverage_map import CoverageMap
from tests.mutants.planting import bugs_of, planted
from tests.mutants.run import sample

ROOT = Path(__file__).parents[1]


def test_a_planted_file_parses_and_differs_from_the_original():
    for bug in sample(200, seed=0, only="keras_addmul"):
        original = ast.unparse(ast.parse((ROOT / bug.file).read_text()))
        assert ast.unparse(ast.parse(planted(bug, ROOT))) != original, bug


@pytest.mark.parametrize(("number", "other"), [(0, 1), (9, 10), (10, 5), (4000, 2000)])
def test_a_small_number_becomes_one_more_and_a_large_one_half(tmp_path, number, other):
    (tmp_path / "code.py").write_text(f"y = {number}")
    (bug,) = bugs_of(Path("code.py"), tmp_path)
    assert (bug.before, bug.after) == (str(number), str(other))


def test_the_same_seed_plants_the_same_bugs():
    assert sample(20, 1, "") == sample(20, 1, "") != sample(20, 2, "")


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("y = a + b", ["arithmetic"]),
        ("y = a < b", ["comparison"]),
        ("y = f(a, b, axis=c)", ["arguments swapped", "axis= left out"]),
        ("y = max(a, b)", []),
        ("y = -x", ["sign"]),
        ("y = 2.0", ["constant"]),
        ("y = zip(a, b, strict=True)", ["arguments swapped", "constant"]),
        ("raise ValueError(a + b)", []),
        ("def f(x: a | b): 'text'", []),
        ("log.append(x)", ["left out"]),
    ],
)
def test_what_is_computed_can_be_wrong_and_what_is_said_is_left_alone(tmp_path, code, kinds):
    (tmp_path / "code.py").write_text(code)
    assert [bug.kind for bug in bugs_of(Path("code.py"), tmp_path)] == kinds


@pytest.mark.parametrize("branches", [True, False])
def test_the_tests_of_a_line_are_those_that_coverage_saw(tmp_path, branches):
    data = coverage.CoverageData(str(tmp_path / "coverage"))
    data.set_context("tests/test_a.py::test_b[c d\\n]|run")
    code = str(tmp_path / "code.py")
    if branches:
        data.add_arcs({code: [(-1, 1), (1, 3), (3, -1)]})
    else:
        data.add_lines({code: [1, 3]})
    data.write()
    (tmp_path / "seconds.json").write_text(json.dumps({"tests/test_a.py::test_b[c d\\n]": 1.0}))
    known = CoverageMap.load(tmp_path, tmp_path)
    assert known.covering("code.py", 3, 3) == ["tests/test_a.py::test_b[c d\\n]"]
    assert known.covering("code.py", 2, 2) == []
