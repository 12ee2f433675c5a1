"""`keras-addmul convert-to`: converts a SavedModel for another runtime."""

import argparse
from pathlib import Path
from typing import Any

from keras_addmul.commands import arguments
from keras_addmul.commands.start_up import start_keras
from keras_addmul.extras import require_extra

__all__ = ["add_to", "run"]


def add_to(commands: Any) -> None:
    """Adds the command and its arguments to a parser."""
    parser = commands.add_parser(
        "convert-to", help="convert a SavedModel for ONNX Runtime, LiteRT or OpenVINO"
    )
    parser.add_argument("to", choices=["onnx", "litert", "openvino"], help="the format")
    parser.add_argument("path", type=arguments.saved_model, help="directory of the SavedModel")
    parser.add_argument(
        "--out", type=Path, help="the .onnx, .tflite or .xml file to write; beside the SavedModel"
    )
    parser.add_argument(
        "--int8", action="store_true", help="store the weights in eight bits (litert only)"
    )
    parser.add_argument(
        "--tolerance",
        type=arguments.number_from_zero,
        help="largest difference, relative to the largest output of a row; 1e-3, int8: 0.2",
    )
    parser.set_defaults(run=run, typed={"to": "to", "path": "path"})


def run(options: argparse.Namespace) -> None:
    """Converts, compares with the SavedModel, and prints the largest difference."""
    require_extra("convert")
    start_keras()
    from keras_addmul import serving

    made = serving.convert(
        options.path, options.to, options.out, int8=options.int8, tolerance=options.tolerance
    )
    print(
        f"written to {made.path}; largest difference from the SavedModel {made.max_abs_error:.3g}, "
        f"{made.max_rel_error:.3g} of the largest output of a row"
    )
