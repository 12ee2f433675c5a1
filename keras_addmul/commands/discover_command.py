"""`keras-addmul discover`: finds the formula in a table."""

import argparse
import functools
from typing import Any

from keras_addmul.commands import arguments
from keras_addmul.commands.start_up import start_keras
from keras_addmul.extras import require_extra

__all__ = ["add_to", "run"]


def add_to(commands: Any) -> None:
    """Adds the command and its arguments to a parser."""
    parser = commands.add_parser("discover", help="find the formula in a table")
    arguments.table_to_learn_from(parser, target="explain")
    parser.add_argument(
        "--out",
        type=arguments.folder_to_write,
        required=True,
        help="directory of the report and the SavedModel",
    )
    parser.add_argument("--sigma", metavar="NAME", help="column of standard errors of the target")
    parser.add_argument(
        "--by", metavar="NAME", help="column of groups, each of which gets a formula of its own"
    )
    parser.add_argument(
        "--functions",
        nargs="+",
        type=_function,
        default=[],
        metavar="NAME",
        help="what to try beside powers: exp, exp(1/x), log, 1 - x, 1 + x, abs, sin, cos of a "
        "column, or power, for a*(x - b)**c + d",
    )
    parser.add_argument(
        "--held-out", type=arguments.share, default=0.25, help="share of rows to test on; 0.25"
    )
    parser.add_argument(
        "--time-limit",
        type=arguments.number_above_zero,
        default=120.0,
        help="seconds the search may take; 120",
    )
    parser.add_argument(
        "--seed",
        type=arguments.natural_number,
        default=0,
        help="seed of the split and of the search; 0",
    )
    parser.add_argument(
        "--no-baselines", action="store_true", help="do not fit other methods to compare with"
    )
    parser.set_defaults(run=run, typed={"data": "data", "folder": "--out"})


def run(options: argparse.Namespace) -> None:
    """Finds the formula, prints it, and writes the report and the model."""
    require_extra("discover")
    print(f"Reading {options.data}.", flush=True)  # before anything slow is imported
    from keras_addmul.discover import command

    run_all = functools.partial(command.run_by, by=options.by) if options.by else command.run
    run_all(
        options.data,
        options.target,
        options.out,
        leave_out=options.leave_out,
        encoding=options.encoding,
        decimal=options.decimal,
        sigma=options.sigma,
        start=start_keras,
        functions=options.functions,
        held_out=options.held_out,
        time_limit=options.time_limit,
        seed=options.seed,
        baselines=not options.no_baselines,
    )


def _function(text: str) -> str:
    """Returns the name of a function that `discover` can try."""
    from keras_addmul.discover.transformations.known import KNOWN  # here: it imports NumPy

    if text not in KNOWN:
        raise argparse.ArgumentTypeError(f"must be among {', '.join(KNOWN)}. Received: {text!r}")
    return text
