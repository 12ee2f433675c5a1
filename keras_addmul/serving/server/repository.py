"""The models that are served: loads new versions, and switches once they are warm."""

import dataclasses
import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from keras_addmul.serving.server.loaded_model import LoadedModel
from keras_addmul.serving.server.model_folders import fingerprint, labels_in, models_in
from keras_addmul.serving.server.refusals import Refusal
from keras_addmul.serving.server.settings import Settings

__all__ = ["Model", "Repository"]

LOG = logging.getLogger("keras_addmul.serve")


@dataclasses.dataclass(frozen=True)
class Model:
    """The versions of a model. A change replaces the whole object.

    Attributes:
        ready: The versions that answer, by number.
        failed: Why other versions do not answer, by number.
        labels: Numbers of versions by label.
    """

    ready: Mapping[int, LoadedModel]
    failed: Mapping[int, str]
    labels: Mapping[str, int]

    @property
    def newest(self) -> LoadedModel | None:
        """The version that answers when none is asked for."""
        return self.ready[max(self.ready)] if self.ready else None


class Repository:
    """The models in a directory, kept up to date by `scan`.

    Args:
        folder: Directory, as `models_in` reads it.
        settings: How many versions to keep ready, and how to batch.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder: Path = folder
        self.settings: Settings = settings
        self.models: dict[str, Model] = {}
        self.searched: bool = False
        self._seen: dict[tuple[str, int], object] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether every model has a version that answers."""
        return self.searched and all(model.ready for model in self.models.values())

    def start(self) -> None:
        """Searches the directory again and again, in a thread."""
        self._thread = threading.Thread(target=self._watch, name="versions", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped.set()

    def get(self, name: str, number: str | None = None, label: str | None = None) -> LoadedModel:
        """Returns a version of a model: the newest, unless a number or a label is given.

        Raises:
            Refusal: If there is none; the message says which ones there are.
        """
        model = self.model(name)
        if label is not None:
            if label not in model.labels:
                raise Refusal(
                    404, f"Label must be one of {sorted(model.labels)}. Received: {label!r}"
                )
            number = str(model.labels[label])
        if number is None:
            if model.newest is not None:
                return model.newest
            if model.failed:
                raise Refusal(503, f"No version of {name!r} can be loaded.", Retry_After="5")
            raise Refusal(503, f"Model {name!r} is still being loaded.", Retry_After="1")
        if not number.isdecimal() or int(number[:18]) not in model.ready:
            raise Refusal(
                404, f"Version of {name!r} must be one of {sorted(model.ready)}. Received: {number}"
            )
        return model.ready[int(number[:18])]

    def model(self, name: str) -> Model:
        """Returns a model by name.

        Raises:
            Refusal: If there is none of this name.
        """
        if name in self.models:
            return self.models[name]
        if not self.searched:
            raise Refusal(503, "The models are still being loaded.", Retry_After="1")
        raise Refusal(404, f"Model must be one of {sorted(self.models)}. Received: {name!r}")

    def scan(self) -> None:
        """Loads what is new in the directory, warms it, and only then lets it answer."""
        found = models_in(self.folder)
        for name in found:
            self.models.setdefault(name, Model({}, {}, {}))
        for name, versions in found.items():
            self._update(name, versions)
        for name in set(self.models) - set(found):
            # A directory without versions is being written to; one that is gone was removed.
            if name != self.folder.resolve().name and not (self.folder / name).exists():
                del self.models[name]
        self.searched = True

    def _update(self, name: str, versions: Mapping[int, Path]) -> None:
        before = self.models[name]
        labels = labels_in(next(iter(versions.values())).parent)
        ready: dict[int, LoadedModel] = {}
        failed: dict[int, str] = {}
        for number in sorted(versions, reverse=True):
            if len(ready) >= self.settings.versions and number not in labels.values():
                continue
            loaded = self._load(name, number, versions[number], before, failed)
            if loaded is not None:
                ready[number] = loaded
        if ready:
            self._log_switch(name, before, ready)
        else:
            ready = dict(before.ready)  # what answered so far goes on
        self.models[name] = Model(ready, failed, labels)

    def _load(
        self, name: str, number: int, path: Path, before: Model, failed: dict[int, str]
    ) -> LoadedModel | None:
        seen = fingerprint(path)
        if self._seen.get((name, number)) == seen:  # as it was: loaded, or known to fail
            if number in before.failed:
                failed[number] = before.failed[number]
            if number in before.ready or number in before.failed:
                return before.ready.get(number)
        try:
            loaded = LoadedModel(path, number, self.settings)
            loaded.warm()
        except Exception as error:  # whatever is wrong with it, the others go on
            failed[number] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            if before.failed.get(number) != failed[number]:
                LOG.warning("%s version %d cannot be loaded: %s", name, number, failed[number])
            loaded = before.ready.get(number)
        self._seen[name, number] = seen
        return loaded

    def _log_switch(self, name: str, before: Model, ready: Mapping[int, LoadedModel]) -> None:
        newest = before.newest
        if newest is None or newest is not ready[max(ready)]:
            LOG.info("%s: version %d answers", name, max(ready))

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                self.scan()
            except Exception:
                LOG.exception("the directory %s cannot be searched", self.folder)
            self._stopped.wait(self.settings.poll_seconds)
