"""Files as instruments, spreadsheets and people of many countries write them are read alike."""

import numpy as np
import pandas as pd
import pytest

from keras_addmul.discover.table.reading import read_csv

ROWS = [(i + 0.5, 1000 * i * i + 1000, 3 * i + 2.25) for i in range(12)]
X = np.array([row[:2] for row in ROWS], float)
Y = np.array([row[2] for row in ROWS])


def lines(separator=",", form=str, first=lambda row: ()):
    rows = [[*first(i), *map(form, row)] for i, row in enumerate(ROWS)]
    return "".join(separator.join(row) + "\n" for row in rows)


def comma(value):
    return str(value).replace(".", ",")


def grouped(thousands, point):
    def form(value):
        return f"{value:,}".translate(str.maketrans({",": thousands, ".": point}))

    return form


def quoted(value):
    return f'"{value:,}"'


def unit(value):
    return f"{value} kg"


PLAIN = "a,b,y\n" + lines()
FILES = {
    "semicolons": "a;b;y\n" + lines(";"),
    "decimal commas": "a;b;y\n" + lines(";", comma),
    "decimal commas and tabs": "a\tb\ty\n" + lines("\t", comma),
    "English thousands": "a,b,y\n" + lines(",", quoted),
    "German thousands": "a;b;y\n" + lines(";", grouped(".", ",")),
    "French thousands": "a;b;y\n" + lines(";", grouped("\u202f", ",")),
    "Swiss thousands": "a;b;y\n" + lines(";", grouped("'", ".")),
    "the separator in the first line": "sep=;\na;b;y\n" + lines(";"),
    "title lines": "Measured on 3 May\nby hand\n\n" + PLAIN,
    "a line of units": "a,b,y\nm,kg,J\n" + lines(),
    "units in brackets": "a;b;y\n[m];[kg];[J]\n" + lines(";", comma),
    "units behind the numbers": "a,b,y\n" + lines(",", unit),
    "percent signs": "a,b,y\n" + lines(",", lambda value: f"{value}%"),
    "quoted names over two lines": '"a\n",b,"\ny"\n' + lines(),
    "text over two lines": "name,a,b,y\n" + lines(first=lambda i: [f'"No.\n{i}"']),
    "marks of inches": "a,b,y\n" + lines(form=lambda value: f'{value}"'),
    "names of rows, as R writes them": "a,b,y\n" + lines(first=lambda i: [f"Mazda {i}"]),
    "numbers of rows, as R writes them": '"",a,b,y\n' + lines(first=lambda i: [f'"{i + 1}"']),
    "white space": "  a    b  y\n" + lines("   "),
    "a column of text": "name,a,b,y\n" + lines(first=lambda i: [f"No. {i}"]),
    "an error of a spreadsheet": PLAIN + "#DIV/0!,3,4\n",
    "a limit of detection": PLAIN + "<0.5,3,4\n",
    "names again, where files were put together": PLAIN.replace("4.5,", "a,b,y\n4.5,", 1)
    + "a,b,y\n",
    "cp1252": "a;b;y;\u00e4\n".encode("cp1252") + lines(";", comma).replace("\n", ";\n").encode(),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 without a mark": PLAIN.encode("utf-16-le"),
    "UTF-8 with a mark": PLAIN.encode("utf-8-sig"),
    "old line ends": PLAIN.replace("\n", "\r").encode(),
}


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_file_is_read_alike(tmp_path, kind):
    path, content = tmp_path / "table.csv", FILES[kind]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_csv(path, "y")
    assert table.names == ("a", "b")
    np.testing.assert_array_equal(table.x, X)
    np.testing.assert_array_equal(table.y, Y)


SAID = {
    "decimal commas": "The comma was read as decimal mark, as in '0,5'",
    "a line of units": "a in m, b in kg, y in J",
    "percent signs": "The unit '%' in 'a' was left out",
    "title lines": "Left out above the names: 2 lines",
    "a column of text": "The column 'name' was left out: text",
    "a limit of detection": "only say less or more than a number were read as missing: 1",
    "an error of a spreadsheet": "Errors of a spreadsheet in 'a' were read as missing: 1",
    "cp1252": "was read as cp1252",
    "names again, where files were put together": "Left out below the names: 2 lines",
}


@pytest.mark.parametrize("kind", SAID)
def test_what_was_recognized_is_said(tmp_path, kind):
    path, content = tmp_path / "table.csv", FILES[kind]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert any(SAID[kind] in note for note in read_csv(path, "y").notes)


@pytest.mark.parametrize("separator", ["\t", ";", "|"])
def test_thousands_are_marked_even_where_every_number_has_them_and_a_point(tmp_path, separator):
    rows = [f"{1000.5 + 7 * i * i:,.1f}{separator}{2000.5 + i:,.1f}\n" for i in range(12)]
    (tmp_path / "table.csv").write_text(f"a{separator}y\n" + "".join(rows))
    table = read_csv(tmp_path / "table.csv", "y")
    np.testing.assert_array_equal(table.x[:, 0], [1000.5 + 7 * i * i for i in range(12)])
    assert any("marks of thousands" in note for note in table.notes)


