"""The command line: `python -m keras_addmul demo`, `discover`, `convert`, `export`, `check`."""

import argparse
from pathlib import Path

import numpy as np


def main(arguments=None):
    """Runs one command. Errors are told in one line, with exit status 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        parser.exit(2, f"keras_addmul {options.command}: {' '.join(str(error).split())}\n")


def _parser():
    parser = argparse.ArgumentParser(prog="keras_addmul", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser("demo", help="find Kepler's third law in measured data")
    demo.add_argument("--out", default="demo_out", help="directory to write to")
    demo.add_argument("--table", help="a .csv file of other bodies, in the same columns")
    demo.add_argument("--steps", type=int, default=2000, help="training steps of each model")
    demo.add_argument("--seed", type=int, default=0, help="of the initial weights")
    demo.set_defaults(run=_demo)

    discover = commands.add_parser("discover", help="find the formula in a table")
    discover.add_argument("data", help="a .csv file whose first line names the columns")
    discover.add_argument("--target", required=True, help="name of the column to explain")
    discover.add_argument("--out", required=True, help="directory of the report and the SavedModel")
    discover.add_argument(
        "--leave-out", nargs="+", default=[], metavar="NAME", help="columns that are not used"
    )
    discover.add_argument("--held-out", type=float, default=0.25, help="share of rows to test on")
    discover.add_argument("--time-limit", type=float, default=120.0, help="seconds of search")
    discover.add_argument("--seed", type=int, default=0, help="of the split and the search")
    discover.add_argument("--no-baselines", action="store_true", help="fit no other methods")
    discover.set_defaults(run=_discover)

    convert = commands.add_parser("convert", help="replace the activations of a .keras file")
    convert.add_argument("model", help="a .keras file")
    convert.add_argument("--out", required=True, help="the .keras file to write")
    convert.add_argument("--to", default="repu", help="what the activations become; repu")
    convert.add_argument("--order", type=int, default=2, help="of the units; 2")
    convert.add_argument("--tolerance", type=float, default=1e-3, help="of each activation; 1e-3")
    convert.add_argument(
        "--domain", type=float, nargs=2, metavar=("LOW", "HIGH"), help="bounds of the inputs"
    )
    convert.add_argument("--data", nargs="+", help="inputs: .npy files, or one .npz by name")
    convert.add_argument("--layers", nargs="+", help="names; by default all that can be converted")
    convert.add_argument("--method", default="spline", help="spline or quadrature")
    convert.add_argument("--outside", default="clip", help="clip or extrapolate")
    convert.add_argument("--ranges", default="domain", help="domain or data")
    convert.add_argument("--json", help="file to write the certificate to")
    convert.set_defaults(run=_convert)

    export = commands.add_parser("export", help="write a .keras file as a SavedModel")
    export.add_argument("model", help="a .keras file")
    export.add_argument("--out", required=True, help="directory of the SavedModel")
    export.set_defaults(run=_export)

    check = commands.add_parser("check", help="run a SavedModel in a fresh process and compare")
    check.add_argument("path", help="directory of the SavedModel")
    check.add_argument("--input", required=True, nargs="+", help=".npy files, or one .npz by name")
    check.add_argument("--expected", required=True, nargs="+", help=".npy files, or one .npz")
    check.add_argument("--rtol", type=float, help="relative tolerance")
    check.add_argument("--atol", type=float, help="absolute tolerance")
    check.set_defaults(run=_check)
    return parser


def _demo(options):
    try:
        from keras_addmul import demo

        demo.run(options.out, table=options.table, steps=options.steps, seed=options.seed)
    except ModuleNotFoundError as error:
        raise _without_extra(error) from error


def _discover(options):
    try:
        from keras_addmul.discover import command

        command.run(
            options.data,
            options.target,
            options.out,
            options.leave_out,
            held_out=options.held_out,
            time_limit=options.time_limit,
            seed=options.seed,
            baselines=not options.no_baselines,
        )
    except ModuleNotFoundError as error:
        raise _without_extra(error) from error


def _without_extra(error):
    return ImportError(f"{error}. Try: pip install 'keras_addmul[discover]'")


def _convert(options):
    import keras

    from keras_addmul import barron

    names = ("to", "order", "tolerance", "domain", "layers", "method", "outside", "ranges")
    try:
        converted, certificate = barron.convert_activation(
            keras.saving.load_model(options.model),
            data=_arrays(options.data) if options.data else None,
            **{name: getattr(options, name) for name in names},
        )
    except ModuleNotFoundError as error:
        raise _without_extra(error) from error
    converted.save(options.out)
    if options.json:
        Path(options.json).write_text(certificate.to_json() + "\n")
    print(certificate)
    print(f"written to {options.out}")


def _export(options):
    import keras

    from keras_addmul import serving

    print(f"exported to {serving.export(keras.saving.load_model(options.model), options.out)}")


def _check(options):
    from keras_addmul import serving

    x, expected = _arrays(options.input), _arrays(options.expected)
    report = serving.check(options.path, x, expected, rtol=options.rtol, atol=options.atol)
    print(
        f"{', '.join(report.endpoints)} agree: largest error {report.max_abs_error:.3g} absolute, "
        f"{report.max_rel_error:.3g} relative, in {report.seconds:.1f} s"
    )


def _arrays(files):
    """One array, a list of them, or the dict of arrays of a .npz file."""
    loaded = [np.load(file) for file in files]
    loaded = [dict(one) if isinstance(one, np.lib.npyio.NpzFile) else one for one in loaded]
    return loaded[0] if len(loaded) == 1 else loaded


if __name__ == "__main__":
    main()
