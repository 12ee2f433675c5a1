"""`keras-addmul compare`: compares models on a table."""

import argparse
from typing import Any

from keras_addmul.commands import arguments
from keras_addmul.commands.start_up import start_keras
from keras_addmul.extras import require_extra

__all__ = ["add_to", "run"]


def add_to(commands: Any) -> None:
    """Adds the command and its arguments to a parser."""
    parser = commands.add_parser(
        "compare",
        help="say which model is better on a table, at what cost, and how sure that is",
        epilog="A comparison that was stopped goes on where it was when it is called again.",
    )
    arguments.table_to_learn_from(parser, target="predict")
    parser.add_argument(
        "--models",
        nargs="+",
        required=True,
        metavar="NAME",
        help="the baseline, then the others: dense (ReLU), layers such as addmul_dense, or "
        "addmul_dense:relu, and activations such as noisy_tanh, pelu, gelu",
    )
    parser.add_argument(
        "--out",
        type=arguments.folder_to_write,
        required=True,
        help="directory of the report and the runs",
    )
    parser.add_argument(
        "--seeds", type=arguments.positive_integer, default=20, help="number of seeds; 20"
    )
    parser.add_argument(
        "--epochs", type=arguments.positive_integer, default=100, help="epochs; 100"
    )
    parser.add_argument(
        "--budget",
        choices=["steps", "seconds"],
        default="steps",
        help="what all models get as much of; steps",
    )
    parser.add_argument(
        "--units",
        type=arguments.positive_integer,
        nargs="+",
        default=[32, 32],
        help="units of each hidden layer; 32 32",
    )
    parser.add_argument(
        "--batch-size", type=arguments.positive_integer, default=32, help="rows of a batch; 32"
    )
    parser.add_argument(
        "--scale",
        choices=["standard", "geometric", "none"],
        default="standard",
        help="how each column is scaled, by the training rows of a seed; standard",
    )
    parser.add_argument("--metric", help="metric of Keras to compare; rmse, or loss for classes")
    parser.add_argument(
        "--classify", action="store_true", help="take numbers in the target as classes"
    )
    parser.add_argument(
        "--margin", type=arguments.number_above_zero, help="largest difference that does not matter"
    )
    parser.add_argument(
        "--held-out", type=arguments.share, default=0.25, help="share of rows to test on; 0.25"
    )
    parser.add_argument(
        "--workers", type=arguments.natural_number, help="processes, 0 for none; one a core"
    )
    parser.add_argument(
        "--tensorboard",
        type=arguments.folder_to_write,
        metavar="FOLDER",
        help="directory for learning curves as TensorBoard shows them",
    )
    parser.set_defaults(run=run, typed={"data": "data", "folder": "--out"})


def run(options: argparse.Namespace) -> None:
    """Compares the models, prints the verdict and writes the report."""
    require_extra("compare")
    print(f"Starting TensorFlow, then reading {options.data} ...", flush=True)
    start_keras()
    from keras_addmul.compare import table_command

    found = table_command.run(
        options.data,
        options.target,
        options.models,
        options.out,
        options.leave_out,
        options.encoding,
        options.decimal,
        options.units,
        options.classify,
        options.metric,
        options.tensorboard,
        seeds=options.seeds,
        epochs=options.epochs,
        budget=options.budget,
        batch_size=options.batch_size,
        scale=None if options.scale == "none" else options.scale,
        margin=options.margin,
        held_out=options.held_out,
        workers=options.workers,
    )
    if found.interrupted:
        raise KeyboardInterrupt
