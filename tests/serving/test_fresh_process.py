"""A process that was started never outlives an interrupt."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from keras_addmul.serving import fresh_process
from tests.processes import runs

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def started(monkeypatch):
    """The ids of the processes that were started, each interrupted before its id is returned."""
    ids = []

    class Interrupted(subprocess.Popen):
        def __init__(self, *arguments, **how):
            super().__init__(*arguments, **how)
            ids.append(self.pid)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(fresh_process.subprocess, "Popen", Interrupted)
    return ids


@pytest.fixture
def handler(monkeypatch):
    """Python's own way with Ctrl-C, which a shell may have taken away from the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not os.path.exists("/proc"), reason="looks into /proc")
def test_an_interrupt_while_the_process_starts_ends_it(started, handler):
    with pytest.raises(KeyboardInterrupt):
        fresh_process._run(SLEEPS, dict(os.environ), 60)
    assert len(started) == 1
    assert not runs(started[0])
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.skipif(not os.path.exists("/proc"), reason="looks into /proc")
def test_an_interrupt_while_the_process_works_ends_it(monkeypatch, handler):
    ids = []
    communicate = subprocess.Popen.communicate

    def interrupted(child, *arguments, **how):
        ids.append(child.pid)
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        return communicate(child, *arguments, **how)

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fresh_process._run(SLEEPS, dict(os.environ), 60)
    assert not runs(ids[0])


def test_it_runs_outside_the_main_thread_and_keeps_the_handler(handler):
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(fresh_process._run, [sys.executable, "-c", "print(3)"], {}, 60).result()
    assert (done.returncode, done.stdout) == (0, "3\n")
    assert signal.getsignal(signal.SIGINT) is handler
