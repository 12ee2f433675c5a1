"""Every public name says what it takes, returns and raises, and shows an example that runs."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap

import keras
import pytest

import keras_addmul

# The layers that no paper describes; all others name theirs.
WITHOUT_A_PAPER = {
    "layers.GeometricScale",
    "layers.PiecewisePolynomial",
    "layers.SideBySide",
}


def public():
    """Every public function and class that this package defines, by path."""
    for module in pkgutil.iter_modules(keras_addmul.__path__):
        if module.ispkg:
            yield from defined(importlib.import_module(f"keras_addmul.{module.name}"), module.name)


def defined(module, path):
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from defined(value, f"{path}.{name}")
        elif getattr(value, "__module__", "").startswith("keras_addmul."):
            yield f"{path}.{name}", value


def methods():
    """Every public method that these classes do not have from Keras or Python."""
    for path, kind in CLASSES.items():
        foreign = [base for base in kind.__mro__ if not base.__module__.startswith("keras_addmul.")]
        for name, value in vars(kind).items():
            value = getattr(value, "__func__", value)
            inherited = any(hasattr(base, name) for base in foreign)
            if inspect.isfunction(value) and not name.startswith("_") and not inherited:
                yield f"{path}.{name}", value


PUBLIC = dict(public())
CLASSES = {path: value for path, value in PUBLIC.items() if inspect.isclass(value)}
METHODS = dict(methods())
FUNCTIONS = {path: value for path, value in PUBLIC.items() if inspect.isfunction(value)}
LAYERS = [path for path, value in CLASSES.items() if issubclass(value, keras.layers.Layer)]


def has(documented, section):
    return re.search(rf"^{section}:$", documented, re.M) is not None


def raises(source, *names):
    """Whether one of these functions in the source has a `raise` of its own."""
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            yield from (inner for inner in ast.walk(node) if isinstance(inner, ast.Raise))


def test_everything_public_is_a_function_a_class_or_a_table():
    tables = {"activations.RATIONAL_STARTS", "special.SOLUTIONS"}
    assert {*CLASSES, *FUNCTIONS} == {*PUBLIC} - tables
    assert len(LAYERS) > 30
    assert len(METHODS) > 10


@pytest.mark.parametrize("path", [*CLASSES, *FUNCTIONS])
def test_public_name_shows_an_example(path):
    example = re.search(r"^Examples?:\n\n>>> .", inspect.getdoc(PUBLIC[path]), re.M)
    assert example, "a section `Example:`, an empty line, and `>>>` lines that run"


@pytest.mark.parametrize("path", [*FUNCTIONS, *METHODS])
def test_function_says_what_it_takes_returns_and_raises(path):
    function = {**FUNCTIONS, **METHODS}[path]
    documented, signature = inspect.getdoc(function), inspect.signature(function)
    short = path in METHODS and "\n" not in documented  # a line that says it all
    returns = signature.return_annotation not in (None, "None")
    due = {
        "Args": not short
        and [name for name in signature.parameters if name not in ("self", "cls")],
        "Returns": not short and returns and not documented.startswith("Returns"),
        "Raises": [*raises(inspect.getsource(function), function.__name__)],
    }
    if path in FUNCTIONS:
        due["Returns"] = returns
    assert not [
        section for section, wanted in due.items() if wanted and not has(documented, section)
    ]


@pytest.mark.parametrize("path", CLASSES)
def test_class_says_what_it_takes_and_raises(path):
    kind, documented = CLASSES[path], inspect.getdoc(CLASSES[path])
    taken = {name for name in inspect.signature(kind).parameters if not name.startswith("_")}
    taken -= {"args", "kwargs"}
    assert not taken or has(documented, "Args") or has(documented, "Attributes")
    assert not [name for name in taken if not re.search(rf"\b{name}\b", documented)]
    refuses = [*raises(inspect.getsource(kind), "__init__", "__post_init__")]
    assert not refuses or has(documented, "Raises")


@pytest.mark.parametrize("path", LAYERS)
def test_layer_from_a_paper_links_to_it(path):
    _, found, references = inspect.getdoc(PUBLIC[path]).partition("\nReferences:\n")
    linked = re.match(r" *- [^\n]*(\n  [^\n]*)*\]\(https://\S+\)", references)
    assert (bool(found), bool(linked)) == (path not in WITHOUT_A_PAPER,) * 2
