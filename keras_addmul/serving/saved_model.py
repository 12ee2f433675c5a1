"""Exports a Keras model as a TensorFlow SavedModel."""

import os
from os import PathLike
from pathlib import Path
from typing import Any

from keras_addmul.serving.staging import staged

__all__ = ["export", "replaceable"]

# Keras is imported inside the functions, so that `check` needs neither Keras nor TensorFlow.


def export(model: Any, path: str | PathLike[str], signature: Any = None, jit: bool = True) -> Path:
    """Writes a model as a TensorFlow SavedModel and returns its path.

    The SavedModel has two endpoints with the same outputs: `serve`, which is
    also `serving_default`, and `serve_jit`, compiled by XLA. Both accept any
    batch size, keep the names of the model's inputs, and run in inference mode.
    Loading the SavedModel requires neither keras_addmul nor Keras.

    Units that have settled on a sum or a product are exported as that, and answer the
    same to rounding at about the speed of `Dense` (see `layers.settled`).

    It is written beside `path` and then moved into place: an export that fails
    or is interrupted leaves `path` as it was.

    Args:
        model: A built `keras.Model`.
        path: Local directory to write to: a new or empty one, or an earlier
            SavedModel, which is replaced.
        signature: The inputs of a model that is a subclass of `keras.Model`: a
            `keras.InputSpec`, or a list or dict of them. Sequential and
            functional models do not need it.
        jit: Whether to add the endpoint `serve_jit`. Pass `False` for models with
            operations that XLA cannot compile, such as those on strings.

    Returns:
        `pathlib.Path` of the SavedModel.

    Raises:
        TypeError: If `model` is not a Keras model.
        ValueError: If `model` is not built, its inputs are not known, or `path`
            is not local.
        FileExistsError: If `path` is a file, or a directory that is neither empty
            nor a SavedModel.
        RuntimeError: If Keras runs on a backend other than TensorFlow.

    Example:

    >>> import tempfile
    >>> import keras
    >>> from keras_addmul import serving
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(3.0)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = serving.export(model, f"{folder}/model")
    ...     sorted(entry.name for entry in path.iterdir() if entry.name.endswith(".pb"))
    ['fingerprint.pb', 'saved_model.pb']
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "A SavedModel can be written by Keras's TensorFlow backend only. "
            f"Received: backend {keras.backend.backend()!r}"
        )
    _check_model(model, signature)
    target = replaceable(path)
    from keras_addmul.layers.settling import answering_settled

    with answering_settled(model) as answering:
        archive = _archive(model, _signature(model, signature), jit, answering)
        with staged(target) as fresh:
            archive.write_out(str(fresh), verbose=False)
    return target


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
    if "://" in os.fspath(path):
        raise ValueError(f"`path` must be a local directory. Received: {os.fspath(path)!r}")
    # Links are followed, so that the export replaces the target of a link and not the link.
    target = Path(path).resolve()
    if target.is_file():
        raise FileExistsError(f"`path` must be a directory. Received the file: {str(path)!r}")
    if target.is_dir() and any(target.iterdir()) and not (target / "saved_model.pb").is_file():
        raise FileExistsError(
            "`path` must be new, empty, or a SavedModel that may be replaced. "
            f"Received a directory of something else: {str(path)!r}"
        )
    return target


def _archive(model: Any, signature: Any, jit: bool, answering: list[Any]) -> Any:
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
    serve = archive.add_endpoint("serve", answer, input_signature=[signature])
    if jit:
        # XLA survives in the SavedModel only if the endpoint itself is compiled. It calls `serve`,
        # so that the model is traced once.
        compiled = tf.function(
            lambda inputs: serve(inputs), jit_compile=True, input_signature=[signature]
        )
        archive.add_endpoint("serve_jit", compiled)
    return archive


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
