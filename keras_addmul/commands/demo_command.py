"""`keras-addmul demo`: finds Kepler's third law in measured data."""

import argparse
from typing import Any

from keras_addmul.commands import arguments
from keras_addmul.commands.start_up import start_keras
from keras_addmul.extras import require_extra

__all__ = ["add_to", "run"]


def add_to(commands: Any) -> None:
    """Adds the command and its arguments to a parser."""
    parser = commands.add_parser("demo", help="find Kepler's third law in measured data")
    parser.add_argument(
        "--out",
        type=arguments.folder_to_write,
        default="demo_out",
        help="directory to write to; demo_out",
    )
    parser.add_argument(
        "--table", type=arguments.text_file, help="a .csv file of other bodies, in the same columns"
    )
    parser.add_argument(
        "--steps",
        type=arguments.positive_integer,
        default=2000,
        help="training steps of each model; 2000",
    )
    parser.add_argument(
        "--seed", type=arguments.natural_number, default=0, help="seed of the initial weights; 0"
    )
    parser.set_defaults(run=run, typed={})


def run(options: argparse.Namespace) -> None:
    """Runs the demonstration."""
    require_extra("discover")
    start_keras()
    from keras_addmul import demo

    demo.run(options.out, table=options.table, steps=options.steps, seed=options.seed)
