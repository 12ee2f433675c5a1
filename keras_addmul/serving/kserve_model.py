"""A model class for KServe clusters."""

import importlib
from os import PathLike
from pathlib import Path
from typing import Any

from keras_addmul.extras import require_extra
from keras_addmul.serving.describing import saved_model_at

__all__ = ["KServeModel"]


class KServeModel:
    """A SavedModel as a model of the kserve library, for KServe clusters.

    It answers by the same code as `keras_addmul serve`: the same checks of inputs, the same
    messages, the same batches. It needs the extras `kserve` and `serve`. Outside of a cluster,
    `keras_addmul serve` is faster, keeps versions, and listens on this machine only; the
    server of kserve listens on all interfaces.

    Args:
        name: Name of the model in addresses.
        path: Directory of a SavedModel, as written by `export`.
        max_batch: Largest number of rows that are computed together; a power of 2.

    Raises:
        ImportError: If a library of the extras is missing.
        FileNotFoundError: If there is no SavedModel at `path`.

    Example:

    >>> from keras_addmul.serving import KServeModel
    >>> def main():
    ...     import kserve
    ...     kserve.ModelServer(enable_grpc=False).start([KServeModel("kepler", "model/1")])
    """

    name: str
    ready: bool

    def __new__(cls, name: str, path: str | PathLike[str], max_batch: int = 64) -> Any:
        require_extra("kserve")
        require_extra("serve")
        kserve: Any = importlib.import_module("kserve")
        # The base class is known only where kserve is installed.
        kind = cls if issubclass(cls, kserve.Model) else type(cls.__name__, (cls, kserve.Model), {})
        return object.__new__(kind)

    def __init__(self, name: str, path: str | PathLike[str], max_batch: int = 64) -> None:
        kserve: Any = importlib.import_module("kserve")
        source = saved_model_at(path)
        kserve.Model.__init__(self, name)
        self._source: Path = source
        self._max_batch: int = max_batch
        self._loaded: Any = None
        self.load()

    def load(self) -> bool:
        """Loads the model and compiles it for every size of batches.

        Returns:
            True.
        """
        from keras_addmul.serving.server.loaded_model import LoadedModel
        from keras_addmul.serving.server.settings import Settings

        number = int(self._source.name) if self._source.name.isdecimal() else 1
        loaded = LoadedModel(self._source, number, Settings(max_batch=self._max_batch))
        loaded.warm()
        self._loaded = loaded
        self.ready = True
        return True

    def predict(self, payload: Any, headers: Any = None, response_headers: Any = None) -> Any:
        """Answers a request of either protocol.

        Args:
            payload: The body of version 1, or kserve's `InferRequest`.
            headers: Headers of the request.
            response_headers: Headers of the answer.

        Returns:
            The answer: a dictionary of version 1, or kserve's `InferResponse`.

        Raises:
            kserve.errors.InvalidInput: If the inputs do not fit.
        """
        from keras_addmul.serving.server.refusals import Refusal

        try:
            if isinstance(payload, dict):
                return self._rows(payload)
            return self._tensors(payload)
        except Refusal as refusal:
            errors: Any = importlib.import_module("kserve.errors")
            raise errors.InvalidInput(refusal.message) from refusal

    def _rows(self, payload: dict[str, Any]) -> dict[str, Any]:
        from keras_addmul.serving.server import tensorflow_rest

        signature, arrays, by_rows = tensorflow_rest.predict_request(payload, self._loaded)
        outputs = self._loaded.run(signature, arrays)
        endpoint = self._loaded.endpoints[signature]
        answer = tensorflow_rest.answer(outputs, endpoint, by_rows)
        return {
            key: [row.tolist() if hasattr(row, "tolist") else row for row in rows]
            for key, rows in answer.items()
        }

    def _tensors(self, request: Any) -> Any:
        from keras_addmul.serving.server.checked_values import checked
        from keras_addmul.serving.server.loaded_model import DEFAULT
        from keras_addmul.serving.server.refusals import Refusal

        kserve: Any = importlib.import_module("kserve")
        endpoint = self._loaded.endpoints[DEFAULT]
        given = {entry.name: entry for entry in request.inputs}
        if set(given) != set(endpoint.inputs):
            raise Refusal(
                400, f"The inputs must be {sorted(endpoint.inputs)}. Received: {[*given]}"
            )
        arrays = {
            name: checked(given[name].as_numpy(), spec) for name, spec in endpoint.inputs.items()
        }
        endpoint.check_rows(arrays)
        told = []
        for name, value in self._loaded.run(DEFAULT, arrays).items():
            datatype = endpoint.outputs[name].datatype
            output = kserve.InferOutput(name, list(value.shape), datatype)
            output.set_data_from_numpy(value, binary_data=False)
            told.append(output)
        return kserve.InferResponse(request.id, self.name, told)
