"""The command line: `python -m keras_addmul demo`, `export` and `check`."""

import argparse

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
        raise ImportError(f"{error}. Try: pip install 'keras_addmul[discover]'") from error


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
