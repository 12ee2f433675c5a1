"""`keras-addmul check`: runs a SavedModel in a fresh process and compares its outputs."""

import argparse
from typing import Any

from keras_addmul.commands import arguments, array_files

__all__ = ["add_to", "run"]


def add_to(commands: Any) -> None:
    """Adds the command and its arguments to a parser."""
    parser = commands.add_parser("check", help="run a SavedModel in a fresh process and compare")
    parser.add_argument("path", type=arguments.saved_model, help="directory of the SavedModel")
    for name, what in (("--input", "inputs"), ("--expected", "expected outputs")):
        parser.add_argument(
            name,
            type=arguments.array_file,
            required=True,
            nargs="+",
            help=f"{what}: .npy files, or one .npz whose names are the model's",
        )
    parser.add_argument("--rtol", type=arguments.number_from_zero, help="relative tolerance")
    parser.add_argument("--atol", type=arguments.number_from_zero, help="absolute tolerance")
    parser.set_defaults(run=run, typed={"path": "path", "x": "--input"})


def run(options: argparse.Namespace) -> None:
    """Prints how far the outputs differ. This process needs neither TensorFlow nor Keras."""
    from keras_addmul import serving

    x = array_files.load(options.input, "input")
    expected = array_files.load(options.expected, "expected")
    report = serving.check(options.path, x, expected, rtol=options.rtol, atol=options.atol)
    print(
        f"{', '.join(report.endpoints)} agree: largest error {report.max_abs_error:.3g} absolute, "
        f"{report.max_rel_error:.3g} relative, in {report.seconds:.1f} s"
    )
