"""What a table may hold, what is done about the rest, and what is refused by name."""

import datetime
import decimal
import time

import numpy as np
import pandas as pd
import pytest

from keras_addmul.discover.table.reading import read, read_csv

ROWS = 12
A, B = np.random.default_rng(0).uniform(1, 5, (2, ROWS))
Y = 2 * A * B


def frame(**columns):
    return pd.DataFrame({"a": A, "b": B, **columns, "y": Y})


def test_arrays_get_names_and_are_kept_as_they_are():
    table = read(np.stack([A, B], axis=1), Y[:, None])
    assert table.names == ("x1", "x2")
    assert table.target == "y"
    assert table.x.dtype == table.y.dtype == "float64"
    np.testing.assert_array_equal(table.x, np.stack([A, B], axis=1))
    np.testing.assert_array_equal(table.y, Y)
    assert table.notes == ()
    assert len(table) == ROWS
    assert table.domain == ((A.min(), A.max()), (B.min(), B.max()))


@pytest.mark.parametrize(
    ("y", "target", "name", "columns"),
    [
        ("y", None, "y", ("a", "b")),
        (None, "y", "y", ("a", "b")),
        ("y", "y", "y", ("a", "b")),
        (None, "b", "b", ("a", "y")),
        (Y + 1, None, "target", ("a", "b", "y")),
        (Y + 1, "z", "z", ("a", "b", "y")),
        (pd.Series(Y + 1, name="force"), None, "force", ("a", "b", "y")),
        (pd.DataFrame({"force": Y + 1}), None, "force", ("a", "b", "y")),
    ],
)
def test_target_is_a_column_or_comes_by_itself(y, target, name, columns):
    table = read(frame(), y, target=target)
    assert table.target == name
    assert table.names == columns


def test_names_need_not_be_identifiers():
    table = read(np.stack([A, B], axis=1), Y, names=["mass [kg]", "2 pi/$r_0$"], target="F <N>")
    assert table.names == ("mass [kg]", "2 pi/$r_0$")
    assert table.target == "F <N>"


def test_columns_with_names_that_are_no_strings_are_named_by_their_text():
    assert read(pd.DataFrame({0: A, 1: B, 2: Y}), target="2").names == ("0", "1")


def test_rows_with_gaps_are_left_out_and_counted():
    a, b, y = A.copy(), B.copy(), Y.copy()
    a[[1, 2]], b[2], y[5] = np.nan, np.inf, -np.inf
    table = read(pd.DataFrame({"a": a, "b": b, "y": y}), "y")
    np.testing.assert_array_equal(table.y, np.delete(Y, [1, 2, 5]))
    np.testing.assert_array_equal(table.x[:, 0], np.delete(A, [1, 2, 5]))
    assert table.notes == (
        "3 of 12 rows were left out: 'a' is missing in 2, 'b' is infinite in 1, "
        "'y' is infinite in 1.",
    )


def test_gaps_of_every_kind_are_missing_values():
    masked = np.ma.masked_array(np.stack([A, B], axis=1), np.zeros((ROWS, 2), bool))
    masked[3, 0] = np.ma.masked
    integers = pd.array([None, *range(ROWS - 1)], dtype="Int64")
    objects = pd.Series([None, *A[1:]], dtype=object)
    assert len(read(masked, Y)) == ROWS - 1
    assert len(read(frame(c=integers), "y")) == ROWS - 1
    assert len(read(frame(c=objects), "y")) == ROWS - 1


def test_constant_empty_and_repeated_columns_are_left_out_by_name():
    table = read(frame(zero=0.0, none=np.nan, again=A), "y")
    assert table.names == ("a", "b")
    assert table.notes == (
        "The column 'none' was left out: it holds no number.",
        "The column 'zero' was left out: it is 0 in every row.",
        "The column 'again' was left out: it equals 'a' in every row.",
    )
    notes = read(frame(one=1, two=2), "y").notes
    assert notes == ("The columns 'one' and 'two' were left out: they are the same in every row.",)


def test_a_column_that_becomes_constant_with_the_gaps_is_left_out():
    gap = np.where(np.arange(ROWS) < 2, np.nan, 7.0)
    assert read(frame(c=gap), "y").names == ("a", "b")


def test_repeated_rows_are_kept_and_counted():
    rows = pd.concat([frame(), frame()[:1], frame()[:2].assign(y=0.0)])
    table = read(rows, "y")
    assert len(table) == ROWS + 3
    assert table.notes == (
        "1 row repeats an earlier one; they were kept.",
        "2 rows have the inputs of another row and a different target, so that no formula of "
        "these columns can meet every row.",
    )


