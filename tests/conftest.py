"""Settings that must precede slow imports, and the order of the tests."""

import ctypes
import gc
import os
import sys

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")

LIBC = ctypes.CDLL(None)

# Run by `make bench` and `make mutants`: they measure, and assert nothing.
collect_ignore = ["benchmarks", "mutants"]


def pytest_collection_modifyitems(items):
    """Puts fast tests first, then the slow ones, then the notebooks."""
    items.sort(
        key=lambda item: (item.path.suffix == ".ipynb", item.get_closest_marker("slow") is not None)
    )


def pytest_collection_finish():
    """Leaves what the imports made out of every later collection of garbage, which is fast then."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """Frees what XLA has compiled: over all tests it comes to many gigabytes."""
    last = nextitem is None or nextitem.path != item.path
    if last or item.get_closest_marker("slow"):
        gc.collect()
    if last and hasattr(LIBC, "malloc_trim"):  # glibc keeps what is freed, up to a third
        LIBC.malloc_trim(0)


@pytest.fixture(autouse=True)
def same_numbers_in_every_run():
    """Whatever a test draws without a seed of its own, it draws again in the next run."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture
def rng():
    """A NumPy generator of the test's own: what it draws hangs on no other test."""
    return np.random.default_rng(0)