@pytest.mark.parametrize("written", ["\u22123.5", "\u20133.5", "(3.50)"])
def test_numbers_below_zero_are_known_as_typesetters_and_accountants_write_them(tmp_path, written):
    (tmp_path / "table.csv").write_text(PLAIN + f"{written},3,4\n")
    assert read_csv(tmp_path / "table.csv", "y").x[-1, 0] == -3.5


def test_dates_become_days(tmp_path):
    rows = lines(first=lambda i: [f"2020-02-{i + 20:02d}" if i < 10 else f"2020-03-{i - 9:02d}"])
    (tmp_path / "table.csv").write_text("day,a,b,y\n" + rows)
    table = read_csv(tmp_path / "table.csv", "y")
    np.testing.assert_array_equal(table.x[:, 0], range(12))
    assert "The dates in 'day' became days since 2020-02-20." in table.notes


@pytest.mark.parametrize(("number", "where"), [(-999, "alone below 0"), (999, "far from all")])
@pytest.mark.parametrize("column", ["a", "b"])
def test_a_number_that_may_stand_for_a_gap_is_asked_about(tmp_path, number, where, column):
    row = f"{number},3,4\n" if column == "a" else f"3,{number},4\n"
    (tmp_path / "table.csv").write_text(PLAIN + 2 * row)
    table = read_csv(tmp_path / "table.csv", "y")
    assert len(table) == 14
    asked = [n for n in table.notes if n.startswith(f"Is {number} in {column!r} a missing value?")]
    # Among the thousands of the other column, 999 may be a number as any other.
    assert len(asked) == (column == "a" or number < 0)
    assert all(where in note for note in asked)


def test_the_decimal_mark_and_the_encoding_can_be_given(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(
        ("a;b;y\n" + "".join(f"{i},125;{i % 5};{2 * i}\n" for i in range(12))).encode()
    )
    assert read_csv(path, "y").x[1, 0] == 1.125
    assert read_csv(path, "y", decimal=".").x[1, 0] == 1125
    path.write_bytes("\u03b1,b,y\n".encode("iso8859-7") + lines().encode())
    assert read_csv(path, "y", encoding="iso8859-7").names == ("\u03b1", "b")
    for option, message in (({"decimal": "x"}, "`decimal` must be"), ({"encoding": "no"}, "`enc")):
        with pytest.raises(ValueError, match=message):
            read_csv(path, "y", **option)


@pytest.mark.parametrize("name", ["table.xlsx", "table.parquet"])
def test_other_files_are_read_by_pandas_or_name_the_library(tmp_path, name, monkeypatch):
    path = tmp_path / name
    path.write_bytes(b"PK")
    reader = {"table.xlsx": "read_excel", "table.parquet": "read_parquet"}[name]
    frame = pd.DataFrame([[*row, "text"] for row in ROWS], columns=["a", "b", "y", "who"])
    monkeypatch.setattr(pd, reader, lambda path: frame)
    table = read_csv(path, "y")
    np.testing.assert_array_equal(table.x, X)

    def missing(path):
        raise ImportError("no engine")

    monkeypatch.setattr(pd, reader, missing)
    with pytest.raises(ValueError, match="this file needs .*Try: pip install"):
        read_csv(path, "y")


def test_a_sheet_with_titles_units_and_remarks_is_read_as_a_file_of_text_is(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (
        ["Pump no. 3, 5 May"], [], ["who", "a", "b", "y"], [None, "m", "kg", "J"],
        *(["J.\tSmith", *row] for row in ROWS), ["x", "<0.5", 3, 4], [], ["Source: own"],
    ):  # fmt: skip
        book.active.append(row)
    book.save(tmp_path / "table.xlsx")
    table = read_csv(tmp_path / "table.xlsx", "y")
    assert table.names == ("a", "b")
    np.testing.assert_array_equal(table.x, X)
    np.testing.assert_array_equal(table.y, Y)
    assert dict(table.units) == {"a": "m", "b": "kg", "y": "J"}


def test_a_column_of_standard_errors_is_no_input(tmp_path):
    rows = lines(first=lambda i: [f"{0.1 * (i + 1):.1f}"])
    (tmp_path / "table.csv").write_text("y_err,a,b,y\n" + rows)
    table = read_csv(tmp_path / "table.csv", "y", sigma="y_err")
    assert table.names == ("a", "b")
    np.testing.assert_allclose(table.sigma, 0.1 * np.arange(1, 13))
    plain = read_csv(tmp_path / "table.csv", "y")
    assert any("'y_err' looks like standard errors" in note for note in plain.notes)
    with pytest.raises(ValueError, match="`sigma` must be the name of a column"):
        read_csv(tmp_path / "table.csv", "y", sigma="none")
