"""The command `discover`: from a file of values to a report and a SavedModel."""

import dataclasses

__all__ = ["run"]


def run(data, target, out, leave_out=(), **options):
    """Finds the formula in a file, prints the report and writes it.

    Args:
        data: A file of separated values, whose first line names the columns.
        target: Name of the column to explain.
        out: Directory to write to: the report, and the model as `model`.
        leave_out: Names of columns that are not used.
        options: Of `keras_addmul.discover.discovery.discover`.

    Returns:
        The `Discovery`.
    """
    from keras_addmul import serving
    from keras_addmul.discover.discovery import discover
    from keras_addmul.discover.report import files as report
    from keras_addmul.discover.table import reading as table

    rows = table.read_csv(data, target, leave_out)
    folder = report.directory(out)  # before the search: what cannot be written is told at once
    print(f"{len(rows)} rows of {', '.join(rows.names)}; the target is {rows.target}.")
    found = discover(rows.x, rows.y, names=rows.names, target=rows.target, **options)
    # The file was read before; what was done to it then belongs to the report.
    notes = tuple(dict.fromkeys((*rows.notes, *found.table.notes)))
    found = dataclasses.replace(found, table=dataclasses.replace(found.table, notes=notes))
    report.show(found)
    page = report.write(found, folder)
    model = serving.export(found.model, folder / "model")
    print(f"Report:     {page}\nSavedModel: {model}")
    return found