@pytest.mark.parametrize("dtype", ["bool", "boolean", "object"])
def test_truth_values_are_read_as_0_and_1(dtype, rng):
    truth = rng.permutation(ROWS) % 2 == 0
    table = read(frame(c=pd.Series(truth, dtype=dtype)), "y")
    np.testing.assert_array_equal(table.x[:, 2], truth.astype("float64"))
    assert table.notes == ("The truth values in 'c' were read as 0 and 1.",)


@pytest.mark.parametrize("dtype", ["int8", "uint64", "Int64", "float16", "Float32", "object"])
def test_numbers_of_any_dtype_are_read(dtype):
    table = read(frame(c=pd.Series(range(ROWS), dtype=dtype)), "y")
    np.testing.assert_array_equal(table.x[:, 2], np.arange(ROWS))


def test_numbers_in_text_are_converted():
    text = [f" {value!r}" for value in (A**2).tolist()]
    table = read(frame(c=[*text[:-2], "?", ""]), "y")
    np.testing.assert_array_equal(table.x[:, 2], A[:-2] ** 2)
    assert table.notes == (
        "Numbers written as text in 'c' were converted, and '' and '?' to missing.",
        "2 of 12 rows were left out: 'c' is missing in 2.",
    )


def test_exact_numbers_of_python_are_converted():
    table = read(frame(c=[decimal.Decimal(i) / 4 for i in range(ROWS)]), "y")
    np.testing.assert_array_equal(table.x[:, 2], np.arange(ROWS) / 4)
    assert read([[i, decimal.Decimal(i) ** 2] for i in range(ROWS)], Y).x[3, 1] == 9


DATE = datetime.date(2020, 1, 1)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["red"] * ROWS, r"text in 'c' \('red' in row 1\).*Leave such a column out \(x.drop"),
        ([1.5] * 11 + ["1,5"], r"text in 'c' \('1,5' in row 12\)"),
        ([1.5] * 11 + [[1]], r"text in 'c' \(\[1\] in row 12\)"),
        (pd.Categorical(range(ROWS)), r"categories in 'c' \(0\).*astype"),
        (pd.date_range("2020-01-01", periods=ROWS), r"dates in 'c' \(2020-01-01"),
        (pd.date_range("2020-01-01", periods=ROWS, tz="UTC"), "dates in 'c'"),
        (pd.period_range("2020-01-01", periods=ROWS), "dates in 'c'"),
        (pd.to_timedelta(range(ROWS), unit="s"), "dates in 'c'"),
        ([DATE] * ROWS, r"dates in 'c' \(2020-01-01\).*seconds since the first"),
        ([None, *[DATE] * (ROWS - 1)], "dates in 'c'"),
        (A + 1j, r"complex numbers in 'c' \(\(.*two columns"),
        (pd.Series([1.0] * 11 + [1j], dtype=object), r"complex numbers in 'c' \(1j\)"),
    ],
)
def test_columns_without_real_numbers_are_refused_by_name(column, message):
    with pytest.raises(ValueError, match=f"(?s)must hold real numbers. Received: {message}"):
        read(frame(c=column), "y")


def test_every_such_column_is_named_at_once():
    with pytest.raises(ValueError, match=r"text in 'p' \('u' in row 1\), 'y'.*; dates in 'q'"):
        read(frame(p="u", q=DATE).assign(y="v"), "y")
    with pytest.raises(ValueError, match="complex numbers in 'x1'"):
        read(np.stack([A + 1j, B], axis=1), Y)
    with pytest.raises(ValueError, match="text in 'x2'"):
        read([[i, f"v{i}"] for i in range(ROWS)], Y)


def twice():
    table = frame(c=A**2)
    table.columns = ["a", "b", "a", "y"]
    return table


