"""Reads a table of bodies and their orbits, and checks that a model can be trained on it."""

import dataclasses
import math
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from keras_addmul.discover.table import csv_file
from keras_addmul.extras import require_extra

__all__ = ["Bodies", "load"]

SOLAR_SYSTEM: Path = Path(__file__).with_name("solar_system.csv")

# From each column to the field of `Bodies` and the SI value of its unit.
NUMBERS: dict[str, tuple[str, float]] = {
    "semi_major_axis_km": ("semi_major_axis", 1e3),
    "central_mass_kg": ("central_mass", 1.0),
    "period_days": ("period", 86400.0),
}
TEXTS: dict[str, str] = {"body": "names", "central_body": "centers", "kind": "kinds"}
COLUMNS: list[str] = [*TEXTS, *NUMBERS]


@dataclasses.dataclass(frozen=True)
class Bodies:
    """Bodies and their orbits in SI units, one entry for each body.

    Attributes:
        names: Name of each body.
        centers: Name of the central body of its orbit.
        kinds: Kind of each body: planet, dwarf planet, asteroid or moon.
        semi_major_axis: Float64 array, in metres.
        central_mass: Float64 array, in kilograms: the mass of `centers`.
        period: Float64 array, in seconds.

    Example:

    >>> from keras_addmul import demo
    >>> bodies = demo.load()
    >>> martian = bodies[bodies.centers == "Mars"]
    >>> martian.names.tolist(), martian.kinds.tolist()
    (['Phobos', 'Deimos'], ['moon', 'moon'])
    """

    names: np.ndarray
    centers: np.ndarray
    kinds: np.ndarray
    semi_major_axis: np.ndarray
    central_mass: np.ndarray
    period: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, rows: Any) -> "Bodies":
        """Returns the bodies that a slice, a mask or an array of indices selects."""
        return Bodies(**{field: column[rows] for field, column in vars(self).items()})


def load(path: str | Path | None = None, minimum: int = 8) -> Bodies:
    """Reads bodies and their orbits from a CSV file.

    Empty lines and lines that start with `#` are skipped. The first other line
    names the columns: `body`, `central_body`, `kind`, `semi_major_axis_km`,
    `central_mass_kg` and `period_days`, in any order; other columns are ignored.

    Args:
        path: Path of the file. The default is the table of the solar system that comes
            with the package and names its sources.
        minimum: Least number of bodies to accept.

    Returns:
        The `Bodies`.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ImportError: If pandas is missing.
        ValueError: If a column is missing, a number is missing, not finite or
            not positive, a body is listed twice, or there are too few bodies. The
            message names the file, the body and the column, and what was expected.

    Example:

    >>> from keras_addmul import demo
    >>> bodies = demo.load()
    >>> earth = bodies[bodies.names == "Earth"]
    >>> print(round(earth.period[0] / 86400, 3))
    365.256
    """
    require_extra("discover", "pandas")
    path = SOLAR_SYSTEM if path is None else Path(path)
    frame, _ = csv_file.read(path)
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise ValueError(
            f"{path}: expected the column {missing[0]!r}. "
            f"Received: the columns {list(frame.columns)}"
        )
    names = [_text(path, f"row {row}", "body", cell) for row, cell in enumerate(frame["body"], 1)]
    fields = {"names": np.array(names)}
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{path}: expected each body once. Received: {name!r} twice")
    for column, field in list(TEXTS.items())[1:]:
        cells = zip(names, frame[column], strict=True)
        fields[field] = np.array([_text(path, repr(name), column, cell) for name, cell in cells])
    for column, (field, unit) in NUMBERS.items():
        cells = zip(names, frame[column], strict=True)
        fields[field] = unit * np.array([_number(path, repr(n), column, cell) for n, cell in cells])
    if len(names) < minimum:
        raise ValueError(f"{path}: expected at least {minimum} bodies. Received: {len(names)}")
    return Bodies(**fields)


def _text(path: Path, row: str, column: str, cell: object) -> str:
    if cell != cell or not str(cell).strip():
        _refuse(path, row, column, "a name", "an empty cell")
    return str(cell).strip()


def _number(path: Path, row: str, column: str, cell: Any) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        received = "an empty cell" if cell != cell else repr(getattr(cell, "item", lambda: cell)())
        _refuse(path, row, column, "a finite number above zero", received)
    return number


def _refuse(path: Path, row: str, column: str, expected: str, received: str) -> NoReturn:
    raise ValueError(f"{path}, {row}, column {column!r}: expected {expected}. Received: {received}")
