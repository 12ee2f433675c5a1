"""The table of the solar system, and what its reader refuses."""

import numpy as np
import pytest

from keras_addmul.demo import bodies as table
from keras_addmul.demo import load

HEADER = "body,central_body,kind,semi_major_axis_km,central_mass_kg,period_days"
GOOD = [f"Moon {i},Earth,moon,{384400 + i},5.9722e24,27.3217" for i in range(8)]


def write(folder, *lines, header=HEADER):
    path = folder / "bodies.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def refused(path, *parts, error=ValueError):
    """The message of the error holds every part, and the file first."""
    with pytest.raises(error) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    for part in parts:
        assert part in message, message


def test_solar_system_obeys_keplers_third_law():
    bodies = load()
    gravity = 6.67430e-11  # CODATA 2018
    law = 2 * np.pi * np.sqrt(bodies.semi_major_axis**3 / (gravity * bodies.central_mass))
    error = np.abs(bodies.period / law - 1)
    assert error.max() < 0.01
    assert np.median(error) < 0.001


def test_solar_system_has_what_it_promises():
    bodies = load()
    assert len(bodies) >= 40
    assert set(bodies.centers) == {"Sun", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"}
    assert set(bodies.kinds) == {"planet", "dwarf planet", "asteroid", "moon"}
    assert np.sum(bodies.kinds == "planet") == 8
    assert {"Moon", "Phobos", "Titan", "Triton", "Ceres", "Eris"} <= set(bodies.names)
    for column in (bodies.semi_major_axis, bodies.central_mass, bodies.period):
        assert column.dtype == "float64"


def test_a_central_body_has_one_mass():
    bodies = load()
    for center in set(bodies.centers):
        assert len(set(bodies.central_mass[bodies.centers == center])) == 1


def test_numbers_arrive_in_si_units(tmp_path):
    bodies = load(write(tmp_path, *GOOD))
    assert bodies.semi_major_axis[0] == 384400e3
    assert bodies.period[0] == 27.3217 * 86400


def test_rows_are_picked_by_mask_and_slice():
    bodies = load()
    moons = bodies[bodies.kinds == "moon"]
    assert set(moons.kinds) == {"moon"}
    assert len(moons) == len(moons.period) < len(bodies)
    assert list(bodies[:3].names) == ["Mercury", "Venus", "Earth"]


def test_comments_empty_lines_and_other_columns_are_skipped(tmp_path):
    lines = ['# a "comment, with a quote', "", *(f"{row},7" for row in GOOD)]
    assert len(load(write(tmp_path, *lines, header=f"\ufeff{HEADER},moons"))) == 8


def test_missing_file_is_named(tmp_path):
    refused(tmp_path / "no.csv", "Received: no such file", error=FileNotFoundError)


def test_empty_file_is_refused(tmp_path):
    refused(write(tmp_path, header=""), "expected a line with the columns", "body")


def test_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "bodies.csv"
    path.write_bytes(b"\xff\xfe\x00")
    refused(path, "expected text in UTF-8")


@pytest.mark.parametrize("column", table.COLUMNS)
def test_missing_column_is_named(tmp_path, column):
    path = write(tmp_path, *GOOD, header=HEADER.replace(column, "other"))
    refused(path, f"line 1, column '{column}': expected this column once", "other")


def test_column_given_twice_is_named(tmp_path):
    path = write(tmp_path, *(f"{row},1" for row in GOOD), header=f"{HEADER},body")
    refused(path, "line 1, column 'body': expected this column once")


def test_row_with_too_few_cells_is_named(tmp_path):
    refused(write(tmp_path, *GOOD, "Luna,Earth"), "line 10: expected 6 cells. Received: 2")


@pytest.mark.parametrize("column", table.NUMBERS)
@pytest.mark.parametrize("cell", ["far", "nan", "inf", "-1", "0", "1,5", "1 000"])
def test_cell_that_is_no_positive_number_is_named(tmp_path, column, cell):
    row = GOOD[0].replace("Moon 0", "Luna").split(",")
    row[HEADER.split(",").index(column)] = f'"{cell}"'
    path = write(tmp_path, *GOOD, "# a comment counts as a line", ",".join(row))
    place = f"line 11, column '{column}': expected a finite number above zero"
    refused(path, place, f"Received: {cell!r}")


@pytest.mark.parametrize("column", table.COLUMNS)
def test_empty_cell_is_named(tmp_path, column):
    row = GOOD[0].replace("Moon 0", "Luna").split(",")
    row[HEADER.split(",").index(column)] = " "
    path = write(tmp_path, *GOOD, ",".join(row))
    refused(path, f"line 10, column '{column}'", "Received: an empty cell")


def test_body_listed_twice_is_named_with_both_lines(tmp_path):
    path = write(tmp_path, *GOOD, GOOD[1])
    refused(path, "line 10, column 'body'", "not listed yet", "'Moon 1', as on line 3")


def test_too_few_bodies_are_refused(tmp_path):
    refused(write(tmp_path, *GOOD[:3]), "expected at least 8 bodies. Received: 3")
