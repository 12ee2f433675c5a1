"""A pytest plugin that runs named tests only, in the order of their names, and says which failed.

Names go through a file, not the command line: pytest cannot find an id again that holds an escape.
"""

import json
import os
from pathlib import Path


def pytest_collection_modifyitems(items):
    """Keeps what `MUTANTS_TESTS` names: of a test whose id is another today, all its cases."""
    names = json.loads(_file("MUTANTS_TESTS").read_text())
    place = {name: k for k, name in enumerate(names)}
    lost = set(names) - {item.nodeid for item in items}
    whole = {name.split("[")[0]: place[name] for name in lost}

    def where(item):
        return place.get(item.nodeid, whole.get(item.nodeid.split("[")[0]))

    items[:] = sorted((item for item in items if where(item) is not None), key=where)


def pytest_runtest_logreport(report):
    """Writes the name of the first test that fails."""
    if report.failed and not _file("MUTANTS_CAUGHT").exists():
        _file("MUTANTS_CAUGHT").write_text(report.nodeid)


def pytest_collectreport(report):
    """Writes the name of a file that no longer imports."""
    if report.failed and not _file("MUTANTS_CAUGHT").exists():
        _file("MUTANTS_CAUGHT").write_text(f"{report.nodeid} cannot be imported")


def _file(variable):
    return Path(os.environ[variable])
