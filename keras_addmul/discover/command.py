"""The command `discover`: reads a file, and writes a report and a SavedModel."""

import dataclasses
import functools
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from keras_addmul.discover.discovery import discover
from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.interrupts import Interrupts
from keras_addmul.discover.report import files, groups, screen
from keras_addmul.discover.table.grouping import read_groups
from keras_addmul.discover.table.reading import Table, read_csv
from keras_addmul.extras import require_extra

__all__ = ["run", "run_by"]


def run(
    data: str | Path,
    target: str,
    out: str | Path,
    leave_out: Sequence[str] = (),
    encoding: str | None = None,
    decimal: str | None = None,
    sigma: str | None = None,
    start: Callable[[], None] = lambda: None,
    **options: Any,
) -> Discovery:
    """Finds the formula in a file, then prints and writes the report, and exports the model.

    Each stage is announced in a line. Ctrl-C keeps the best formula so far, and its report.

    Args:
        data: A file of separated values whose first line names the columns, or an `.xlsx` or
            `.parquet` file.
        target: Name of the column to explain.
        out: Directory for the report, and for the model in its subdirectory `model`.
        leave_out: Names of columns to ignore.
        encoding: Encoding of the file, if it is text; by default found out.
        decimal: The decimal mark, `"."` or `","`; by default found out.
        sigma: Name of the column of standard errors of the target.
        start: Called before TensorFlow is needed, for the export at the end.
        **options: Further arguments of `keras_addmul.discover.discover`.

    Returns:
        The `Discovery`.

    Raises:
        KeyboardInterrupt: At the end, after the report was written, if Ctrl-C was pressed.
        ImportError: If a library of the extra `discover` is missing.
        OSError: If the file is not there, or `out` cannot be written to.
        ValueError: If the file does not hold a table, or an option is out of range.
    """
    require_extra("discover")
    rows = read_csv(data, target, leave_out, encoding, decimal, sigma)
    found = _one(rows, files.directory(out), start, options)
    if found.interrupted:
        raise KeyboardInterrupt
    return found


def run_by(
    data: str | Path,
    target: str,
    out: str | Path,
    by: str,
    leave_out: Sequence[str] = (),
    encoding: str | None = None,
    decimal: str | None = None,
    sigma: str | None = None,
    start: Callable[[], None] = lambda: None,
    **options: Any,
) -> dict[str, Discovery]:
    """Finds a formula for each group of the rows of a file, each with a report of its own.

    Args:
        data: A file, as for `run`.
        target: Name of the column to explain.
        out: Directory for `report.html` with all formulas, and for a directory for each group.
        by: Name of the column whose values are the groups.
        leave_out: Names of columns to ignore.
        encoding: Encoding of the file, if it is text; by default found out.
        decimal: The decimal mark, `"."` or `","`; by default found out.
        sigma: Name of the column of standard errors of the target.
        start: Called before TensorFlow is needed.
        **options: Further arguments of `keras_addmul.discover.discover`.

    Returns:
        The `Discovery` of each group.

    Raises:
        KeyboardInterrupt: If Ctrl-C was pressed, with the groups until then reported.
        ImportError: If a library of the extra `discover` is missing.
        OSError: If the file is not there, or `out` cannot be written to.
        ValueError: If the file does not hold such groups, or an option is out of range.
    """
    require_extra("discover")
    tables, left = read_groups(data, target, by, leave_out, encoding, decimal, sigma)
    folder = files.directory(out)
    print(*left, sep="\n", end="\n" * bool(left))
    found: dict[str, Discovery] = {}
    try:
        for value, rows in tables.items():
            print(f"\n{by} = {value}: ", end="")
            own = files.directory(folder / groups.folder_name(by, value, list(tables)))
            found[value] = _one(rows, own, start, options)
            if found[value].interrupted:
                raise KeyboardInterrupt
    finally:
        if found:
            print(f"\nReport:     {groups.write(by, found, list(tables), left, folder)}")
    for value, one in found.items():
        print(f"{by} = {value}: {one.formula.text}")
    return found


def _one(
    rows: Table, folder: Path, start: Callable[[], None], options: dict[str, Any]
) -> Discovery:
    """Searches and reports one table, and exports its model unless there was Ctrl-C."""
    print(f"{len(rows)} rows of {', '.join(rows.names)}; the target is {rows.target}.")
    limit = options.get("time_limit", 120.0)
    print(
        "Searching: products and sums of powers of these columns, the short ones first, for "
        f"{limit:g} s at most. Ctrl-C keeps the best so far.",
        flush=True,
    )
    _imported()
    found = discover(rows, **{"verbose": 2, **options})
    print("Reporting: the formula, its scores, and where it holds.", flush=True)
    stop = Interrupts()
    written = functools.partial(files.write, found, folder)
    page = stop.attempt("report", written, written)
    screen.show(found)
    print(f"Report:     {page}", flush=True)
    if found.interrupted or stop.during:
        print("SavedModel: none, because of the interrupt")
        return dataclasses.replace(found, interrupted=found.interrupted or stop.during)
    print("Exporting:  the formula as a SavedModel; this starts TensorFlow.", flush=True)
    start()
    from keras_addmul import serving

    model = serving.export(
        found.model,
        str(folder / "model"),
        data=found.table.x,
        names=list(found.table.names),
        formula=found.formula.text,
    )
    print(f"SavedModel: {model}")
    return found


def _imported() -> None:
    """Imports what the end of a search needs: after Ctrl-C, that would take too long."""
    for module in ("matplotlib.figure", "rich.console", "scipy.stats", "sympy.printing.mathml"):
        importlib.import_module(module)
