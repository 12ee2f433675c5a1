"""`keras-addmul serve`: answers over HTTP with exported models."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from keras_addmul.commands import arguments
from keras_addmul.commands.start_up import stderr_held_back
from keras_addmul.extras import require_extra

__all__ = ["TOKEN", "add_to", "run"]

# Where the token is read from: what is typed shows in the list of processes.
TOKEN = "KERAS_ADDMUL_TOKEN"


def add_to(commands: Any) -> None:
    """Adds the command and its arguments to a parser."""
    parser = commands.add_parser(
        "serve",
        help="answer over HTTP with exported models",
        description="Answers over HTTP with exported models, by TensorFlow Serving's REST API and "
        f"the Open Inference Protocol. If {TOKEN} is set, clients must send it as a bearer token.",
    )
    parser.add_argument(
        "folder",
        type=arguments.folder_to_read,
        help="a SavedModel, a directory of its numbered versions, or a directory of these",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at; 127.0.0.1, this machine only"
    )
    parser.add_argument("--port", type=arguments.natural_number, default=8501, help="port; 8501")
    parser.add_argument(
        "--versions",
        type=arguments.positive_integer,
        default=2,
        help="how many versions of a model are kept ready; 2",
    )
    parser.add_argument(
        "--poll",
        type=arguments.number_above_zero,
        default=1.0,
        help="seconds between two searches for new versions; 1",
    )
    parser.add_argument(
        "--max-batch",
        type=arguments.positive_integer,
        default=64,
        help="most rows that are computed together; 64",
    )
    parser.add_argument(
        "--concurrency",
        type=arguments.positive_integer,
        default=128,
        help="most requests that are worked on at once; 128",
    )
    parser.add_argument(
        "--max-rows",
        type=arguments.positive_integer,
        default=10_000,
        help="most rows of a request; 10000",
    )
    parser.add_argument(
        "--max-body",
        type=arguments.positive_integer,
        default=16 * 2**20,
        help="most bytes of a request; 16 MiB",
    )
    parser.add_argument(
        "--no-jit", action="store_true", help="do not use the endpoint that XLA compiles"
    )
    parser.set_defaults(run=run, typed={"folder": "folder"})


def run(options: argparse.Namespace) -> None:
    """Serves until SIGTERM or Ctrl-C."""
    require_extra("serve")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from keras_addmul.serving.server.running import bound, run
    from keras_addmul.serving.server.settings import Settings

    listening = bound(options.host, options.port)
    with stderr_held_back():
        import tensorflow as tf

        tf.zeros(())  # TensorFlow looks for devices, and prints what it finds
    settings = Settings(
        versions=options.versions,
        poll_seconds=options.poll,
        jit=not options.no_jit,
        max_batch=options.max_batch,
        concurrency=options.concurrency,
        max_rows=options.max_rows,
        max_body=options.max_body,
        token=os.environ.get(TOKEN) or None,
    )
    run(Path(options.folder), listening, settings)
    # All requests are answered, and TensorFlow takes seconds to clean up what ends anyway.
    sys.stdout.flush()
    os._exit(0)
