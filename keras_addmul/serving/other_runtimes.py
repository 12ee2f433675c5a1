"""Converts a SavedModel for ONNX Runtime, LiteRT and OpenVINO, and checks each conversion."""

import contextlib
import dataclasses
import tempfile
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from keras_addmul.extras import require_extra
from keras_addmul.serving.agreement import MismatchError, check_tolerance
from keras_addmul.serving.describing import metadata, saved_model_at
from keras_addmul.serving.runtime_answers import RUNTIMES, SUFFIX

__all__ = ["Converted", "convert"]

# The newest set of ONNX operations that all released runtimes of the last two years have.
_OPSET = 18

# Largest difference, relative to the largest output of the same row: other runtimes order sums
# otherwise and have logarithms of their own. What is wrong is so by far more.
_TOLERANCE = 1e-3
# The same for weights of eight bits.
_TOLERANCE_INT8 = 0.2


@dataclasses.dataclass(frozen=True)
class Converted:
    """A conversion that agrees with its SavedModel.

    Attributes:
        path: `pathlib.Path` of the file.
        to: Name of the format.
        max_abs_error: Largest absolute difference from the SavedModel.
        max_rel_error: Largest difference relative to the largest output of the same row.

    Example:

    >>> from pathlib import Path
    >>> from keras_addmul.serving import Converted
    >>> Converted(Path("m.onnx"), "onnx", 1e-7, 2e-7).path.name
    'm.onnx'
    """

    path: Path
    to: str
    max_abs_error: float
    max_rel_error: float


def convert(
    path: str | PathLike[str],
    to: str,
    out: str | PathLike[str] | None = None,
    int8: bool = False,
    tolerance: float | None = None,
) -> Converted:
    """Converts the endpoint `serving_default` of a SavedModel for another runtime.

    The conversion is run on negative numbers, zeros, large numbers and batches of several
    sizes, and compared with the SavedModel. A file that does not agree is not kept.

    Args:
        path: Directory of a SavedModel, as written by `export`.
        to: `"onnx"`, `"litert"` or `"openvino"`.
        out: File to write, of the suffix `.onnx`, `.tflite` or `.xml`; by default beside
            `path`, with its name. OpenVINO writes a `.bin` beside it.
        int8: Whether LiteRT stores the weights in eight bits (dynamic range).
        tolerance: Largest difference that is accepted, relative to the largest output of the
            same row; 1e-3 by default, and 0.2 with `int8`.

    Returns:
        A `Converted`.

    Raises:
        MismatchError: If the conversion disagrees; the message gives the largest difference.
        RuntimeError: If the converter or the runtime fails.
        ValueError: If an argument is invalid.
        FileNotFoundError: If there is no SavedModel at `path`.
        ImportError: If a library of the extra `convert` is missing.

    Example:

    >>> import tempfile
    >>> import keras
    >>> from keras_addmul import serving
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(3.0)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = serving.export(model, f"{folder}/model", jit=False)
    ...     made = serving.convert(path, to="litert")
    ...     made.path.name, made.max_abs_error < 1e-2
    ('model.tflite', True)
    """
    if to not in RUNTIMES:
        raise ValueError(f"`to` must be one of {sorted(RUNTIMES)}. Received: {to!r}")
    if int8 and to != "litert":
        raise ValueError(f"`int8` must be False unless `to` is 'litert'. Received: to={to!r}")
    check_tolerance("tolerance", tolerance)
    source = saved_model_at(path).resolve()
    target = Path(out).resolve() if out is not None else source.parent / (source.name + SUFFIX[to])
    if target.suffix != SUFFIX[to] or target.is_dir():
        raise ValueError(f"`out` must be a {SUFFIX[to]} file for {to}. Received: {str(out)!r}")
    require_extra("convert", *RUNTIMES[to][0])
    limit = tolerance if tolerance is not None else _TOLERANCE_INT8 if int8 else _TOLERANCE
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as staging:
        file = Path(staging) / target.name
        import tensorflow as tf

        loaded = tf.saved_model.load(str(source))
        signature = loaded.signatures["serving_default"]
        with _told_as_ours(f"The conversion to {to}"):
            _WRITERS[to](source, signature, file, int8)
        worst = _compare(to, signature, RUNTIMES[to][1](file), metadata(source), limit)
        for made in Path(staging).iterdir():
            made.replace(target.parent / made.name)
    return Converted(target, to, *worst)


@contextlib.contextmanager
def _told_as_ours(what: str) -> Any:
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise RuntimeError(f"{what} failed: {type(error).__name__}: {reason}") from error


