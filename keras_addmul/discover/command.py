"""The command `discover`: reads a file, and writes a report and a SavedModel."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_addmul.discover.discovery import discover
from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.report import files, screen
from keras_addmul.discover.table.reading import read_csv
from keras_addmul.extras import require_extra

__all__ = ["run"]


def run(
    data: str | Path,
    target: str,
    out: str | Path,
    leave_out: Sequence[str] = (),
    encoding: str | None = None,
    decimal: str | None = None,
    sigma: str | None = None,
    **options: Any,
) -> Discovery:
    """Finds the formula in a file, then prints and writes the report.

    Args:
        data: A file of separated values whose first line names the columns, or an `.xlsx` or
            `.parquet` file.
        target: Name of the column to explain.
        out: Directory for the report, and for the model in its subdirectory `model`.
        leave_out: Names of columns to ignore.
        encoding: Encoding of the file, if it is text; by default found out.
        decimal: The decimal mark, `"."` or `","`; by default found out.
        sigma: Name of the column of standard errors of the target.
        **options: Further arguments of `keras_addmul.discover.discover`.

    Returns:
        The `Discovery`.

    Raises:
        ImportError: If a library of the extra `discover` is missing.
        OSError: If the file is not there, or `out` cannot be written to.
        ValueError: If the file does not hold a table, or an option is out of range.
    """
    from keras_addmul import serving

    require_extra("discover")
    rows = read_csv(data, target, leave_out, encoding, decimal, sigma)
    folder = files.directory(out)  # before the search, so that an error shows at once
    print(f"{len(rows)} rows of {', '.join(rows.names)}; the target is {rows.target}.")
    if rows.sigma is not None:
        options["sigma"] = rows.sigma
    found = discover(rows.x, rows.y, names=rows.names, target=rows.target, **options)
    # The report includes the notes on how the file was read.
    notes = tuple(dict.fromkeys((*rows.notes, *found.table.notes)))
    found = dataclasses.replace(found, table=dataclasses.replace(found.table, notes=notes))
    screen.show(found)
    page = files.write(found, folder)
    seen = found.table
    model = serving.export(
        found.model,
        str(folder / "model"),
        data=seen.x,
        names=list(seen.names),
        formula=found.formula.text,
    )
    print(f"Report:     {page}\nSavedModel: {model}")
    return found
