"""`keras-addmul export`: writes a .keras file as a SavedModel."""

import argparse
from typing import Any

from keras_addmul.commands import arguments, model_file
from keras_addmul.commands.start_up import start_keras

__all__ = ["add_to", "run"]


def add_to(commands: Any) -> None:
    """Adds the command and its arguments to a parser."""
    parser = commands.add_parser("export", help="write a .keras file as a SavedModel")
    parser.add_argument("model", type=model_file.checked, help="a .keras file")
    parser.add_argument(
        "--out",
        type=arguments.folder_to_write,
        required=True,
        help="directory of the SavedModel; an earlier one is replaced",
    )
    parser.add_argument(
        "--no-jit",
        action="store_true",
        help="leave out the endpoint that XLA compiles, for models that it cannot compile",
    )
    parser.add_argument(
        "--keep",
        type=arguments.positive_integer,
        metavar="K",
        help="write the next version, --out/1, --out/2, ..., and keep the last K",
    )
    parser.set_defaults(run=run, typed={"model": "model", "path": "--out", "jit": "--no-jit"})


def run(options: argparse.Namespace) -> None:
    """Writes the SavedModel."""
    from keras_addmul.serving import saved_model

    if options.keep is None:
        saved_model.replaceable(options.out)  # an error shows before anything is loaded
    start_keras()
    model = model_file.load(options.model)
    path = saved_model.export(model, options.out, jit=not options.no_jit, keep=options.keep)
    print(f"exported to {path}")
