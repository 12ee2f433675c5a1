"""Imports TensorFlow and Keras without TensorFlow's start-up messages."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator

from keras_addmul.commands.interrupting import leave_at_once

__all__ = ["start_keras", "stderr_held_back"]


def start_keras() -> None:
    """Imports Keras and this package, and hides the messages that TensorFlow prints meanwhile.

    `TF_CPP_MIN_LOG_LEVEL` does not hide them all: some are written before it is read.

    Raises:
        ImportError: If a library is missing or broken. The messages are then shown.
    """
    # Show errors of TensorFlow, but not information and warnings.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with stderr_held_back() as shown, leave_at_once(shown):
        import keras

        from keras_addmul import barron, callbacks, layers  # noqa: F401  registers their classes

        # The first tensor makes TensorFlow look for devices and print what it finds.
        keras.ops.convert_to_numpy(keras.ops.zeros(()))


@contextlib.contextmanager
def stderr_held_back() -> Iterator[int]:
    """Holds back what the process, including its libraries, writes to stderr in the block.

    The text is dropped if the block succeeds, and shown if it raises. If the process dies
    in the block, the text is lost.

    Yields:
        A file descriptor that still writes to stderr.
    """
    try:
        shown = os.dup(2)
    except OSError:  # stderr is closed: there is nothing to hold back
        yield os.open(os.devnull, os.O_WRONLY)
        return
    with tempfile.TemporaryFile() as held:
        _flush()
        os.dup2(held.fileno(), 2)
        try:
            yield shown
        except BaseException:
            _flush()
            os.dup2(shown, 2)
            held.seek(0)
            with open(os.dup(2), "wb") as stderr:
                shutil.copyfileobj(held, stderr)
            raise
        else:
            _flush()
        finally:
            os.dup2(shown, 2)
            os.close(shown)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
