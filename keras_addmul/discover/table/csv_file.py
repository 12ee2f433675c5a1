"""Reads a file of values into a pandas DataFrame."""

import io
import warnings
from pathlib import Path
from typing import Any

from keras_addmul.discover.table.cleaning import listed
from keras_addmul.discover.table.columns import MISSING
from keras_addmul.discover.table.layout import Layout, decoded, is_comment, layout_of
from keras_addmul.discover.table.quoted_lines import logical
from keras_addmul.discover.table.written_numbers import numbers_of

__all__ = ["read"]

# Readers of pandas for other files than text, and the library that each needs.
OTHERS = {
    ".xlsx": ("read_excel", "openpyxl"),
    ".xls": ("read_excel", "xlrd"),
    ".parquet": ("read_parquet", "pyarrow"),
    ".pq": ("read_parquet", "pyarrow"),
}


def read(
    path: str | Path, encoding: str | None = None, decimal: str | None = None
) -> tuple[Any, list[str]]:
    """Reads a file into a pandas DataFrame, and returns notes on what was changed.

    Args:
        path: Path of the file: text, or an `.xlsx` or `.parquet` file. Of text, the first line
            names the columns; title lines above it, empty lines, and lines that start with `#`
            are skipped. Separator, decimal mark, encoding, and a line of units are recognized.
        encoding: Encoding of the text; by default UTF-8, UTF-16 or else cp1252.
        decimal: The decimal mark, `"."` or `","`; by default found out.

    Returns:
        Pair: the DataFrame, whose `attrs["units"]` holds the units in the file by column, and a
        list of sentences that say what was changed.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ValueError: If the file is empty or no text, if a column has no name or the
            name of another one, if a line is longer than the first, or if a library is
            missing that the file needs.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a file of values. Received: no such file")
    if decimal not in (None, ".", ","):
        raise ValueError(f"`decimal` must be '.' or ','. Received: {decimal!r}")
    if path.suffix.lower() in OTHERS:
        frame = _other(path)
        frame.columns = [str(name).strip() for name in frame.columns]
        if path.suffix.lower().startswith(".p") or _is_tidy(frame):
            return frame, []
        lines, notes, decimal = _lines(_other(path, header=None, dtype=object)), [], "."
    else:
        text, notes = decoded(path, encoding)
        lines = logical(text.splitlines())
    layout = layout_of(path, lines, decimal)
    lines, again = _without_more_names(lines, layout.header)
    frame = _frame(path, lines, layout)
    frame, more = _named(path, layout.names, frame)
    more += again
    frame, said, units = _as_numbers(frame, layout.decimal)
    named = zip(layout.names, layout.units or [], strict=False)
    frame.attrs["units"] = units | {name: unit for name, unit in named if name and unit}
    return frame, [*notes, *layout.notes, *more, *said]


def _other(path: Path, **options: Any) -> Any:
    import pandas as pd

    reader, library = OTHERS[path.suffix.lower()]
    try:
        return getattr(pd, reader)(path, **options)
    except ImportError as error:
        raise ValueError(
            f"{path}: this file needs {library}, which is not installed. Try: pip install {library}"
        ) from error
    except Exception as error:  # each reader has errors of its own
        raise ValueError(
            f"{path}: expected a {path.suffix} file. Received: {str(error) or type(error).__name__}"
        ) from error


def _is_tidy(frame: Any) -> bool:
    """Whether a sheet has its names in the first row and, in each column, numbers or text."""
    import pandas as pd

    if any(name.startswith("Unnamed:") for name in frame.columns):
        return False
    texts = [frame[n] for n in frame.columns if not pd.api.types.is_numeric_dtype(frame[n].dtype)]
    return not any(pd.to_numeric(text, errors="coerce").notna().any() for text in texts)


def _lines(sheet: Any) -> list[str]:
    """Returns the rows of a sheet as lines of text, to be read as such a file is."""

    def cell(value: Any) -> str:
        return "" if value is None or value != value else " ".join(str(value).split())

    rows = [[cell(value) for value in row] for row in sheet.itertuples(index=False)]
    # A title is a line of one cell.
    return ["\t".join(row) if sum(map(bool, row)) > 1 else "".join(row) for row in rows]


def _without_more_names(lines: list[str], header: int) -> tuple[list[str], list[str]]:
    """Empties the lines below that repeat the names, as in files that were put together."""
    names = lines[header].strip()
    same = [i for i, line in enumerate(lines[header + 1 :], header + 1) if line.strip() == names]
    if not same:
        return lines, []
    lines = list(lines)
    for i in same:
        lines[i] = ""
    which = "a line that repeats" if len(same) == 1 else f"{len(same)} lines that repeat"
    return lines, [f"Left out below the names: {which} them."]


def _frame(path: Path, lines: list[str], layout: Layout) -> Any:
    """Returns the values below the names as a DataFrame with numbered columns."""
    import pandas as pd

    first = layout.header + 1
    kept = ["" if is_comment(line) else line for line in lines[first:]]
    if layout.units is not None:
        place = next(i for i, line in enumerate(kept) if line.strip())
        kept[place] = ""
    try:
        with warnings.catch_warnings():
            # Pandas would only warn, and truncate the longer lines.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.StringIO("\n" * first + "\n".join(kept)),
                sep=r"\s+" if layout.separator == "whitespace" else layout.separator,
                skiprows=first,
                names=range(len(layout.names)),
                header=None,
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
                decimal=layout.decimal,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ValueError(
            f"{path}: expected {len(layout.names)} values in every line, as in the first: "
            f"{layout.names}. "
            f"Received: {str(error).removeprefix('Error tokenizing data. C error: ')}"
        ) from error
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path}: expected rows below the names. Received: no row") from error


def _as_numbers(frame: Any, decimal: str) -> tuple[Any, list[str], dict[str, str]]:
    """Converts columns of text that hold numbers as people write them; returns their units, too."""
    import pandas as pd

    notes: list[str] = []
    units = {}
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column.dtype) or column.isna().all():
            continue
        odd = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
        plain = odd.astype(str).str.strip().str.lower().isin(MISSING).all()
        if plain and decimal == ".":  # else the point groups thousands
            continue
        values, said, unit = numbers_of(str(name), column.where(column.notna(), None), decimal)
        if values is not None:
            frame[name] = values
            notes += said
            units |= {str(name): unit} if unit else {}
    return frame, notes, units


def _named(path: Path, header: list[str], frame: Any) -> tuple[Any, list[str]]:
    """Returns the DataFrame with its columns named."""
    numbers = [name for name in header if _is_number(name)]
    if len(numbers) == len(header):
        raise ValueError(
            f"{path}: expected a first line that names the columns. Received: the numbers {header}"
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise ValueError(
            f"{path}: expected columns of different names. Received: {listed(twice)} more than once"
        )
    notes, keep = [], list(range(len(header)))
    for i, name in enumerate(header):
        if name:
            continue
        values = frame[i]
        counts = list(values) in (list(range(len(values))), list(range(1, len(values) + 1)))
        names_rows = values.dtype.kind not in "fiub" and i == 0
        if not (values.isna().all() or counts or names_rows):
            raise ValueError(
                f"{path}: expected a name for each column. Received: none for column {i + 1}"
            )
        keep.remove(i)
        what = "it counts the rows" if counts else "it names the rows"
        what = "it is empty" if values.isna().all() else what
        notes.append(f"Column {i + 1}, which has no name, was left out: {what}.")
    frame = frame[keep]
    frame.columns = [header[i] for i in keep]
    return frame, notes


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
