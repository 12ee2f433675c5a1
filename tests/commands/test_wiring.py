"""What is typed reaches what a command runs, and TensorFlow starts before that, in silence."""

import argparse

import pytest

from keras_addmul import demo, serving
from keras_addmul.commands import (
    check_command,
    compare_command,
    convert_command,
    convert_to_command,
    demo_command,
    discover_command,
    export_command,
    model_file,
    serve_command,
)
from keras_addmul.discover import command
from keras_addmul.serving import saved_model
from keras_addmul.serving.server import running
from keras_addmul.serving.server.settings import Settings


class Started(Exception):
    """Raised where TensorFlow would start."""


class Anything(argparse.Namespace):
    """Options of which each is left out."""

    def __getattr__(self, name):
        return None


# The other commands first do what needs no TensorFlow, or never need it.
AT_ONCE = (compare_command, convert_command, convert_to_command, demo_command, export_command)


@pytest.mark.parametrize("module", AT_ONCE, ids=lambda m: m.__name__)
def test_tensorflow_starts_with_its_messages_held_back(module, monkeypatch):
    def start():
        raise Started

    monkeypatch.setattr(module, "start_keras", start)
    monkeypatch.setattr(saved_model, "replaceable", lambda path: path)
    with pytest.raises(Started):
        module.run(Anything())


# What each command runs, and an option that says no with the argument that it becomes.
RUN = [
    (demo_command, demo, "run", {}),
    (discover_command, command, "run_by", {"no_baselines": "baselines"}),
    (export_command, saved_model, "export", {"no_jit": "jit"}),
]


@pytest.mark.parametrize(("module", "home", "name", "refused"), RUN, ids=lambda v: str(v)[:0])
@pytest.mark.parametrize("said", [False, True])
def test_every_option_arrives(module, home, name, refused, said, monkeypatch):
    calls = []
    monkeypatch.setattr(module, "start_keras", lambda: None)
    monkeypatch.setattr(saved_model, "replaceable", lambda path: path)
    monkeypatch.setattr(model_file, "load", lambda path: path)
    monkeypatch.setattr(home, name, lambda *a, **k: calls.append((a, k)))
    parser = argparse.ArgumentParser()
    module.add_to(parser.add_subparsers())
    options = {
        action.dest: f"what --{action.dest} says"
        for action in _actions(parser)
        if action.dest not in refused
    }
    module.run(argparse.Namespace(**options, **dict.fromkeys(refused, said)))
    ((args, kwargs),) = calls
    assert set(options.values()) <= {str(v) for v in (*args, *kwargs.values())}
    for argument in refused.values():
        assert kwargs[argument] is not said


def _actions(parser):
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    (only,) = commands.choices.values()
    return [action for action in only._actions if action.dest != "help"]


def test_what_is_checked_and_how_closely_arrives(monkeypatch):
    calls = []
    monkeypatch.setattr(serving, "check", lambda *a, **k: calls.append((a, k)) or _Report())
    monkeypatch.setattr(check_command.array_files, "load", lambda paths, what: (paths, what))
    check_command.run(
        argparse.Namespace(path="served", input="x", expected="y", rtol=0.1, atol=0.2)
    )
    assert calls == [(("served", ("x", "input"), ("y", "expected")), {"rtol": 0.1, "atol": 0.2})]


class _Report:
    endpoints, max_abs_error, max_rel_error, seconds = ("serve",), 0.0, 0.0, 0.0


class Ended(Exception):
    """Raised where the process would end."""


def test_what_the_server_is_told_arrives(monkeypatch, tmp_path):
    calls = []

    def end(status):
        raise Ended(status)

    monkeypatch.setattr(running, "bound", lambda host, port: (host, port))
    monkeypatch.setattr(running, "run", lambda *a: calls.append(a))
    monkeypatch.setattr(serve_command.os, "_exit", end)
    monkeypatch.setenv(serve_command.TOKEN, "secret")
    parser = argparse.ArgumentParser()
    serve_command.add_to(parser.add_subparsers())
    typed = "--port 80 --versions 2 --poll 3 --no-jit --max-batch 4 --concurrency 5 --max-rows 6"
    with pytest.raises(Ended):
        serve_command.run(
            parser.parse_args(["serve", str(tmp_path), *typed.split(), "--max-body", "7"])
        )
    settings = Settings(
        versions=2,
        poll_seconds=3,
        jit=False,
        max_batch=4,
        concurrency=5,
        max_rows=6,
        max_body=7,
        token="secret",
    )
    assert calls == [(tmp_path, ("127.0.0.1", 80), settings)]
    assert parser.parse_args(["serve", str(tmp_path)]).max_body == Settings().max_body == 2**24
