"""Starts Python processes for tests, and interrupts them at a given moment."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def python(*arguments):
    """Runs Python to its end, in the working directory; the text of both streams is kept."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True)


def has_loaded(library):
    """A moment: the process has mapped a library whose name contains this."""

    def moment(process):
        return library in Path(f"/proc/{process}/maps").read_text()

    return moment


def has_child(process):
    """A moment: the process has started another one."""
    return bool(children_of(process))


def children_of(process):
    return [
        int(child)
        for task in Path(f"/proc/{process}/task").glob("*/children")
        for child in task.read_text().split()
    ]


def runs(process):
    """Whether a process exists that has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def interrupted_when(moment, *arguments, limit=120):
    """Runs Python, sends SIGINT at the moment, and waits for the end.

    `moment` is a function of the process id, or the beginning of a line that is printed.
    Returns what was printed, with the status, and the ids of the children at the moment.
    """
    child = subprocess.Popen(
        [sys.executable, "-u", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell may have started the tests in the background, where SIGINT is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    out, end = "", time.monotonic() + limit
    while child.poll() is None and time.monotonic() < end:
        if isinstance(moment, str):
            out += child.stdout.readline()
            if moment in out:
                break
        elif moment(child.pid):
            break
        else:
            time.sleep(0.01)
    children = children_of(child.pid) if child.poll() is None else []
    os.kill(child.pid, signal.SIGINT)
    rest, err = child.communicate(timeout=limit)
    done = subprocess.CompletedProcess(arguments, child.returncode, out + rest, err)
    return done, children
