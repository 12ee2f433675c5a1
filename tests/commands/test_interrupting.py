"""Ctrl-C ends a command with one line and status 130, in whatever form it arrives."""

import signal

import pytest

from keras_addmul.commands.interrupting import STATUS, one_line_on_interrupt


@pytest.fixture(autouse=True)
def handler_of_python():
    """SIGINT is handled by Python's own function in the test, and as before after it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pressed():
    signal.raise_signal(signal.SIGINT)


def pressed_in_a_library():
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt as interrupt:
        raise RuntimeError("cancelled") from interrupt


def pressed_unheard():
    raise KeyboardInterrupt


@pytest.mark.parametrize("press", [pressed, pressed_in_a_library, pressed_unheard])
def test_an_interrupt_is_one_line_and_the_status_of_shells(press, capfd):
    with pytest.raises(SystemExit) as ended, one_line_on_interrupt():
        press()
    assert ended.value.code == STATUS == 130
    assert capfd.readouterr().err.count("\n") == 1


def test_other_errors_pass_and_leave_the_handler_as_it_was(capfd):
    with pytest.raises(ZeroDivisionError), one_line_on_interrupt():
        1 / 0  # noqa: B018
    assert not capfd.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_caller_is_kept():
    def theirs(number, frame):
        """Does nothing."""

    signal.signal(signal.SIGINT, theirs)
    with one_line_on_interrupt():
        assert signal.getsignal(signal.SIGINT) is theirs
    assert signal.getsignal(signal.SIGINT) is theirs
