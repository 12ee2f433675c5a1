"""All that README, cards and notebooks point to exists: files, headings, names, commands."""

import json
import operator
import re
from pathlib import Path

import pytest

import keras_addmul

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "tutorials").glob("*.ipynb"))
PAGES = sorted(
    path
    for folder in ("", "layers", "tutorials", "docs", ".github")
    for path in (ROOT / folder).glob("*.md")
)

# Names that a page may write without `keras_addmul.` before them.
PARTS = "activations|barron|callbacks|compare|conversion|discover|layers|restarts|serving|special"


def relative(path):
    return str(path.relative_to(ROOT))


def text_of(page):
    """The words of a page; of a notebook, its markdown cells."""
    if page.suffix != ".ipynb":
        return page.read_text()
    cells = json.loads(page.read_text())["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def headings(page):
    """Anchors that GitHub gives the headings of a page."""
    lines = re.findall(r"^#+ (.*)$", text_of(page), re.M)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def commands(page):
    """Each `python ...` that a page tells the reader to run, as its words."""
    code = re.findall(r"`((?:python|make|keras-addmul) [^`]*)`", text_of(page).replace("\n", " "))
    code += re.findall(r"^(make \w+|python .*)$", text_of(page), re.M)
    return [re.split(r"\s+", re.sub(r"#.*", "", line).strip()) for line in code]


@pytest.mark.parametrize("page", PAGES + NOTEBOOKS, ids=relative)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", text_of(page), flags=re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"(https?|mailto):", link):
            continue
        file, _, heading = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        assert not heading or heading in headings(target), link


@pytest.mark.parametrize("page", PAGES + NOTEBOOKS, ids=relative)
def test_files_and_folders_that_are_named_exist(page):
    folders = "keras_addmul|layers|tests|tutorials|docs"
    for name in re.findall(rf"`((?:{folders})/[\w./]*)`", text_of(page)):
        inside = ROOT / "keras_addmul" / name  # CONTRIBUTING speaks of the package's folders
        assert (ROOT / name).exists() or inside.exists() or "<" in name, name


@pytest.mark.parametrize("page", PAGES + NOTEBOOKS, ids=relative)
def test_commands_name_what_can_be_run(page):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    for words in commands(page):
        if words[0] == "make":
            assert words[1] in targets, words
        elif words[0] == "keras-addmul":
            told = "".join(p.read_text() for p in (ROOT / "keras_addmul/commands").glob("*.py"))
            for word in {words[1], *(w for w in words if w.startswith("--"))} - {"--help"}:
                assert f'"{word}"' in told, (word, words)
        elif words[1] == "-m" and words[2].split(".")[0] in ("keras_addmul", "tests", "layers"):
            path = ROOT / words[2].replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), words
        elif words[1].endswith(".py"):
            assert (ROOT / words[1]).exists(), words
            if words[1] == "tests/benchmarks/run.py":
                for name in (word for word in words[2:] if re.fullmatch("[a-z_]+", word)):
                    assert (ROOT / "tests" / "benchmarks" / f"{name}.py").exists(), words


@pytest.mark.parametrize("page", PAGES + NOTEBOOKS, ids=relative)
def test_names_of_ours_can_be_had(page):
    """`layers.regularizers.OrdersToEnds`, `keras_addmul.serving.check`: each is there."""
    pattern = rf"(?<![\w.])(?:keras_addmul\.)?((?:{PARTS})(?:\.[A-Za-z_]\w*)+)"
    for code in re.findall(r"`([^`\n]+)`", text_of(page)):
        if "/" in code:
            continue
        for name in re.findall(pattern, code):
            assert operator.attrgetter(name)(keras_addmul) is not None, name


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=relative)
def test_imports_of_notebooks_find_what_they_name(notebook):
    """Cheap, where running the notebook is not."""
    cells = json.loads(notebook.read_text())["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    lines = re.findall(r"^from keras_addmul[^\n]*$|^import keras_addmul[^\n]*$", code, re.M)
    assert lines
    exec("\n".join(lines), {})