def _write_onnx(source: Path, signature: Any, file: Path, int8: bool) -> None:
    import tensorflow as tf
    import tf2onnx

    specs = signature.structured_input_signature[1]
    names = sorted(specs)

    # tf2onnx writes a selection as c * a + (1 - c) * b, where a nan that is not selected stays.
    def select(ctx, node, name, args, **options):
        node.type = "Where"

    function = tf.function(
        lambda *tensors: signature(**dict(zip(names, tensors, strict=True))), autograph=False
    )
    tf2onnx.convert.from_function(
        function,
        [tf.TensorSpec(specs[name].shape, specs[name].dtype, name) for name in names],
        opset=_OPSET,
        custom_op_handlers={"SelectV2": (select, []), "Select": (select, [])},
        output_path=str(file),
    )


def _write_litert(source: Path, signature: Any, file: Path, int8: bool) -> None:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(source), signature_keys=["serving_default"]
    )
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    file.write_bytes(converter.convert())


def _write_openvino(source: Path, signature: Any, file: Path, int8: bool) -> None:
    import openvino

    # `openvino.convert_model` would do the same, and report its use over the network.
    model = openvino.Core().read_model(str(source))
    # The default of some processors is bfloat16, with an error of a percent.
    model.set_rt_info("f32", ["runtime_options", "INFERENCE_PRECISION_HINT"])
    openvino.save_model(model, str(file), compress_to_fp16=False)


_WRITERS: dict[str, Callable[[Path, Any, Path, bool], None]] = {
    "onnx": _write_onnx,
    "litert": _write_litert,
    "openvino": _write_openvino,
}


def _compare(
    to: str, signature: Any, run: Callable[..., Any], about: Mapping[str, Any], limit: float
) -> tuple[float, float]:
    """Returns the largest differences between a runtime and the SavedModel."""
    import tensorflow as tf

    worst = (0.0, 0.0)
    for case, arrays in _cases(signature.structured_input_signature[1], about).items():
        wanted = signature(**{name: tf.constant(value) for name, value in arrays.items()})
        with _told_as_ours(f"The model for {to}"):
            got = run(arrays, list(wanted))
        for name, value in wanted.items():
            want = value.numpy().astype("float64")
            here = np.asarray(got[name]).astype("float64")
            if here.shape != want.shape:
                raise MismatchError(
                    f"The conversion to {to} returns shape {here.shape} for {name!r} on {case}. "
                    f"Expected: {want.shape}"
                )
            error, relative = _difference(here, want)
            worst = max(worst[0], error), max(worst[1], relative)
            if relative > limit:
                raise MismatchError(
                    f"The conversion to {to} disagrees with the SavedModel in {name!r} on {case}: "
                    f"the largest difference is {error:.3g}, {relative:.3g} of the largest output "
                    f"of its row (tolerance {limit:g}). No file was written"
                )
    return worst


def _difference(got: np.ndarray, want: np.ndarray) -> tuple[float, float]:
    """Returns the largest absolute difference, and the largest in relation to its row."""
    with np.errstate(invalid="ignore"):
        same = (got == want) | (np.isnan(got) & np.isnan(want))
        error = np.where(same, 0.0, np.abs(got - want))
    error = np.where(np.isnan(error), np.inf, error).reshape(len(want), -1)
    finite = np.where(np.isfinite(want), np.abs(want), 0.0).reshape(len(want), -1)
    size = np.maximum(finite.max(axis=1, initial=0.0), 1.0)[:, np.newaxis]
    return float(error.max(initial=0.0)), float((error / size).max(initial=0.0))


def _cases(specs: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """Returns inputs of several kinds and numbers of rows, by what they are called."""
    rng = np.random.default_rng(0)

    def filled(rows, draw):
        return {
            name: np.asarray(draw(name, (rows, *(n or 3 for n in spec.shape[1:])))).astype(
                spec.dtype.as_numpy_dtype
            )
            for name, spec in specs.items()
        }

    def seen(name, shape):
        ranges = about.get("features", {}).get(name, {}).get("ranges")
        if ranges is None:
            return rng.uniform(0.1, 3.0, shape)
        low, high = np.array(ranges).T
        return rng.uniform(low, high, shape)

    return {
        "usual numbers": filled(7, seen),
        "one row": filled(1, seen),
        "negative numbers": filled(16, lambda name, shape: rng.normal(size=shape)),
        "zeros": filled(2, lambda name, shape: np.zeros(shape)),
        "large numbers": filled(5, lambda name, shape: rng.normal(scale=100.0, size=shape)),
    }
