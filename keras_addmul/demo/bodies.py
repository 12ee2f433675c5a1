"""Reads a table of bodies and their orbits, and refuses what could not be trained on."""

import csv
import dataclasses
import math
from pathlib import Path

import numpy as np

__all__ = ["Table", "load"]

SOLAR_SYSTEM = Path(__file__).with_name("solar_system.csv")

# Column, field of `Table` and its unit in SI units.
NUMBERS = {
    "semi_major_axis_km": ("semi_major_axis", 1e3),
    "central_mass_kg": ("central_mass", 1.0),
    "period_days": ("period", 86400.0),
}
TEXTS = {"body": "names", "central_body": "centers", "kind": "kinds"}
COLUMNS = [*TEXTS, *NUMBERS]


@dataclasses.dataclass(frozen=True)
class Table:
    """Bodies and their orbits, one entry a body, in SI units.

    Attributes:
        names: Name of each body.
        centers: Name of what it goes around.
        kinds: What it is: planet, dwarf planet, asteroid or moon.
        semi_major_axis: Float64 array, in metres.
        central_mass: Float64 array, in kilograms: the mass of `centers`.
        period: Float64 array, in seconds.
    """

    names: np.ndarray
    centers: np.ndarray
    kinds: np.ndarray
    semi_major_axis: np.ndarray
    central_mass: np.ndarray
    period: np.ndarray

    def __len__(self):
        return len(self.names)

    def __getitem__(self, rows):
        """The bodies that a slice, mask or array of indices picks."""
        return Table(**{field: column[rows] for field, column in vars(self).items()})


def load(path=None, minimum=8):
    """Reads bodies and their orbits from a CSV file.

    Lines that are empty or start with `#` are skipped. The first other line
    names the columns: `body`, `central_body`, `kind`, `semi_major_axis_km`,
    `central_mass_kg` and `period_days`, in any order, among any others.

    Args:
        path: The file. The default is the solar system, which comes with the
            package and names its sources.
        minimum: Least number of bodies that makes sense to train on.

    Returns:
        A `Table`.

    Raises:
        FileNotFoundError: There is no file at `path`.
        ValueError: The file lacks a column, a number is missing, not finite or
            not positive, a body is listed twice, or there are too few. The
            message gives file, line, column, and what was expected.

    Example:
    >>> from keras_addmul import demo
    >>> table = demo.load()
    >>> earth = table[table.names == "Earth"]
    >>> print(round(earth.period[0] / 86400, 3))
    365.256
    """
    path = SOLAR_SYSTEM if path is None else Path(path)
    lines = _lines(path)
    if not lines:
        raise ValueError(f"{path}: expected a line with the columns {COLUMNS}. Received: no line")
    header_line, header = lines[0]
    for column in COLUMNS:
        if header.count(column) != 1:
            _refuse(path, header_line, column, "this column once", f"the columns {header}")
    rows = {column: [] for column in COLUMNS}
    seen = {}
    for line, cells in lines[1:]:
        if len(cells) != len(header):
            _refuse(path, line, None, f"{len(header)} cells", f"{len(cells)}: {cells}")
        row = dict(zip(header, cells, strict=True))
        for column in TEXTS:
            rows[column].append(_text(path, line, column, row[column]))
        for column in NUMBERS:
            rows[column].append(_number(path, line, column, row[column]))
        if row["body"] in seen:
            before = f"{row['body']!r}, as on line {seen[row['body']]}"
            _refuse(path, line, "body", "a body that is not listed yet", before)
        seen[row["body"]] = line
    if len(seen) < minimum:
        raise ValueError(f"{path}: expected at least {minimum} bodies. Received: {len(seen)}")
    texts = {field: np.array(rows[column]) for column, field in TEXTS.items()}
    numbers = {field: unit * np.array(rows[column]) for column, (field, unit) in NUMBERS.items()}
    return Table(**texts, **numbers)


def _lines(path):
    """The number and the cells of each line that is neither empty nor a comment."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a CSV file. Received: no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8. Received: {error}") from error
    return [
        (number, [cell.strip() for cell in next(csv.reader([line]))])
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]


def _text(path, line, column, cell):
    if not cell:
        _refuse(path, line, column, "a name", "an empty cell")
    return cell


def _number(path, line, column, cell):
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        received = repr(cell) if cell else "an empty cell"
        _refuse(path, line, column, "a finite number above zero", received)
    return number


def _refuse(path, line, column, expected, received):
    place = f"{path}, line {line}" + (f", column {column!r}" if column else "")
    raise ValueError(f"{place}: expected {expected}. Received: {received}")
