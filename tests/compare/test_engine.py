"""Processes that are killed, and comparisons that go on where they stopped, to the same numbers."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from keras_addmul.compare import compare, unit_of_work
from keras_addmul.compare.claims import claimed, is_taken
from keras_addmul.compare.pools import Workers
from tests.compare import arms_for_tests
from tests.compare.arms_for_tests import X, Y, dense, mortal
from tests.processes import runs

OPTIONS = {"seeds": 3, "epochs": 2, "verbose": 0}
MODELS = {"dense": dense, "mortal": mortal}

SCRIPT = """
import os
os.environ["MAIN"] = str(os.getpid())
from tests.compare import test_engine as t
t.compare(t.MODELS, (t.X, t.Y), workers=1, folder={folder!r}, **t.OPTIONS)
"""


@pytest.fixture(scope="module")
def wanted():
    """The scores of a comparison that nothing disturbed, in this process."""
    return scores(compare(MODELS, (X, Y), workers=0, **OPTIONS))


def scores(result):
    return {(run["arm"], run["seed"]): run["score"] for run in result.runs}


def until(condition, limit=120):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_killed_worker_and_killed_parent_lose_nothing_and_leave_nobody(wanted, tmp_path):
    ask, log = tmp_path / "ask", tmp_path / "log"
    ask.write_text("wait")
    with open(log, "w") as file:
        parent = subprocess.Popen(
            [sys.executable, "-c", SCRIPT.format(folder=str(tmp_path))],
            stderr=file,
            env={**os.environ, "MORTAL": str(ask), "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    until(lambda: ask.read_text().isdigit() or parent.poll() is not None)
    worker = int(ask.read_text())
    ask.write_text("wait")  # the next one waits as well
    os.kill(worker, signal.SIGKILL)
    until(lambda: ask.read_text().isdigit() or parent.poll() is not None)
    assert int(ask.read_text()) != worker
    worker = int(ask.read_text())
    assert runs(parent.pid)
    parent.kill()
    parent.wait()
    until(lambda: not runs(worker), limit=20)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*.json")}
    assert kept
    resumed = compare(MODELS, (X, Y), workers=0, folder=tmp_path, **OPTIONS)
    assert scores(resumed) == wanted
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert not list((tmp_path / "runs").glob("*.claim"))
    assert not list((tmp_path / "runs").glob(".*"))


@pytest.mark.slow
def test_dask_survives_the_death_of_one_of_two_workers(wanted, tmp_path):
    from distributed import Client, LocalCluster

    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    with cluster, Client(cluster) as client:
        victim = next(iter(client.run(os.getpid).values()))

        def kill():
            until(lambda: list((tmp_path / "runs").glob("*.json")))
            os.kill(victim, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        found = compare(MODELS, (X, Y), executor=client.get_executor(), folder=tmp_path, **OPTIONS)
        killer.join()
        until(lambda: not runs(victim), limit=20)
    assert scores(found) == wanted


class Deadly:
    """An executor whose process dies at every run of one model."""

    def __init__(self):
        self.given = []

    def submit(self, function, pickled):
        future = Future()
        if b"mortal" in pickled and b"step times" not in pickled:
            self.given.append(pickled)
            future.set_exception(BrokenProcessPool("killed"))
        else:
            future.set_result(function(pickled))
        return future


@pytest.fixture
def stubs(monkeypatch):
    """Nothing is trained or measured."""
    monkeypatch.setitem(unit_of_work.WORK, "training", arms_for_tests.stub)
    monkeypatch.setitem(unit_of_work.WORK, "step times", arms_for_tests.stub_of_times)


def test_a_run_that_kills_its_process_is_tried_three_times_and_then_crashed(stubs):
    deadly = Deadly()
    found = compare(MODELS, (X, Y), executor=deadly, **{**OPTIONS, "seeds": 2})
    assert len(deadly.given) == 2 * 3
    assert [run["outcome"] for run in found.of("mortal")] == ["crashed"] * 2
    assert [run["outcome"] for run in found.of("dense")] == ["finished"] * 2
    assert "its process died 3 times" in found.to_text()


class Interrupted(Deadly):
    """An executor in whose second run someone presses Ctrl-C."""

    def submit(self, function, pickled):
        self.given.append(pickled)
        if len(self.given) == 3:
            raise KeyboardInterrupt
        future = Future()
        future.set_result(function(pickled))
        return future


def test_ctrl_c_keeps_what_is_done_and_reports_on_it(stubs, tmp_path):
    options = {**OPTIONS, "folder": tmp_path}
    found = compare(MODELS, (X, Y), executor=Interrupted(), **options)
    assert found.interrupted
    assert [(run["arm"], run["seed"]) for run in found.runs] == [("dense", 0)]
    assert "Nothing is known yet" in found.to_text()
    assert "before all runs were done" in found.to_html()
    (kept,) = found.runs
    assert compare(MODELS, (X, Y), workers=0, **options).of("dense")[0] == kept


def test_a_claim_holds_while_its_owner_lives(tmp_path):
    file = tmp_path / "a.json"
    with claimed(file) as ours, claimed(file) as others:
        assert (ours, others) == (True, False)
        assert is_taken(file)
    assert not is_taken(file)
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True
    )
    file.with_suffix(".claim").write_text(f"{socket.gethostname()} {int(dead.stdout)}")
    assert not is_taken(file)
    with claimed(file) as ours:
        assert ours
    # A process on another machine is known by its beat alone.
    claim = file.with_suffix(".claim")
    claim.write_text("elsewhere 1")
    assert is_taken(file)
    os.utime(claim, (0, 0))
    assert not is_taken(file)


def test_a_place_that_is_not_free_yet_is_waited_for(tmp_path, monkeypatch):
    """The future is done before its callback frees the place: both orders must work."""
    workers = Workers(1, tmp_path / "log")
    first, second = Future(), Future()
    given = iter([first, second])
    pool = types.SimpleNamespace(submit=lambda *_: next(given), shutdown=lambda **_: None)
    pipe = types.SimpleNamespace(close=lambda: None)
    monkeypatch.setattr(workers, "_pool", lambda: (pool, pipe))
    workers.submit(int)
    assert not workers.has_room
    threading.Timer(0.2, first.set_result, [0]).start()
    assert workers.submit(int) is second


def test_work_that_ctrl_c_ends_leaves_no_traceback(tmp_path, monkeypatch, caplog):
    """Closing ends the processes, which breaks the executors whose work is not done."""
    workers, future = Workers(1, tmp_path / "log"), Future()
    ended = BrokenProcessPool("ended")
    pool = types.SimpleNamespace(
        submit=lambda *_: future, shutdown=lambda **_: future.set_exception(ended)
    )
    pipe = types.SimpleNamespace(close=lambda: None)
    monkeypatch.setattr(workers, "_pool", lambda: (pool, pipe))
    workers.submit(int)
    workers.close()
    assert workers.has_room
    assert not caplog.records
