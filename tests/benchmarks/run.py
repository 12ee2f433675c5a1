"""Runs the benchmarks of this folder and prints their tables.

    python tests/benchmarks/run.py [NAME ...] [--seconds S]

Every module here that defines `NAME` and `run(seconds)`, which returns a list of
dictionaries, is one; `TITLE` heads its table. Figures of ratio and time belong to
one run on one machine, and rows of one table are measured in turns.
"""

import argparse
import importlib
import inspect
import json
import os
import pathlib
import platform
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

FOLDER = pathlib.Path(__file__).resolve().parent
RESULTS = FOLDER / "results"


def benchmarks():
    """Modules of this folder by their NAME."""
    modules = {}
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem not in ("run", "__init__"):
            module = importlib.import_module(f"tests.benchmarks.{path.stem}")
            if hasattr(module, "NAME"):
                modules[module.NAME] = module
    return modules


def measure(module, seconds):
    """Calls `module.run`, which need not take the seconds."""
    takes = "seconds" in inspect.signature(module.run).parameters
    return module.run(seconds=seconds) if takes else module.run()


def show(title, rows):
    """Prints rows as a table; each column is a key of the first one."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    keys = list(rows[0])
    for key in keys:
        numeric = isinstance(rows[0][key], (int, float))
        table.add_column(key.replace("_", " "), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(_text(row.get(key)) for key in keys))
    # Redirected output has no width of its own.
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _text(value):
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return " .. ".join(_text(v) for v in value)
    return "" if value is None else str(value)


def save(name, rows):
    """Writes the rows, and what they were measured with, as JSON."""
    import keras
    import tensorflow as tf

    RESULTS.mkdir(exist_ok=True)
    machine = {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"name": name, "with": machine, "rows": rows}, indent=2) + "\n")
    return path


def main(arguments=None):
    known = benchmarks()
    parser = argparse.ArgumentParser(description="Measures what the tests do not assert.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each table row group")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]!r}; there are {', '.join(known)}")
    for name in options.names or known:
        rows = measure(known[name], options.seconds)
        show(getattr(known[name], "TITLE", name), rows)
        print("written to", save(name, rows).relative_to(FOLDER.parents[1]))


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parents[1]))
    main()
