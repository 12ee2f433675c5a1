"""What a report says, on the screen and in its files."""

import dataclasses
import html.parser
import json
import os
import re

import numpy as np
import pytest
import sympy
from rich.console import Console

from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.formula import Formula, Measured
from keras_addmul.discover.report import files, html_page, plots, screen, sentences
from keras_addmul.discover.scoring import scores
from keras_addmul.discover.scoring.baselines import Baseline
from keras_addmul.discover.table.reading import Table

NAMES = ("mass [kg]", "r_0 <b>&", "cost $")
MASS, RADIUS, COST = (sympy.Symbol(name) for name in NAMES)
X = np.random.default_rng(0).uniform(1, 5, (80, 3))


def formula(expression, exact=False, structure="one product", rows=None, target="F"):
    """A `Formula` with its scores on the rows."""
    made = Formula(expression, NAMES, target, structure, np.nan, np.nan, exact, 0.0)
    if rows is None:
        return made
    x, y = rows
    return dataclasses.replace(
        made, r2=scores.r2(y, made(x)), error=scores.relative_error(y, made(x))
    )


def discovery(y, *expressions, exact=False, baselines=(), notes=(), target="F"):
    """A `Discovery` whose formula is the last of the front."""
    rows = Table(NAMES, X, y, target, notes)
    train, held_out = np.arange(60), np.arange(60, 80)
    unseen = X[held_out], y[held_out]
    front = [formula(e, rows=unseen, target=target) for e in expressions]
    front[-1] = dataclasses.replace(front[-1], exact=exact)
    return Discovery(
        table=rows,
        train=train,
        held_out=held_out,
        formula=front[-1],
        front=front,
        network=lambda: None,
        r2_interval=scores.r2_interval(unseen[1], front[-1](unseen[0])),
        baselines=list(baselines),
        seed=7,
        seconds=12.34,
    )


OTHERS = [
    Baseline("least squares", 0.91, 0.12, 4, 0.1),
    Baseline("least squares on logarithms", None, None, None, 0.1, "not every value is positive"),
    Baseline("trees <i>", 0.9999, 0.001, 900, 0.1),
]


@pytest.fixture(scope="module")
def law():
    y = X[:, 0] / X[:, 1] ** 2
    notes = ("The column 'z' was left out: it is 7 in every row.",)
    return discovery(y, 1 / RADIUS, MASS / RADIUS**2, exact=True, baselines=OTHERS, notes=notes)


@pytest.fixture(scope="module")
def guess():
    y = X[:, 0] / X[:, 1] ** 2 * (1 + 0.01 * np.random.default_rng(1).normal(size=80))
    return discovery(y, sympy.Float(0.5) * MASS / RADIUS, baselines=OTHERS)


