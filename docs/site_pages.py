"""Adds the pages of the site: README, cards, notebooks, and one page of API for each package."""

import ast
import json
import re
from pathlib import Path

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "keras_addmul"

# Where a page of the repository stands in the site; links between them follow.
PLACES = {
    "README.md": "index.md",
    "layers/README.md": "layers/index.md",
    "docs/compare.md": "compare/index.md",
    "docs/deploy/README.md": "serving/index.md",
    "docs/CHANGELOG.md": "project/changelog.md",
    ".github/CONTRIBUTING.md": "project/contributing.md",
}

PACKAGES = (
    "layers", "activations", "special", "discover", "compare", "restarts", "barron",
    "conversion", "callbacks", "read", "serving",
)  # fmt: skip


def on_config(config):
    """Lists the pages, in the order in which they are read."""
    config.nav = [
        {"Home": "index.md"},
        {"Layers": ["layers/index.md", *(f"layers/{card.name}" for card in _cards())]},
        {"Tutorials": [{_title(book): f"tutorials/{book.name}"} for book in _notebooks()]},
        {"Comparing": "compare/index.md"},
        {"Serving": "serving/index.md"},
        {"API": ["api/index.md", *({name: f"api/{name}.md"} for name in PACKAGES)]},
        {"Project": ["project/changelog.md", "project/contributing.md"]},
    ]
    return config


@event_priority(100)  # before the plugin that turns notebooks into pages
def on_files(files, config):
    """Adds the files of the repository under their places in the site."""
    sources = [ROOT / place for place in PLACES]
    sources += [*_cards(), *_notebooks(), *(ROOT / "layers").glob("*.svg")]
    for source in sources:
        place = PLACES.get(_in_repository(source), _in_repository(source))
        files.append(File.generated(config, place, abs_src_path=str(source)))
    files.append(File.generated(config, "api/index.md", content=_api_index()))
    for name in PACKAGES:
        files.append(File.generated(config, f"api/{name}.md", content=_api_page(name)))
    return files


def on_nav(nav, config, files):
    """Tells notebooks where they lie; the plugin asks the docs folder, where they are not."""
    for file in files:
        if file.src_uri.endswith(".ipynb"):
            file.abs_src_path = str(ROOT / file.src_uri)
    return nav


def on_page_markdown(markdown, page, config, files):
    """Makes the links of a page of the repository lead to pages of the site."""
    if page.is_homepage:
        page.meta["hide"] = ["navigation"]  # it would list this page alone
    source = Path(page.file.abs_src_path or "")
    if source.suffix != ".md" or not source.is_relative_to(ROOT):
        return markdown

    def moved(found):
        text, link, anchor = found.groups("")
        if re.match(r"[a-z]+:|#", link) or not link:
            return found[0]
        target = _in_repository((source.parent / link).resolve())
        place = PLACES.get(target, target)
        if files.get_file_from_path(place):
            up = "../" * (len(Path(page.file.src_uri).parts) - 1)
            return f"[{text}]({up}{place}{anchor})"
        # What is not in the site is source code.
        return f"[{text}]({config.repo_url}/{target}{anchor})" if config.repo_url else text

    return re.sub(r"(?<!!)\[((?:[^][]|\[[^]]*\])*)\]\(([^)#\s]*)(#[^)\s]*)?\)", moved, markdown)


def _in_repository(path):
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


def _cards():
    return sorted(path for path in (ROOT / "layers").glob("*.md") if path.name != "README.md")


def _notebooks():
    return sorted((ROOT / "tutorials").glob("*.ipynb"))


def _title(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    text = "".join(line for cell in cells for line in (*cell["source"], "\n"))
    return re.search(r"^# (.*)$", text, re.M)[1]


def _api_index():
    rows = "\n".join(
        f"| [`keras_addmul.{name}`]({name}.md) | {_first_line(name)} |" for name in PACKAGES
    )
    return (
        f"# API\n\nEvery public name, by package.\n\n| package | holds |\n| --- | --- |\n{rows}\n"
    )


def _first_line(name):
    tree = ast.parse((PACKAGE / name / "__init__.py").read_text())
    return ast.get_docstring(tree).split("\n\n")[0].replace("\n", " ")


def _api_page(name):
    """One entry for each public name of a package that is defined in this project."""
    tree = ast.parse((PACKAGE / name / "__init__.py").read_text())
    public, origins = [], {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            origins |= {alias.asname or alias.name: node.module for alias in node.names}
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            public = ast.literal_eval(node.value)
    ours = [entry for entry in public if origins.get(entry, name).split(".")[0] != "keras"]
    text = f"# keras_addmul.{name}\n\n{ast.get_docstring(tree)}\n"
    of_keras = [entry for entry in public if entry not in ours]
    if of_keras:
        text += f"\nKeras's own, under the same names: {', '.join(map('`{}`'.format, of_keras))}.\n"
    for entry in ours:
        text += f"\n::: keras_addmul.{name}.{entry}\n"
    return text
