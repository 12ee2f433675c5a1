"""One version of a model in memory, which answers from many threads at once."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_addmul.serving.describing import check_weights, metadata
from keras_addmul.serving.server.checked_values import Spec
from keras_addmul.serving.server.refusals import Refusal
from keras_addmul.serving.server.settings import Settings

__all__ = ["DEFAULT", "Endpoint", "LoadedModel"]

DEFAULT = "serving_default"

_NUMBERS = itertools.count()


@dataclasses.dataclass
class Endpoint:
    """What an endpoint takes and returns.

    Attributes:
        inputs: The inputs, by name.
        outputs: The outputs, by name.
        batchable: Whether all of them have a free first size, that of the batch.
        function: The function of TensorFlow.
        together: The same for batches that several requests share, or None.
    """

    inputs: dict[str, Spec]
    outputs: dict[str, Spec]
    batchable: bool
    function: Callable[..., Any]
    together: Callable[..., Any] | None = None

    def check_rows(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Checks that all inputs have equally many rows.

        Args:
            arrays: The inputs by name.

        Raises:
            Refusal: If they have not.
        """
        rows = {key: len(value) for key, value in arrays.items() if self.batchable}
        if len(set(rows.values())) > 1:
            raise Refusal(400, f"All inputs must have equally many rows. Received: {rows}")


class LoadedModel:
    """One version of a model.

    Args:
        path: Directory of the SavedModel.
        number: Number of the version.
        settings: How to batch.

    Raises:
        ValueError: If the weights are not those that were exported.
        Exception: Whatever TensorFlow raises if it cannot load the SavedModel.
    """

    def __init__(self, path: Path, number: int, settings: Settings) -> None:
        import tensorflow as tf

        check_weights(path)
        self.number: int = number
        self.metadata: dict[str, Any] = metadata(path)
        # The functions do not keep the object alive.
        self._loaded: Any = tf.saved_model.load(str(path))
        self._settings: Settings = settings
        self.endpoints: dict[str, Endpoint] = {
            name: _endpoint(signature) for name, signature in self._loaded.signatures.items()
        }
        if DEFAULT not in self.endpoints:
            raise ValueError(
                f"A SavedModel must have the signature {DEFAULT!r} to be served. "
                f"Received: {sorted(self.endpoints)}"
            )
        self._batch()

    def run(self, name: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the outputs of an endpoint.

        Args:
            name: Name of the endpoint.
            arrays: Its inputs by name, already checked.

        Returns:
            The outputs by name.

        Raises:
            Refusal: If too many requests wait, or the model fails on the inputs.
        """
        import tensorflow as tf

        endpoint = self.endpoints[name]
        rows = len(next(iter(arrays.values()))) if endpoint.batchable else 0
        if endpoint.together is not None and rows <= self._settings.max_batch:
            try:
                values = endpoint.together(*(tf.constant(arrays[key]) for key in endpoint.inputs))
                return _plain(endpoint, dict(zip(endpoint.outputs, values, strict=True)))
            except tf.errors.UnavailableError as error:
                raise Refusal(
                    503, "The server has too many requests. Try again in a second.", Retry_After="1"
                ) from error
            except tf.errors.OpError:
                pass  # perhaps the fault of another request: this one is tried alone
        try:
            given = {key: tf.constant(value) for key, value in arrays.items()}
            return _plain(endpoint, endpoint.function(**given))
        except tf.errors.OpError as error:
            reason = " ".join(error.message.split())[:300]
            raise Refusal(400, f"The model cannot answer these inputs: {reason}") from error

    def warm(self) -> None:
        """Runs each endpoint on every size of batches, so that XLA has compiled them all."""
        for endpoint in {id(e.together): e for e in self.endpoints.values()}.values():
            if endpoint.together is not None:
                for rows in self._settings.ladder:
                    endpoint.together(*(_ones(spec, rows) for spec in endpoint.inputs.values()))

    def outside(self, arrays: Mapping[str, np.ndarray]) -> list[str]:
        """Returns the names of the features that leave the range seen in training."""
        found = []
        for key, about in self.metadata.get("features", {}).items():
            if key not in arrays or "ranges" not in about:
                continue
            ranges = np.array(about["ranges"])
            values = arrays[key].reshape(-1, len(ranges)).astype("float64")
            # The bounds as the model sees them: rounded like its inputs.
            low, high = ranges.astype(arrays[key].dtype).astype("float64").T
            out = np.any((values < low) | (values > high), axis=0)
            names = about.get("names") or [f"{key}[{i}]" for i in range(len(ranges))]
            found += [name for name, is_out in zip(names, out, strict=True) if is_out]
        return found

    def _batch(self) -> None:
        """Gives the endpoints that can share a batch a function for it."""
        own = self.metadata.get("endpoints", {})
        alike = [name for name in ("serve", "serve_jit", DEFAULT) if name in own]
        jit = "serve_jit" in alike and self._settings.jit
        shared = self.endpoints["serve_jit"] if jit else self.endpoints[DEFAULT]
        if shared.batchable:
            together = _together(shared, self._settings)
            # Our endpoints have the same outputs.
            for name in alike or [DEFAULT]:
                self.endpoints[name].together = together
                if name == "serve_jit":  # XLA would compile it anew for every size
                    self.endpoints[name].function = self.endpoints["serve"].function


def _endpoint(signature: Any) -> Endpoint:
    inputs = _specs(signature.structured_input_signature[1])
    outputs = _specs(signature.structured_outputs)
    specs = [*inputs.values(), *outputs.values()]
    batchable = bool(inputs) and all(spec.shape and spec.shape[0] is None for spec in specs)
    return Endpoint(inputs, outputs, batchable, signature)


def _specs(structure: Mapping[str, Any]) -> dict[str, Spec]:
    return {
        name: Spec(name, one.dtype.name, tuple(one.shape), one.dtype.as_numpy_dtype)
        for name, one in sorted(structure.items())
    }


def _together(endpoint: Endpoint, settings: Settings) -> Callable[..., Any]:
    """Returns the function of an endpoint behind TensorFlow's own scheduler of batches."""
    import tensorflow as tf

    names = list(endpoint.inputs)
    together = tf.nondifferentiable_batch_function(
        num_batch_threads=2,
        max_batch_size=settings.max_batch,
        batch_timeout_micros=round(1e6 * settings.batch_wait),
        allowed_batch_sizes=settings.ladder,
        max_enqueued_batches=settings.queue,
    )

    @together
    def flat(*tensors):
        outputs = endpoint.function(**dict(zip(names, tensors, strict=True)))
        return [outputs[name] for name in endpoint.outputs]

    takes = [tf.TensorSpec(s.shape, tf.as_dtype(s.dtype)) for s in endpoint.inputs.values()]

    def call(*tensors):
        # Operations of one name would share their batches, also those of different models.
        with tf.name_scope(f"batches_{next(_NUMBERS)}"):
            return flat(*tensors)

    return tf.function(call, input_signature=takes, autograph=False).get_concrete_function()


def _ones(spec: Spec, rows: int) -> Any:
    import tensorflow as tf

    shape = [rows, *(size or 1 for size in spec.shape[1:])]
    dtype = tf.as_dtype(spec.dtype)
    return tf.fill(shape, "") if dtype == tf.string else tf.ones(shape, dtype)


def _plain(endpoint: Endpoint, outputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    arrays = {name: outputs[name].numpy() for name in endpoint.outputs}
    return {
        # JSON libraries know no bfloat16.
        name: value.astype("float32") if endpoint.outputs[name].dtype == "bfloat16" else value
        for name, value in arrays.items()
    }
