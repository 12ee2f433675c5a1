"""Exports a Keras model as a TensorFlow SavedModel."""

import contextlib
import json
import platform
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from keras_addmul.serving import describing, seeded_endpoint, version_folders
from keras_addmul.serving.second_derivatives import signature_of, without_second_derivatives
from keras_addmul.serving.staging import local_directory, staged

__all__ = ["export", "replaceable"]

# Keras is imported inside the functions, so that `check` needs neither Keras nor TensorFlow.


def export(
    model: Any,
    path: str | PathLike[str],
    signature: Any = None,
    jit: bool = True,
    *,
    sample: bool | None = None,
    specialise: bool = True,
    keep: int | None = None,
    data: Any = None,
    names: Any = None,
    units: Any = None,
    formula: str | None = None,
) -> Path:
    """Writes a model as a TensorFlow SavedModel and returns its path.

    The SavedModel has two endpoints with the same outputs: `serve`, which is
    also `serving_default`, and `serve_jit`, compiled by XLA. Both accept any
    batch size, keep the names of the model's inputs, and run in inference mode; noisy
    layers answer with their mean. A model with noisy layers has the endpoint `sample`
    too, with noise: it takes a `seed`, two `int32`, and the same seed gives the same noise.
    Loading the SavedModel requires neither keras_addmul nor Keras.

    Units that have settled on a sum or a product are exported as that, and answer the
    same to rounding at about the speed of `Dense` (see `layers.settled`).

    Beside the graph, `metadata.json` says what the model takes and returns, which versions wrote
    it, and the hash of its weights; `data`, `names`, `units` and `formula` add to it. A
    GradientTape gets first derivatives from the SavedModel, and an error for higher ones.

    It is written beside `path` and then moved into place: an export that fails
    or is interrupted leaves `path` as it was.

    Args:
        model: A built `keras.Model`.
        path: Local directory to write to: a new or empty one, or an earlier
            SavedModel, which is replaced. With `keep`, the directory of the versions.
        signature: The inputs of a model that is a subclass of `keras.Model`: a
            `keras.InputSpec`, or a list or dict of them. Sequential and
            functional models do not need it.
        jit: Whether to add the endpoint `serve_jit`. Pass `False` for models with
            operations that XLA cannot compile, such as those on strings.
        sample: Whether to add the endpoint `sample`; by default for every model with
            noisy layers, unless they draw inside of a loop whose length is not known.
        specialise: Whether settled units become sums and products.
        keep: If given, the model is written as the next version, `path/1`, `path/2` and so
            on, as TensorFlow Serving reads them, and the last `keep` versions are kept.
        data: Inputs seen in training, from which the range of each feature is noted: an
            array, or a list or dict of arrays.
        names: Names of the input's features; a dict of lists if there are several inputs.
        units: Units of the features, likewise.
        formula: A formula that the model computes, as text.

    Returns:
        `pathlib.Path` of the SavedModel.

    Raises:
        TypeError: If `model` is not a Keras model.
        ValueError: If `model` is not built, its inputs are not known, `path`
            is not local, or another argument does not fit the model.
        FileExistsError: If `path` is a file, or a directory that is neither empty
            nor a SavedModel (with `keep`: nor one of versions).
        RuntimeError: If Keras runs on a backend other than TensorFlow.

    Example:

    >>> import tempfile
    >>> import keras
    >>> from keras_addmul import serving
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(3.0)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = serving.export(model, f"{folder}/model")
    ...     sorted(entry.name for entry in path.iterdir() if entry.is_file())
    ['fingerprint.pb', 'metadata.json', 'saved_model.pb']
    """
    import keras

    from keras_addmul.layers.checks import check_positive_integer

    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "A SavedModel can be written by Keras's TensorFlow backend only. "
            f"Received: backend {keras.backend.backend()!r}"
        )
    _check_model(model, signature)
    check_positive_integer("keep", keep, optional=True)
    target = replaceable(path) if keep is None else version_folders.folder_of_versions(path)
    specs = _signature(model, signature)
    inputs = {spec.name: spec.shape.as_list() for spec in keras.tree.flatten(specs)}
    features = describing.described(inputs, data, names, units)
    about = {"model": model.name, "features": features, "formula": formula}
    with _answering(model, specialise) as answering:
        archive = _archive(model, specs, jit, sample, answering)
        if keep is None:
            with staged(target) as fresh:
                _write(archive, fresh, about)
            return target
        done: list[Path] = []
        with staged(
            target / "version",
            lambda fresh, *_: done.append(version_folders.add_version(fresh, target)),
        ) as fresh:
            _write(archive, fresh, about)
    version_folders.keep_last(target, keep)
    return done[0]


