"""A pytest plugin that writes how long each test took."""

import json
import os

SECONDS = {}


def pytest_runtest_logreport(report):
    """Adds up set-up, call and tear-down."""
    SECONDS[report.nodeid] = SECONDS.get(report.nodeid, 0.0) + report.duration


def pytest_sessionfinish(session):
    """Writes the file, once: the workers of xdist report to the process that started them."""
    path = os.environ.get("MUTANTS_SECONDS")
    if path and not hasattr(session.config, "workerinput"):
        with open(path, "w") as file:
            json.dump(SECONDS, file)
