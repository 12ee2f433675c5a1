"""Bugs that can be planted in a source file, one at a time: small, plausible, and wrong."""

import ast
import copy
import dataclasses
import functools
from pathlib import Path

__all__ = ["Bug", "bugs_of", "planted"]

_ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
_COMPARISONS = {
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_TWINS = {
    "minimum": "maximum",
    "maximum": "minimum",
    "min": "max",
    "max": "min",
    "logical_and": "logical_or",
    "logical_or": "logical_and",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "any": "all",
    "all": "any",
    "sum": "mean",
    "mean": "sum",
    "floor": "ceil",
    "ceil": "floor",
}
# Of two equal arguments: which comes first does not matter.
_SYMMETRIC = {"min", "max", "minimum", "maximum", "logical_and", "logical_or", "add", "multiply"}

# What is said, not computed: a wrong word in it is no wrong answer.
_WORDS = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Assert)


@dataclasses.dataclass(frozen=True)
class Bug:
    """One change of one file.

    Attributes:
        file: Path of the file, from the root of the repository.
        line: Where the change begins.
        number: Which of the changes of that file it is, counted from 0.
        kind: What is done to the code.
        before, after: The expression or statement, as it was and as it becomes.
    """

    file: str
    line: int
    number: int
    kind: str
    before: str
    after: str

    def __str__(self):
        return f"{self.file}:{self.line}  {self.kind}: {self.before}  ->  {self.after}"


@functools.cache
def bugs_of(file: Path, root: Path) -> list[Bug]:
    """Every bug that can be planted in a file, in the order of its lines."""
    tree = ast.parse((root / file).read_text())
    found = []
    for number, (node, kind, change) in enumerate(_changes(tree)):
        after = change(copy.deepcopy(node))
        found.append(Bug(str(file), node.lineno, number, kind, _short(node), _short(after)))
    return found


def planted(bug: Bug, root: Path) -> str:
    """The source of the file with the bug in it."""
    tree = ast.parse((root / bug.file).read_text())
    node, _, change = list(_changes(tree))[bug.number]
    after = change(copy.deepcopy(node))
    return ast.unparse(ast.fix_missing_locations(_Replaced(node, after).visit(tree)))


class _Replaced(ast.NodeTransformer):
    def __init__(self, node, after):
        self.node, self.after = node, after

    def visit(self, node):
        return self.after if node is self.node else self.generic_visit(node)


def _changes(tree):
    """Yields (node, kind, change) for all that is computed in a module."""
    for node in _computed(tree):
        yield from ((node, kind, change) for kind, change in _changes_of(node))


def _computed(node):
    """All nodes below one, without annotations, docstrings, messages and lists of names."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_comment", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, _WORDS) or _is_text(child):
                continue
            if isinstance(child, ast.If) and _guards_types(child):
                continue
            yield child
            yield from _computed(child)


def _is_text(node):
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    names = [t.id for t in getattr(node, "targets", ()) if isinstance(t, ast.Name)]
    return isinstance(node, ast.Assign) and "__all__" in names


def _guards_types(node):
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _changes_of(node):
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC and not _joins_text(node):
        yield "arithmetic", _with(op=_ARITHMETIC[type(node.op)]())
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield "comparison", _with(ops=[_COMPARISONS[type(node.ops[0])]()])
    if isinstance(node, ast.BoolOp):
        yield "and/or", _with(op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield "sign", lambda n: n.operand
    if isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    if isinstance(node, ast.If) and not isinstance(node.test, (ast.Compare, ast.BoolOp)):
        yield "condition", lambda n: ast.If(ast.UnaryOp(ast.Not(), n.test), n.body, n.orelse)
    if isinstance(node, ast.Call):
        yield from _other_calls(node)
    if isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield "left out", lambda n: ast.copy_location(ast.Pass(), n)


def _other_constants(value):
    if isinstance(value, bool):
        yield "constant", _with(value=not value)
    elif isinstance(value, int):
        # One more of a width, a sample or a series would seldom show.
        yield "constant", _with(value=value + 1 if value < 10 else value // 2)
    elif isinstance(value, float) and value != 0.0:
        yield "constant", _with(value=value * 1.1)


def _other_calls(node):
    twin = _TWINS.get(getattr(node.func, "attr", None))
    if twin:
        yield "function", _with(func=ast.Attribute(node.func.value, twin, ast.Load()))
    name = getattr(node.func, "attr", getattr(node.func, "id", None))
    plain = [ast.dump(a) for a in node.args if not isinstance(a, ast.Starred)]
    if len(plain) == len(node.args) >= 2 and plain[0] != plain[1] and name not in _SYMMETRIC:
        yield (
            "arguments swapped",
            lambda n: ast.Call(n.func, [n.args[1], n.args[0], *n.args[2:]], n.keywords),
        )
    for i, keyword in enumerate(node.keywords):
        if keyword.arg not in (None, "strict"):  # `strict` raises, or changes nothing
            yield f"{keyword.arg}= left out", _without_keyword(i)


def _with(**fields):
    def change(node):
        for name, value in fields.items():
            setattr(node, name, value)
        return node

    return change


def _without_keyword(index):
    return lambda n: ast.Call(n.func, n.args, [k for i, k in enumerate(n.keywords) if i != index])


def _joins_text(node):
    ends = node.left, node.right
    return any(
        isinstance(e, ast.JoinedStr) or (isinstance(e, ast.Constant) and isinstance(e.value, str))
        for e in ends
    )


def _short(node):
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= 60 else text[:57] + "..."
