"""What an export removes of earlier ones, and what it leaves alone."""

import os
import socket

import pytest

from keras_addmul.serving import staging


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def left_behind(target, process, host=None):
    """The directory that an export to `target` by this process would have left."""
    folder = target.with_name(f".{target.name}.{host or socket.gethostname()}.{process}.x")
    folder.mkdir()
    return folder


def ended():
    """The id of a process that has ended."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


def write(target):
    with staging.staged(target) as fresh:
        assert not fresh.exists()
        assert fresh.parent.parent == target.parent
        fresh.mkdir()
        (fresh / "new").touch()


@pytest.mark.parametrize("before", [None, ["old"]])
def test_block_that_ends_well_replaces_what_was_there(tmp_path, before):
    target = tmp_path / "deep" / "m"
    for name in before or ():
        target.mkdir(parents=True)
        (target / name).touch()
    write(target)
    assert names(target) == ["new"]
    assert names(target.parent) == ["m"]


def test_only_what_ended_processes_of_this_machine_left_is_removed(tmp_path):
    target = tmp_path / "m"
    gone = left_behind(target, ended())
    kept = [
        left_behind(target, os.getppid()),
        left_behind(target, ended(), host="another.machine"),
        left_behind(tmp_path / "other", ended()),
    ]
    write(target)
    assert not gone.exists()
    assert names(tmp_path) == sorted(["m", *(path.name for path in kept)])
