"""Joins the lines of a file over which a quoted value extends."""

import re

__all__ = ["logical"]

# A quoted value is open at the end of a line.
_OPENS = re.compile(r'(?:^|.*[;,\t|])\s*"(?:[^"]|"")*')
# The most lines of one value.
_MOST = 10


def logical(lines: list[str]) -> list[str]:
    """Returns as many lines, each row of the table in one, and empty ones for the rest.

    Args:
        lines: The lines of a file of separated values.

    Example:

    >>> from keras_addmul.discover.table.quoted_lines import logical
    >>> logical(['"length', '[m]",time', "1,2"])
    ['"length [m]",time', '', '1,2']
    """
    found: list[str] = []
    place = 0
    while place < len(lines):
        line, more = lines[place], 0
        while _is_open(line) and more < _MOST and place + more + 1 < len(lines):
            more += 1
            line = f"{line} {lines[place + more].strip()}"
        if _is_open(line):
            line, more = lines[place], 0  # a lone quotation mark, such as that of inches
        found += [line, *[""] * more]
        place += more + 1
    return found


def _is_open(line: str) -> bool:
    """Whether the last quoted value of a line has no end."""
    return line.count('"') % 2 == 1 and _OPENS.fullmatch(line) is not None