def printed(found, width=200):
    console = Console(width=width, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    screen.show(found, console)
    return console.export_text()


def test_a_law_is_called_one_and_a_guess_is_not(law, guess):
    assert sentences.verdict(law).startswith("An exact law: it meets every one of the 80 rows up")
    said = sentences.verdict(guess)
    assert said.startswith("An approximation, ")
    assert re.search(r"beyond the noise: one product, .* the 20 held-out rows; .* [\d.]+ %.$", said)


@pytest.mark.parametrize("size", [0.01, 0.3])
def test_a_law_with_noise_is_called_one(size):
    random = np.random.default_rng(2)
    y = X[:, 0] / X[:, 1] ** 2 * (1 + size * random.normal(size=80))
    found = discovery(y, MASS / RADIUS**2)
    assert sentences.judged(found)[0] == "law"
    assert sentences.verdict(found).startswith("A law within the noise (")
    assert dict(sentences.facts(found))["holds"] == "within the noise"
    assert sentences.warning(found).startswith("The law was found, and checked, inside these")
    assert "exact" not in sentences.verdict(found)


def test_cross_validation_and_errors_of_the_numbers_are_told(guess):
    every = np.arange(80)
    numbers = (
        Measured("exponent of r_0", -1.9876, 0.0123, -2.01, -1.96),
        Measured("exponent of m", 1.500231, 8e-5, 1.50007, 1.50039),
    )
    told = dataclasses.replace(guess.formula, measured=numbers, noise="about 10 % of the target")
    found = dataclasses.replace(
        guess, train=every, held_out=every, formula=told, told=guess.formula(X) * 1.001
    )
    assert found.cross_validated
    for said in (screen.plain(found), html_page.page(found, b"", b"")):
        assert "each predicted by the formula as fitted to the others" in said
        for text in ("exponent of r_0", "-1.988", "0.012", "-2.01 to -1.96", "about 10 %"):
            assert text in said
        assert "1.50007 to 1.50039" in said
    fields = files.fields(found)
    assert fields["measured"][0]["interval"] == [-2.01, -1.96]
    assert fields["cross_validated"]


def test_a_tie_is_called_one(guess):
    error = guess.formula.error
    for ratio, tie in ((0.9, True), (0.5, False)):
        other = Baseline("trees", 0.9, ratio * error, 900, 0.1)
        said = sentences.comparison(dataclasses.replace(guess, baselines=[other]))
        assert said.startswith("A tie with trees") == tie


def test_a_formula_that_explains_nothing_says_so(rng):
    y = rng.normal(size=80)
    said = sentences.verdict(discovery(y, sympy.Float(100.0) * MASS))
    assert said.startswith("No law in this family: ")


def test_a_method_that_does_better_is_named(law, guess):
    assert sentences.comparison(law).startswith("The formula is exact up to")
    assert "trees <i> has a smaller error than the formula (0.1 % against" in (
        sentences.comparison(guess)
    )
    assert sentences.comparison(dataclasses.replace(guess, baselines=[])) == ""


@pytest.mark.parametrize("kind", ["law", "guess"])
def test_the_screen_and_the_page_say_everything(request, tmp_path, kind):
    found = request.getfixturevalue(kind)
    page = Page.read(files.write(found, tmp_path))
    for said in (printed(found), (tmp_path / "formula.txt").read_text(), page.text):
        said = " ".join(said.split())
        for sentence in (
            found.formula.text,
            found.formula.latex,
            *found.formula.python.split("\n"),
            found.formula.structure,
            *(text for row in sentences.front_rows(found) for text in row[:4]),
            *(text for row in sentences.domain_rows(found) for text in row),
            *found.table.notes,
            *NAMES,
            "60 to learn from, 20 held out",
            "trees <i>",
            "not every value is positive",
        ):
            assert " ".join(sentence.split()) in said, sentence
        for sentence in (
            sentences.verdict(found), sentences.comparison(found), sentences.warning(found)
        ):  # fmt: skip
            assert sentence in said


def test_the_interval_is_told(guess):
    low, high = guess.r2_interval
    value = dict(sentences.facts(guess))["R\u00b2, held-out rows"]
    assert f"95 % between {low:.4f} and {high:.4f}" in value
    without = dataclasses.replace(guess, r2_interval=(np.nan, np.nan))
    assert "no interval" in dict(sentences.facts(without))["R\u00b2, held-out rows"]


class Page(html.parser.HTMLParser):
    """The text of a page, its tags and its pictures; raises if tags do not close."""

    def __init__(self):
        super().__init__()
        self.text, self.open, self.sources, self.tags = "", [], [], set()

    @classmethod
    def read(cls, path):
        page = cls()
        page.feed(path.read_text(encoding="utf-8"))
        page.close()
        assert page.open == []
        return page

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.sources += [v for k, v in attrs if k in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_is_well_formed_and_needs_nothing_else(law, tmp_path):
    page = Page.read(files.write(law, tmp_path))
    assert len(page.sources) == 2
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert not page.tags & {"script", "link", "iframe", "b", "i"}
    assert {"math", "mfrac", "msup"} <= page.tags


def test_the_fields_are_what_was_found(guess, tmp_path):
    files.write(guess, tmp_path)
    fields = json.loads((tmp_path / "formula.json").read_text())
    assert fields["formula"] == guess.formula.text
    assert fields["exact"] is False
    assert fields["r2"] == guess.formula.r2
    assert fields["r2_interval"] == list(guess.r2_interval)
    assert fields["domain"]["cost $"] == [X[:, 2].min(), X[:, 2].max()]
    assert [b["r2"] for b in fields["baselines"]] == [0.91, None, 0.9999]
    assert fields["seed"] == 7
    place = {}
    exec(fields["python"], place)
    np.testing.assert_allclose(place["formula"](*X.T), guess.formula(X), rtol=1e-15)


def test_an_interrupted_report_leaves_the_earlier_one(law, guess, tmp_path, monkeypatch):
    (tmp_path / "mine.txt").write_text("kept")
    # Drawing takes most of the time and is tested elsewhere.
    monkeypatch.setattr(plots, "draw_fit", lambda found: found.formula.text.encode())
    monkeypatch.setattr(plots, "draw_front", lambda found: b"")
    files.write(law, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for place in (plots, "draw_front"), (json, "dumps"), (os, "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(*place, interrupt)
            with pytest.raises(KeyboardInterrupt):
                files.write(guess, tmp_path)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    files.write(guess, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(before)
    assert (tmp_path / "mine.txt").read_text() == "kept"
    assert (tmp_path / "report.html").read_bytes() != before["report.html"]


def interrupt(*arguments, **options):
    raise KeyboardInterrupt


def test_a_file_is_no_directory(law, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="`out` must be a directory .* Received the file"):
        files.write(law, tmp_path / "file")


@pytest.mark.parametrize(
    ("r2", "text"),
    [
        (1.0, "1"),
        (0.87654321, "0.8765"),
        (0.9999876, "1 \u2212 1.2e-05"),
        (1 - 2**-53, "1 \u2212 1.1e-16"),
        (-3.5, "-3.5000"),
        (-np.inf, "-inf"),
        (None, "\u2013"),
    ],
)
def test_r2_is_not_rounded_to_one(r2, text):
    assert sentences.score(r2) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0"),
        (0.12345, "12.3 %"),
        (0.999, "99.9 %"),
        (0.9999984, "99.9998 %"),
        (0.99996, "99.996 %"),
        (1 - 1e-12, "more than 99.9999999 %"),
        (1.0, "100 %"),
        (2.5, "250 %"),
        (3e-9, "3.0e-09"),
        (1e9, "1.0e+09"),
        (np.inf, "inf"),
        (None, "\u2013"),
    ],
)
def test_shares_are_percents_where_that_reads_well(share, text):
    assert sentences.percent(share) == text


@pytest.mark.parametrize("unit", [1, 1e-30, -1, 1e6])
def test_every_target_can_be_drawn(unit):
    y = unit * 10 ** (3 * X[:, 0]) if unit > 0 else X[:, 0] - X[:, 1]
    found = discovery(y, MASS * COST, sympy.Float(unit) * 10 ** (3 * MASS), target="$\\frac[b]")
    for drawn in (plots.draw_fit(found), plots.draw_front(found)):
        assert drawn.startswith(b"\x89PNG")


def test_predictions_that_are_not_finite_are_left_out_of_the_picture():
    found = discovery(X[:, 0], sympy.log(MASS - 3))
    assert plots.draw_fit(found).startswith(b"\x89PNG")
    assert sentences.score(found.formula.r2) == "-inf"
    screen.plain(found)
