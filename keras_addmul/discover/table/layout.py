"""Finds out how a file of values is laid out: encoding, separator, decimal mark, and its lines."""

import csv
import dataclasses
import re
from collections import Counter
from pathlib import Path

__all__ = ["Layout", "decoded", "is_comment", "layout_of"]

SEPARATORS = (";", "\t", "|", ",")
# Of separators that divide equally well, the one that seldom stands in text or numbers.
RANK = {";": 0, "\t": 0, "|": 0, ",": 1}
_LOOKED_AT = 400  # lines
_COMMA = re.compile(r"[+\-\u2212]?\d+,\d+(?:[eE][+-]?\d+)?\s*%?")
_GROUPED = re.compile(r"[+\-\u2212]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_POINT = re.compile(r"[+\-\u2212]?\d*\.\d+(?:[eE][+-]?\d+)?\s*%?")
_NUMBER = re.compile(r"[<>~]?[+\-\u2212]?(?:\d[\d.,\u00a0\u202f' ]*|\.\d+)(?:[eE][+-]?\d+)?\s*%?")
_MARK = re.compile(r"(?i)|\?|-+|\.|n/?a|nan|null|none|missing|#\w+[/\w]*[!?]?")


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    Attributes:
        separator: The character between values, or `"whitespace"`.
        decimal: The decimal mark, `"."` or `","`.
        header: Index of the line that names the columns.
        names: The names.
        units: The units, if the line below the names holds units, else None.
        notes: Sentences on what was found.
    """

    separator: str
    decimal: str
    header: int
    names: list[str]
    units: list[str] | None
    notes: tuple[str, ...]


def decoded(path: Path, encoding: str | None = None) -> tuple[str, list[str]]:
    """Returns the text of a file, and a note if its encoding is not UTF-8.

    Raises:
        ValueError: If the file is no text in the given encoding, or the encoding is unknown.
    """
    content = path.read_bytes()
    if encoding is not None:
        try:
            return content.decode(encoding).removeprefix("\ufeff"), []
        except (UnicodeDecodeError, LookupError) as error:
            raise ValueError(
                f"{path}: `encoding` must be that of the file. Received: {encoding!r} ({error})"
            ) from error
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    if marked or b"\0" in content[:400]:
        bare = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        name = "utf-16" if marked else bare
        try:
            return content.decode(name), ["The file was read as UTF-16."]
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: expected text. Received: binary data") from error
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
        return text, ["The file is no UTF-8 and was read as cp1252; --encoding chooses another."]


def layout_of(path: Path, lines: list[str], decimal: str | None = None) -> Layout:
    """Finds out the layout of a file from its first lines.

    Args:
        path: Path of the file, for messages.
        lines: Its lines; those that are empty or start with `#` are skipped.
        decimal: The decimal mark, if it is known.

    Raises:
        ValueError: If there is no line that names columns.
    """
    given = None
    kept = [(i, line) for i, line in enumerate(lines[:_LOOKED_AT]) if _speaks(line)]
    if kept and (found := re.fullmatch(r"\"?sep=(.)\"?", kept[0][1].strip())):
        given, kept = found[1], kept[1:]
    if not kept:
        raise ValueError(f"{path}: expected a line that names the columns. Received: no such line")
    separator = given or _separator([line for _, line in kept])
    rows = [(i, fields(line, separator)) for i, line in kept]
    widths = Counter(len(row) for _, row in rows)
    width = max(widths, key=lambda w: (widths[w], w))
    at = next(
        (k for k, (_, row) in enumerate(rows) if len(row) in (width, width - 1) and len(row) > 1),
        0,
    )
    if width == 1 or widths[width] < 2:
        at, width = 0, len(rows[0][1])
    header, names = rows[at]
    notes = [] if not at else [f"Left out above the names: {at} line{'s' if at > 1 else ''}."]
    data = [row for _, row in rows[at + 1 :]]
    if len(names) == width - 1 and data and len(data[0]) == width:
        names = ["", *names]  # as R writes the names of rows
    units = _units(names, data)
    if units is not None:
        data = data[1:]
        if units == names:
            units = [""] * len(names)
            notes.append("The line below the names repeats them.")
        told = ", ".join(f"{n} in {u}" for n, u in zip(names, units, strict=True) if u)
        notes += [f"The line below the names holds units: {told}."] if told else []
    if separator == "whitespace":
        notes.append("The values are separated by white space.")
    mark, said = _decimal(data, separator)
    if decimal is None and said:
        notes.append(said)
    return Layout(separator, decimal or mark, header, names, units, tuple(notes))


def fields(line: str, separator: str) -> list[str]:
    """Returns the values of a line, without white space around them."""
    if separator == "whitespace":
        return next(csv.reader([" ".join(line.split())], delimiter=" "), [])
    row = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return [value.strip() for value in row]


def is_comment(line: str) -> bool:
    """Whether a line starts with `#`, and not with an error of a spreadsheet such as `#DIV/0!`."""
    return line.startswith("#") and not re.match(r"#(?:DIV/0!|N/A|[A-Z]+[!?])", line)


def _speaks(line: str) -> bool:
    return bool(line.strip()) and not is_comment(line)


def _separator(lines: list[str]) -> str:
    """Returns the separator that divides lines alike and into numbers, seldom white space."""
    best = max(SEPARATORS, key=lambda mark: (_quality(lines, mark), -RANK[mark]))
    alike = [_alike([fields(line, mark) for line in lines])[0] for mark in (best, "whitespace")]
    return "whitespace" if alike[1] > alike[0] else best


def _alike(rows: list[list[str]]) -> tuple[float, int]:
    """Returns the share of the rows of the most frequent width, and that; 0 if it is 1."""
    widths = Counter(len(row) for row in rows)
    width, often = max(widths.items(), key=lambda pair: (pair[1], pair[0]))
    return (often / len(rows) if width > 1 else 0.0), width


def _quality(lines: list[str], separator: str) -> float:
    """Returns how well a separator divides lines: how often alike, and into how many numbers."""
    rows = [fields(line, separator) for line in lines]
    share, width = _alike(rows)
    values = [value for row in rows[1:] if len(row) == width for value in row if value]
    numbers = sum(bool(_NUMBER.fullmatch(value)) for value in values) / max(len(values), 1)
    return round(share * (0.2 + numbers), 2)


def _units(names: list[str], data: list[list[str]]) -> list[str] | None:
    """Returns the units if the first line of the data holds text where the others hold numbers."""
    if len(data) < 3 or len(data[0]) != len(names):
        return None
    first, rest = data[0], [row for row in data[1:] if len(row) == len(names)]
    if not rest or any(_NUMBER.fullmatch(value) for value in first) or not any(first):
        return None
    numeric = [
        sum(bool(_NUMBER.fullmatch(row[j])) for row in rest) > 0.5 * len(rest)
        for j in range(len(names))
    ]
    told = [value for value, is_number in zip(first, numeric, strict=True) if is_number and value]
    if not told or all(_MARK.fullmatch(value) for value in told):
        return None
    return [value.strip("[]() ") for value in first]


def _decimal(data: list[list[str]], separator: str) -> tuple[str, str]:
    """Returns the decimal mark, and a sentence if it is the comma or commas group digits."""
    values = [value for row in data for value in row]
    commas = [value for value in values if _COMMA.fullmatch(value)]
    grouped = [value for value in values if _GROUPED.fullmatch(value)]
    points = any("." in value for value in grouped)
    points = points or any(_POINT.fullmatch(value) for value in values)
    if not commas and not grouped:
        return ".", ""
    clear = any(not _GROUPED.fullmatch(value) for value in commas)
    several = any(value.count(",") > 1 for value in grouped)
    if points or not clear:
        if grouped and (points or several or separator == ","):
            said = f"Commas were read as marks of thousands, as in {grouped[0]!r}"
            return ".", f"{said}; --decimal chooses."
        if separator == ",":
            return ".", ""  # quoted cells such as "1,5" are no numbers beside others with a point
    return ",", f"The comma was read as decimal mark, as in {commas[0]!r}; --decimal chooses."
