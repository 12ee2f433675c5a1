"""The architecture: which packages may import which, and how long a file may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "keras_addmul"
FILES = sorted(PACKAGE.rglob("*.py"))

# A module may import what lies lower, or what lies in its own folder.
HEIGHT = {
    "annotations": -2,
    "keras_types": -1,
    "extras": -2,
    "tracing": -1,
    "special": 0,
    "activations": 1,
    "layers": 2,
    "callbacks": 3,
    "conversion": 3,
    "read": 3,
    "restarts": 3,
    "serving": 3,
    "barron": 4,
    "discover": 4,
    "compare": 5,
    "demo": 5,
    "commands": 6,
    "__init__": 7,
    "__main__": 7,
}

# The same inside a folder of folders; what is not listed lies on top.
STOREYS = {
    "barron": {"functions": 0, "fitting": 1, "models": 2, "norms": 3},
    "discover": {
        "table": 0,
        "forms": 0,
        "transformations": 0,
        "search": 1,
        "formula": 2,
        "scoring": 2,
        "dimension_check": 3,
        "finding": 3,
        "report": 4,
    },
    "compare": {"judging": 0},
}

# Libraries that are imported where they are used, because they cost time or are optional.
LATE = [
    "tensorflow_probability",
    "tf_keras",
    "pandas",
    "matplotlib",
    "rich",
    "scipy",
    "sympy",
    "pint",
]


def relative(path):
    return str(path.relative_to(PACKAGE))


def home(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def storey(folder, name):
    """How high a module of a folder lies in it."""
    return STOREYS.get(folder, {}).get(name, len(STOREYS.get(folder, {})))


def imports(path, top_level=False):
    """The dotted names a file imports; of `from a import b`, both `a` and `a.b`."""
    tree = ast.parse(path.read_text())
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)}: relative import on line {node.lineno}"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_point_downwards(path):
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "keras_addmul" and len(parts) > 1 and parts[1] in HEIGHT:
            same = parts[1] == home(path)
            assert same or HEIGHT[parts[1]] < HEIGHT[home(path)], f"{relative(path)}: {name}"
            if same and len(parts) > 2:
                here = storey(parts[1], path.relative_to(PACKAGE).parts[1].removesuffix(".py"))
                assert storey(parts[1], parts[2]) <= here, f"{relative(path)}: {name}"


def test_every_folder_has_a_height():
    assert {home(path) for path in FILES} <= set(HEIGHT)


def test_imports_run_in_no_circle():
    # A package is left out where one of its modules is meant: its __init__ only lists names.
    modules = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in FILES
    }
    uses = {name: set(imports(path)) & set(modules) - {name} for name, path in modules.items()}
    while uses:
        leaves = {name for name, used in uses.items() if not used & set(uses)}
        assert leaves, f"a circle among {sorted(uses)}"
        uses = {name: used for name, used in uses.items() if name not in leaves}


def test_no_file_is_named_like_another():
    named = [path.stem for path in FILES if path.stem not in ("__init__", "__main__")]
    assert sorted(named) == sorted(set(named))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_file_is_named_like_a_function_or_class_it_holds(path):
    held = {node.name for node in ast.parse(path.read_text()).body if hasattr(node, "name")}
    assert path.stem not in held


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_file_grows_past_300_lines(path):
    assert len(path.read_text().splitlines()) <= 300


def test_no_file_is_called_utils():
    assert not [relative(path) for path in PACKAGE.rglob("utils*")]


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_only_public_keras_is_used(path):
    private = ("keras.src", "tensorflow.keras", "tf_keras", "tensorflow.python")
    assert not [
        name for name in imports(path) if f"{name}.".startswith(tuple(map("{}.".format, private)))
    ]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used = f"{node.value.id}.{node.attr}"
            assert used not in ("tf.keras", "keras.src"), f"{relative(path)}: {used}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_mathematics_and_layers_know_no_backend(path):
    if home(path) in ("special", "layers"):
        roots = {name.split(".")[0] for name in imports(path)}
        assert not roots & {"tensorflow", "jax", "torch"}


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_tensorflow_probability_is_imported_where_it_is_used(path):
    roots = {name.split(".")[0] for name in imports(path, top_level=True)}
    assert "tensorflow_probability" not in roots


def test_import_of_the_package_loads_nothing_that_keras_does_not():
    # Keras itself loads some of these where they are installed.
    script = (
        "import sys, keras\n"
        "before = set(sys.modules)\n"
        "import keras_addmul\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "keras_addmul.layers" in loaded
    assert not {name.split(".")[0] for name in loaded} & set(LATE)
    assert not {"keras_addmul.discover", "keras_addmul.demo", "keras_addmul.read"} & set(loaded)
