"""Which tensors XLA takes as constants of a compiled function: for each new value it compiles anew.

XLA needs some arguments as constants, such as the axes of a sum or the shape of a reshape. What
they are computed from must be constant, too; sizes and ranks of tensors always are. It does not
look into what computes a result of a called function: where such a result must be constant,
every argument of that call must be.
"""

from tensorflow.core.framework.graph_pb2 import GraphDef

# The places of the arguments that must be constants, by operation.
NEEDED = {
    **{op: (1,) for op in ("Reshape", "BroadcastTo", "Tile", "Transpose", "ExpandDims", "Pad")},
    **{op: (1,) for op in ("Sum", "Prod", "Mean", "Max", "Min", "All", "Any", "ReverseV2")},
    **{op: (1,) for op in ("PadV2", "Cumsum", "ArgMax", "ArgMin", "OneHot")},
    **{op: (0,) for op in ("Fill", "Empty", "Split")},
    "BroadcastGradientArgs": (0, 1),
    "ConcatV2": (-1,),
    "GatherV2": (2,),
    "Range": (0, 1, 2),
    "Slice": (1, 2),
    "SplitV": (1, 2),
    "StridedSlice": (1, 2, 3),
    "StridedSliceGrad": (0, 1, 2, 3),
}
STATIC = {"Const", "Shape", "ShapeN", "Size", "Rank"}
CALLS = {"PartitionedCall": ("f",), "StatefulPartitionedCall": ("f",)}
BRANCHES = {op: ("then_branch", "else_branch") for op in ("If", "StatelessIf")}


def compiled_constants(graph: GraphDef) -> dict[str, str]:
    """The placeholders and variables of a graph that XLA would take as constants.

    Args:
        graph: The graph of a concrete function.

    Returns:
        For each, by name, the operations that lead from what needs it back to it.
    """
    bodies = {body.signature.name: body for body in graph.library.function}
    known: dict[str, dict[int, str]] = {}

    def of_body(name):
        if name not in known:
            body = bodies[name]
            arguments = [argument.name for argument in body.signature.input_arg]
            found = of_nodes(body.node_def, set(arguments))
            known[name] = {arguments.index(key): path for key, path in found.items()}
        return known[name]

    def needs(node):
        inputs = [name for name in node.input if not name.startswith("^")]
        for place in NEEDED.get(node.op, ()):
            if place < len(inputs):
                yield inputs[place], f"{node.name} ({node.op})"
        for first, kinds in ((0, CALLS), (1, BRANCHES)):
            for attribute in kinds.get(node.op, ()):
                called = node.attr[attribute].func.name
                for place, path in of_body(called).items():
                    yield inputs[first + place], f"{node.name} ({called}: {path})"

    def of_nodes(nodes, arguments):
        by_name = {node.name: node for node in nodes}
        found, seen = {}, set()
        open_ones = [need for node in nodes for need in needs(node)]
        while open_ones:
            tensor, path = open_ones.pop()
            name = tensor.split(":")[0]
            if name in arguments:
                found.setdefault(name, path)
            elif name not in seen and by_name[name].op not in STATIC:
                node = by_name[name]
                inputs = [one for one in node.input if not one.startswith("^")]
                open_ones += [(one, f"{name} ({node.op}) < {path}") for one in inputs]
            seen.add(name)
        return found

    return of_nodes(
        graph.node, {n.name for n in graph.node if n.op in ("Placeholder", "ReadVariableOp")}
    )
