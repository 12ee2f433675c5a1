"""What has to be set before anything heavy is imported, and the order of the tests."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")

# Benchmarks are run by `make bench`: they measure, and assert nothing.
collect_ignore = ["benchmarks"]


def pytest_collection_modifyitems(items):
    """Puts fast tests first, then the slow ones, then the notebooks."""
    items.sort(
        key=lambda item: (item.path.suffix == ".ipynb", item.get_closest_marker("slow") is not None)
    )
