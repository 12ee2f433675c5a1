"""What has to be set before anything heavy is imported, and the order of the tests."""

import gc
import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")

# Benchmarks are run by `make bench`: they measure, and assert nothing.
collect_ignore = ["benchmarks"]


@pytest.fixture(autouse=True, scope="module")
def _compiled_programs_are_let_go():
    """Programs that XLA compiled live as long as their functions: gigabytes, over all tests."""
    yield
    gc.collect()


def pytest_collection_modifyitems(items):
    """Puts fast tests first, then the slow ones, then the notebooks."""
    items.sort(
        key=lambda item: (item.path.suffix == ".ipynb", item.get_closest_marker("slow") is not None)
    )