def _write(archive: Any, fresh: Path, about: Mapping[str, Any]) -> None:
    """Writes the SavedModel and its metadata."""
    import keras
    import tensorflow as tf

    import keras_addmul

    archive.write_out(str(fresh), verbose=False)
    without_second_derivatives(fresh)
    content = {
        "model": about["model"],
        "endpoints": signature_of(fresh),
        **about,
        "versions": {
            "keras_addmul": keras_addmul.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "python": platform.python_version(),
        },
        "weights": describing.hash_of_weights(fresh),
    }
    (fresh / describing.FILE).write_text(json.dumps(content, indent=2) + "\n")


@contextlib.contextmanager
def _answering(model: Any, specialise: bool) -> Any:
    """Lets settled units answer as sums and products, and noisy layers with their mean."""
    from keras_addmul.layers.settling import answering_settled

    settled = answering_settled(model) if specialise else contextlib.nullcontext([])
    with seeded_endpoint.answering_mean(model), settled as answering:
        yield answering


def replaceable(path: str | PathLike[str]) -> Path:
    """Returns the absolute path of a directory that an export may write or replace.

    Args:
        path: Local directory.

    Returns:
        Absolute `pathlib.Path`, with links resolved.

    Raises:
        ValueError: If `path` is not local.
        FileExistsError: If `path` is a file, or a directory that is neither empty nor a
            SavedModel.
    """
    target = local_directory(path)
    if target.is_dir() and any(target.iterdir()) and not (target / "saved_model.pb").is_file():
        raise FileExistsError(
            "`path` must be new, empty, or a SavedModel that may be replaced. "
            f"Received a directory of something else: {str(path)!r}"
        )
    return target


def _archive(
    model: Any, signature: Any, jit: bool, sample: bool | None, answering: list[Any]
) -> Any:
    """Traces the endpoints, without writing anything yet."""
    import keras
    import tensorflow as tf

    from keras_addmul.layers.inside import layers_inside

    def answer(inputs):
        return model(inputs, training=False)

    archive = keras.export.ExportArchive()
    # The archive finds the variables by itself, and lookup tables in the tracked layers. If it
    # tracked one of Keras's own models, it would trace that twice more.
    for layer in [*layers_inside(model), *answering]:
        if layer.built and not _is_container(layer):
            archive.track(layer)
    # The model is traced here, and once: TensorFlow traces an endpoint anew for each use of it.
    traced = tf.function(answer, input_signature=[signature]).get_concrete_function()

    def endpoint(jit):
        return tf.function(
            lambda inputs: traced(inputs), jit_compile=jit, input_signature=[signature]
        )

    archive.add_endpoint("serve", endpoint(None))
    if jit:
        # XLA survives in the SavedModel only if the endpoint itself is compiled.
        archive.add_endpoint("serve_jit", endpoint(True))
    if sample or (sample is None and seeded_endpoint.noisy_layers(model)):
        _add_sample(archive, model, signature, needed=bool(sample))
    return archive


def _add_sample(archive: Any, model: Any, signature: Any, needed: bool) -> None:
    """Adds the endpoint with noise. If it is not needed, it may be left out."""
    import tensorflow as tf

    if not seeded_endpoint.noisy_layers(model):
        raise ValueError(
            "`sample` must be False or None for a model without noisy layers. Received: sample=True"
        )

    def draw(inputs, seed):
        with seeded_endpoint.drawing_from(model, seed):
            return model(inputs, training=False)

    takes = [signature, tf.TensorSpec((2,), tf.int32, name="seed")]
    try:
        drawn = tf.function(draw, input_signature=takes, autograph=False).get_concrete_function()
    except ValueError:
        if needed:
            raise
        return
    archive.add_endpoint(
        "sample", tf.function(lambda inputs, seed: drawn(inputs, seed), input_signature=takes)
    )


def _is_container(layer: Any) -> bool:
    """Tells whether a layer is one of Keras's own model classes, which hold only layers."""
    import keras

    return isinstance(layer, keras.Model) and type(layer).__module__.startswith("keras.")


def _signature(model: Any, signature: Any) -> Any:
    """Returns a `tf.TensorSpec` for each input, in the structure that the model takes."""
    import keras
    import tensorflow as tf

    if signature is None:
        # `input` keeps the structure the user gave; a Sequential has one input.
        signature = model.inputs[0] if isinstance(model, keras.Sequential) else model.input

    def spec(entry):
        # A model built by calling it on data remembers the size of that batch.
        return tf.TensorSpec((None, *entry.shape[1:]), entry.dtype or model.input_dtype, entry.name)

    return keras.tree.map_structure(spec, signature)


def _check_model(model: Any, signature: Any) -> None:
    from keras_addmul.layers.checks import check_model

    check_model(model)
    if not model.built:
        raise ValueError(
            "`model` must be built: give it a keras.Input, or call it once on data. "
            f"Received the unbuilt model {model.name!r}"
        )
    if signature is None and not getattr(model, "inputs", None):
        raise ValueError(
            "`signature` must say what the model takes, because a subclass of keras.Model does "
            "not know: a keras.InputSpec, or a list or dict of them. "
            f"Received: signature=None for {model.name!r}"
        )
