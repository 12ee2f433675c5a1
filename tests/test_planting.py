"""Each bug that `make mutants` plants is one change, in code that runs."""

import ast
from pathlib import Path

import pytest

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
