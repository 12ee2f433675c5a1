"""The cards, their gallery and the README are complete, and their claims hold."""

import ast
import importlib.util
import re
from pathlib import Path

import keras
import pytest

import keras_addmul
from keras_addmul import activations, layers

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "layers"
CARDS = sorted(FOLDER.glob("[A-Z]*[a-z].md"))
PAGES = [ROOT / "README.md", FOLDER / "README.md", *CARDS]
BLOCKS = [
    pytest.param(page, code, id=f"{page.relative_to(ROOT)}-{number}")
    for page in (*PAGES, ROOT / "docs" / "compare.md")
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.S))
]


def relative(path):
    return str(path.relative_to(ROOT))


# Cards that show a family: every layer of it has a heading there.
FAMILIES = {
    "Noisy": ["NoisyActivation", "NoisyTanh", "NoisySigmoid", "NoisyLSTM", "NoisyGRU"],
    "Activations": [
        *("APL", "CReLU", "ISRLU", "ISRU", "Maxout", "PELU", "RReLU", "Rational", "SReLU"),
        *("Snake", "Swish"),
    ],
    "Barron": ["RePU", "RePUBank", "PiecewisePolynomial"],
    "Convolutions": ["AddMulConv1D", "AddMulConv2D", "AddMulConv3D", "DepthwiseAddMulConv2D"],
    "Settled": ["ProductDense", "SideBySide"],
    "Special": [],  # functions of tensors
    "Neighbourhoods": [
        *("AddMulReduce", "AddMulPooling1D", "AddMulPooling2D"),
        *("GlobalAddMulPooling1D", "GlobalAddMulPooling2D", "GraphAddMulAggregation"),
    ],
    "Peers": ["NAU", "NMU", "NMRU", "RealNPU", "ProductUnit", "NALU", "INALU", "SoftExponential"],
}


def test_there_is_a_card_for_each_layer_and_no_other():
    together = {name for family in FAMILIES.values() for name in family}
    alone = {card.stem for card in CARDS} - set(FAMILIES)
    assert not alone & together
    assert alone | together == {n for n in layers.__all__ if isinstance(getattr(layers, n), type)}


@pytest.mark.parametrize("family", FAMILIES)
def test_family_card_has_a_heading_for_each_layer(family):
    text = (FOLDER / f"{family}.md").read_text()
    assert set(FAMILIES[family]) <= set(re.findall(r"^### (.*)$", text, re.M))
    assert f"({family}.svg)" in text


@pytest.mark.parametrize("card", CARDS, ids=relative)
def test_card_has_every_part_and_fits_a_page(card):
    text = card.read_text()
    assert text.startswith(f"# {card.stem}\n")
    assert f"({card.stem}.svg)" in text
    assert "```python" in text
    parts = re.findall(r"^## (.*)$", text, re.M)
    owed = ["Example", "Weights and shapes", "Domain", "When to use it", "Measured"]
    assert [part for part in parts if part in owed] == owed
    assert "Do not use it" in text
    told = r"^\*\*With Keras\.\*\*.*sparse.*quantize.*lora.*Remat.*JAX.*KERAS_BACKEND.*LiteRT"
    assert re.search(told, text, re.M | re.S)
    assert len(text.splitlines()) <= (100 if card.stem not in FAMILIES else 250)


@pytest.mark.parametrize("card", CARDS, ids=relative)
def test_gallery_shows_each_card(card):
    gallery = (FOLDER / "README.md").read_text()
    assert f"({card.stem}.md)" in gallery
    assert f"({card.stem}.svg)" in gallery


@pytest.mark.slow
@pytest.mark.parametrize(("page", "code"), BLOCKS)
def test_code_runs(page, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, relative(page), "exec"), {"__name__": "card"})


def calls_in_text(page):
    """Calls that the text of a page mentions, as `AddMulDense(units, groups=8)`.

    A bare name in small letters is the notation of a formula, as in `relu(-x)`.
    """
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    for code in re.findall(r"`([^`]+)`", text):
        value = re.sub(r"^\w+=(?!=)", "", " ".join(code.split()))  # an argument, with its name
        try:
            call = ast.parse(value, mode="eval").body
        except SyntaxError:
            continue
        if isinstance(call, ast.Call):
            name = ast.unparse(call.func)
            if "." in name or name[0].isupper():
                yield value


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_calls_in_the_text_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    known = {
        **vars(keras.layers), **vars(layers.initializers), **vars(layers.regularizers),
        **{name: getattr(keras_addmul, name) for name in keras_addmul.__all__},
        **{"keras": keras, "keras_addmul": keras_addmul, "model": model, "tanh": "tanh"},
        **{"units": 64, "t": 2},
    }  # fmt: skip
    for code in calls_in_text(page):
        assert eval(code, known) is not None, code


def test_calls_are_found_in_the_text():
    found = list(calls_in_text(ROOT / "README.md"))
    assert "AddMulDense(units, groups=8)" in found
    assert "layers.regularizers.OrdersToEnds()" in found


def test_pictures_are_what_the_scripts_draw(tmp_path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    monkeypatch.syspath_prepend(FOLDER)
    names = []
    for path in sorted(FOLDER.glob("draw*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        names += script.draw(tmp_path)
    assert sorted(names) == sorted(path.name for path in FOLDER.glob("*.svg"))
    for name in names:
        text, kept = ((folder / name).read_text() for folder in (tmp_path, FOLDER))
        # Another version of matplotlib may place things elsewhere.
        if f"Matplotlib v{matplotlib.__version__}," in kept:
            assert numbers(text) == pytest.approx(numbers(kept), abs=0.1)


def numbers(text):
    """Every coordinate on the paths of an .svg file."""
    paths = re.findall(r'<path [^>]*?d="([^"]*)"', text)
    return [float(number) for path in paths for number in re.findall(r"-?\d+\.?\d*", path)]


def test_card_of_the_activations_shows_the_catalogue(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    script = importlib.import_module("measure_activations")
    assert script.catalogue_table() in (FOLDER / "Activations.md").read_text()
    drawn = importlib.import_module("draw_activations").FAMILIES.values()
    names = [name for family in drawn for name in family]
    assert sorted(names) == [row.name for row in activations.catalogue()]
