"""`keras-addmul convert`: replaces the activations of a trained model."""

import argparse
from typing import Any

from keras_addmul.commands import arguments, array_files, model_file
from keras_addmul.commands.start_up import start_keras

__all__ = ["add_to", "run"]


def add_to(commands: Any) -> None:
    """Adds the command and its arguments to a parser."""
    parser = commands.add_parser("convert", help="replace the activations of a .keras file")
    parser.add_argument("model", type=model_file.checked, help="a .keras file")
    parser.add_argument(
        "--out", type=arguments.to_write(".keras"), required=True, help="the .keras file to write"
    )
    parser.add_argument(
        "--to", choices=["repu"], default="repu", help="what the activations become; repu"
    )
    parser.add_argument(
        "--degree",
        "--order",
        dest="degree",
        type=arguments.positive_integer,
        default=2,
        help="degree of the units; 2",
    )
    parser.add_argument(
        "--tolerance",
        type=arguments.number_above_zero,
        default=1e-3,
        help="largest error of each activation; 1e-3",
    )
    parser.add_argument(
        "--domain", type=float, nargs=2, metavar=("LOW", "HIGH"), help="bounds of the inputs"
    )
    parser.add_argument(
        "--data",
        type=arguments.array_file,
        nargs="+",
        help="inputs to measure on: .npy files, or one .npz whose names are the inputs'",
    )
    parser.add_argument(
        "--layers", nargs="+", metavar="NAME", help="layers to convert; all that can be"
    )
    parser.add_argument(
        "--method", choices=["spline", "quadrature"], default="spline", help="default: spline"
    )
    parser.add_argument(
        "--outside",
        choices=["clip", "extrapolate"],
        default="clip",
        help="what the units do outside the range they were fitted on; clip",
    )
    parser.add_argument(
        "--ranges",
        choices=["domain", "data"],
        default="domain",
        help="what the range of each activation is taken from; domain",
    )
    parser.add_argument(
        "--json", type=arguments.to_write(".json"), help="file to write the certificate to"
    )
    parser.set_defaults(run=run, typed={"model": "model"})


def run(options: argparse.Namespace) -> None:
    """Converts the model, writes it, and prints the certificate."""
    data = array_files.load(options.data, "data") if options.data else None
    start_keras()
    from keras_addmul import barron

    names = ("to", "degree", "tolerance", "domain", "layers", "method", "outside", "ranges")
    converted, certificate = barron.convert_activation(
        model_file.load(options.model),
        data=data,
        **{name: getattr(options, name) for name in names},
    )
    converted.save(options.out)
    if options.json:
        options.json.write_text(certificate.to_json() + "\n")
    print(certificate)
    print(f"written to {options.out}")
