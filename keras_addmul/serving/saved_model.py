"""From a Keras model to a SavedModel."""

import os
from pathlib import Path

import keras

from keras_addmul.layers.inside import layers_inside
from keras_addmul.serving.staging import staged

__all__ = ["export"]


def export(model, path, signature=None, jit=True):
    """Writes a model as a TensorFlow SavedModel and returns its path.

    The SavedModel has two endpoints that answer the same: `serve`, which is
    also `serving_default`, and `serve_jit`, compiled by XLA. Both take any
    batch size, keep the names of the model's inputs, and run as at inference.
    It needs neither keras_addmul nor Keras to be loaded.

    It is written beside `path` and then moved into place: an export that fails
    or is interrupted leaves what was there before.

    Args:
        model: A built `keras.Model`.
        path: Local directory to write to. It may be new, empty, or an earlier
            SavedModel, which is replaced.
        signature: For a model written as a subclass of `keras.Model`, what its
            `call` takes: a `keras.InputSpec`, or a list or dict of them.
            Other models know.
        jit: Whether to add the endpoint `serve_jit`. Models with operations
            that XLA cannot compile, such as those on strings, need `False`.

    Returns:
        `pathlib.Path` of the SavedModel.

    Raises:
        TypeError: `model` is not a Keras model.
        ValueError: `model` is not built, or its inputs are not known.
        FileExistsError: `path` is a file, or a directory of something else.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "A SavedModel can be written by Keras's TensorFlow backend only. "
            f"Received: backend {keras.backend.backend()!r}"
        )
    _check_model(model, signature)
    target = _check_path(path)
    archive = _archive(model, _signature(model, signature), jit)
    with staged(target) as fresh:
        archive.write_out(str(fresh), verbose=False)
    return target


def _archive(model, signature, jit):
    """Traces the endpoints; nothing is written yet."""
    import tensorflow as tf

    def answer(inputs):
        return model(inputs, training=False)

    archive = keras.export.ExportArchive()
    # The archive finds the variables by itself, and lookup tables in the layers. Given a model
    # of Keras's own, it would trace it twice more.
    for layer in layers_inside(model):
        if layer.built and not _is_container(layer):
            archive.track(layer)
    serve = archive.add_endpoint("serve", answer, input_signature=[signature])
    if jit:
        # Only an endpoint that is itself compiled keeps XLA in the SavedModel. It calls the
        # other one, so that the model is traced once.
        compiled = tf.function(
            lambda inputs: serve(inputs), jit_compile=True, input_signature=[signature]
        )
        archive.add_endpoint("serve_jit", compiled)
    return archive


def _is_container(layer):
    """Whether it is a model of Keras's own classes, which hold nothing but layers."""
    return isinstance(layer, keras.Model) and type(layer).__module__.startswith("keras.")


def _signature(model, signature):
    """One `tf.TensorSpec` an input, in the structure the model takes."""
    import tensorflow as tf

    if signature is None:
        # `input` keeps the structure the user gave; a Sequential has one input.
        signature = model.inputs[0] if isinstance(model, keras.Sequential) else model.input

    def spec(entry):
        # A model built by calling it on data remembers the size of that batch.
        return tf.TensorSpec((None, *entry.shape[1:]), entry.dtype or model.input_dtype, entry.name)

    return keras.tree.map_structure(spec, signature)


def _check_model(model, signature):
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`model` must be a keras.Model. Received: {model!r} of type {type(model).__name__}"
        )
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


def _check_path(path):
    if "://" in os.fspath(path):
        raise ValueError(f"`path` must be a local directory. Received: path={str(path)!r}")
    # A link is followed, so that what it points to is replaced and not the link.
    target = Path(path).resolve()
    if target.is_file():
        raise FileExistsError(f"`path` must be a directory. Received the file: {str(path)!r}")
    if target.is_dir() and any(target.iterdir()) and not (target / "saved_model.pb").is_file():
        raise FileExistsError(
            "`path` must be new, empty, or a SavedModel that may be replaced. "
            f"Received a directory of something else: {str(path)!r}"
        )
    return target