SHIFTED = pd.Series(Y, index=range(1, ROWS + 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((A, Y), r"`x` must be an array of shape \(rows, columns\) or a DataFrame. .*\(12,\)"),
        (({"a": A}, Y), "Received: an object of type dict"),
        ((np.stack([A, B], 1),), "`y` must be an array.*Received: y=None"),
        ((np.stack([A, B], 1), "y"), "Received: y='y'"),
        ((np.stack([A, B], 1), Y, ["a"]), r"`names` must name each of the 2 .*: 1: \['a'\]"),
        ((np.stack([A, B], 1), Y, ["a", "a"]), "`names` must be different.*'a' more than once"),
        ((np.stack([A, B], 1), Y, ["a", "b"], "b"), "`target` must be a name that no column has"),
        ((np.stack([A, B], 1), Y[:-1]), "`x` and `y` must have the same .*Received: 12 and 11"),
        ((np.stack([A, B], 1), np.stack([A, B], 1)), r"`y` must have the shape .*\(12, 2\)"),
        ((np.ones((ROWS, 2)), Y), r"a column of numbers that vary.*'x1' and 'x2' were left out"),
        ((np.ones((ROWS, 0)), Y), r"a column of numbers that vary. Received: none$"),
        ((np.stack([A, B], 1), 0 * Y + 3), "target must vary.*'y', which is 3 in each of 12 rows"),
        ((np.stack([A, B], 1)[:3], Y[:3]), "at least 8 rows without gaps. Received: 3 rows$"),
        ((frame(a=[1.0] * 7 + [np.nan] * 5), "y"), "Received: 7 of 12 rows: 'a' is missing in 5"),
        ((frame()[:0], "y"), "Received: 0 rows$"),
        ((frame(),), "`y` must be the target, or `target` its name"),
        ((frame(), "y", ["a", "b"]), "`names` belongs to arrays"),
        ((frame(), "y", None, "b"), "`y` and `target` must not name two columns"),
        ((frame(period=A**2), "Periods"), r"Did you mean 'period'\? Received: 'Periods', and the"),
        ((frame(), SHIFTED), "`y` must have the same index as `x`; y.to_numpy"),
        ((twice(), "y"), "`x` must have columns of different names. Received: 'a' more than once"),
    ],
)
def test_what_cannot_be_used_is_refused_by_argument(arguments, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        read(*arguments)


def test_a_million_rows_take_seconds(rng):
    rows = rng.uniform(-1, 1, (1_000_000, 6))
    rows[::1000, 2] = np.nan
    names = [*"abcdef"]
    start = time.process_time()
    table = read(pd.DataFrame(rows, columns=names).assign(t=True, y=rows[:, 0] ** 2), "y")
    assert time.process_time() - start < 10
    assert len(table) == 999_000


# ---------------------------------------------------------------------------------------------
# Files
# ---------------------------------------------------------------------------------------------


def write(folder, text):
    path = folder / "data.csv"
    path.write_text(text)
    return path


def lines(*extra, header="a, b ,y", separator=","):
    rows = [separator.join(map(str, row)) for row in zip(A, B, Y, strict=True)]
    return "\n".join([header.replace(",", separator), *rows, *extra]) + "\n"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("above", ["", "# units: m, kg; s\n\n#\n", "\ufeff"])
def test_a_file_is_read_to_the_last_digit(tmp_path, separator, above):
    table = read_csv(write(tmp_path, above + lines(separator=separator)), "y")
    assert table.names == ("a", "b")
    np.testing.assert_array_equal(table.x, np.stack([A, B], axis=1))
    np.testing.assert_array_equal(table.y, Y)
    assert table.notes == ()


def test_a_file_with_gaps_quotes_and_an_index(tmp_path):
    rows = frame(c=["?", *range(1, ROWS)])
    rows.loc[1, "b"] = np.nan
    rows.to_csv(tmp_path / "data.csv")
    table = read_csv(tmp_path / "data.csv", "y", leave_out=["a"])
    assert table.names == ("b", "c")
    assert len(table) == ROWS - 2
    assert table.notes[:3] == (
        "Column 1, which has no name, was left out: it counts the rows.",
        "Left out, as asked: 'a'.",
        "Numbers written as text in 'c' were converted, and '?' to missing.",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a line that names the columns"),
        ("# a,b\n", "expected a line that names the columns"),
        ("a,b,y\n", "Received: 0 rows|Received: no row"),
        (lines(header="1.5,2,3"), r"names the columns. Received: the numbers \['1.5', '2', '3'\]"),
        (lines(header="a,a,y"), "expected columns of different names. Received: 'a' more than"),
        (lines(header="a,,y"), "expected a name for each column. Received: none for column 2"),
        (lines("1,2,3,4"), "expected 3 values in every line.*Expected 3 fields in line 14, saw 4"),
        (lines(header="a,b,z"), r"`target` must be the name of a column.*Received: 'y', and the"),
        (lines("1,2,x"), r"text in 'y' \('x' in row 13\).*--leave-out"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        read_csv(write(tmp_path, text), "y")


def test_files_and_columns_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a file of values"):
        read_csv(tmp_path / "no.csv", "y")
    path = write(tmp_path, lines())
    with pytest.raises(ValueError, match="`leave_out` must be the name of a column"):
        read_csv(path, "y", leave_out=["q"])
    with pytest.raises(ValueError, match="`leave_out` must not name the target"):
        read_csv(path, "y", leave_out=["y"])
    path.write_bytes("a,b,y\n\xff,1,2\n".encode("latin-1"))
    with pytest.raises(ValueError, match="`encoding` must be that of the file. .*'utf-8'"):
        read_csv(path, "y", encoding="utf-8")
