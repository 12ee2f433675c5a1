"""`keras-addmul predict`: computes the formula of a result for the rows of a new table."""

import argparse
from typing import Any

from keras_addmul.commands import arguments
from keras_addmul.extras import require_extra

__all__ = ["add_to", "run"]


def add_to(commands: Any) -> None:
    """Adds the command and its arguments to a parser."""
    parser = commands.add_parser("predict", help="compute a found formula for a new table")
    parser.add_argument(
        "result", type=arguments.result_folder, help="the directory that `discover` wrote to"
    )
    parser.add_argument(
        "data", type=arguments.text_file, help="a table as `discover` reads it, of new rows"
    )
    parser.add_argument(
        "--out",
        type=arguments.to_write(".csv"),
        required=True,
        help="the .csv file to write: the table with the predictions behind it",
    )
    parser.add_argument("--encoding", help="encoding of the table; as it seems")
    parser.add_argument("--decimal", choices=[".", ","], help="the decimal mark; as it seems")
    parser.set_defaults(run=run, typed={"result": "result", "data": "data"})


def run(options: argparse.Namespace) -> None:
    """Writes the predictions. This process needs neither TensorFlow nor Keras."""
    require_extra("discover", "pandas")
    from keras_addmul.discover import predicting

    for line in predicting.predict(
        options.result, options.data, options.out, options.encoding, options.decimal
    ):
        print(line)
