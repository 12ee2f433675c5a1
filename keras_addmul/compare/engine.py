"""Carries out units of work, in processes or in any executor, and goes on where it stopped."""

import dataclasses
import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from pathlib import Path
from typing import Any

from keras_addmul.annotations import Config
from keras_addmul.compare import claims
from keras_addmul.compare.pools import Workers
from keras_addmul.compare.unit_of_work import CRASHED, Unit, carry_out, held

__all__ = ["Done", "do"]

# How often a unit is started whose process dies, and the pause before a unit is asked for again
# that another process has claimed.
ATTEMPTS, PAUSE = 3, 1.0

# Called with the name of each unit that is done.
Progress = Callable[[str], None]


@dataclasses.dataclass
class Done:
    """What came of the units.

    Attributes:
        results: The result of each unit that is done, by the path of its file.
        interrupted: Whether Ctrl-C ended the work before all were.
    """

    results: dict[Path, Config]
    interrupted: bool = False


def do(
    units: Iterable[Unit],
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Done:
    """Carries out units of work whose results are not there yet.

    A unit whose process dies is started again, up to 3 times in all, and is then reported
    with the outcome "crashed". Units that another comparison in the same folder has claimed
    are waited for, and taken over if their process died.

    Args:
        units: The units.
        workers: Number of processes; 0 works in this one.
        executor: Executor to use instead. Its processes must see the folder of the units.
        progress: Called after each unit.

    Returns:
        A `Done`.

    Raises:
        RuntimeError: If worker processes cannot start.
        ValueError: If a worker cannot import a function that builds a model.
    """
    work = {unit.file: unit for unit in units}
    done = Done({})
    for file, unit in work.items():
        result = held(unit)
        if result is not None:
            done.results[file] = result
            _tell(progress, unit)
    todo = {file: unit for file, unit in work.items() if file not in done.results}
    if not todo:
        return done
    log = next(iter(todo)).parent / "workers.log"
    place: Any = _Given(executor) if executor else Workers(workers, log) if workers else _Here()
    try:
        _work(todo, place, done, progress, log)
    except KeyboardInterrupt:
        done.interrupted = True
        for file, unit in todo.items():
            result = held(unit)
            if result is not None:
                done.results[file] = result
    finally:
        place.close()
    return done


def _work(
    todo: Mapping[Path, Unit], place: Any, done: Done, progress: Progress | None, log: Path
) -> None:
    waiting, elsewhere = deque(todo), deque()
    running: dict[Future[Any], Path] = {}
    attempts: Counter[Path] = Counter()
    while waiting or running or elsewhere:
        while waiting and (place.has_room or not running):
            file = waiting.popleft()
            try:
                running[place.submit(carry_out, pickle.dumps(todo[file]))] = file
            except RuntimeError as error:  # the executor is broken or shut down
                done.results[file] = _crashed(f"the executor takes no more work: {error}")
        for future in wait(running, timeout=PAUSE, return_when=FIRST_COMPLETED).done:
            file = running.pop(future)
            result = _result_of(future)
            if result is None:
                elsewhere.append(file)
            elif result["outcome"] == "unreadable":
                raise ValueError(
                    "Argument `models` must hold functions that other processes can import; give "
                    "the Keras models themselves instead, or train in this process with "
                    f"`workers=0`. Received: {todo[file].name}, with {result['error']}"
                )
            elif result["outcome"] == "lost":
                if getattr(place, "cannot_start", False):
                    raise RuntimeError(
                        "Worker processes cannot start. In a script, call `compare` under "
                        f"`if __name__ == '__main__':`. What they printed is in {log}"
                    )
                attempts[file] += 1
                if attempts[file] < ATTEMPTS:
                    waiting.append(file)
                else:
                    text = f"its process died {ATTEMPTS} times ({result['error']})"
                    done.results[file] = _crashed(text)
                    _tell(progress, todo[file])
            else:
                done.results[file] = result
                _tell(progress, todo[file])
        for _ in range(len(elsewhere)):
            file = elsewhere.popleft()
            free = todo[file].file.exists() or not claims.is_taken(file)
            (waiting if free else elsewhere).append(file)
        if not running and not waiting and elsewhere:
            time.sleep(PAUSE)


def _result_of(future: Future[Any]) -> Config | None:
    try:
        return future.result()
    except Exception as error:  # whatever an executor raises when a worker dies
        return {"outcome": "lost", "error": f"{type(error).__name__}: {error}".strip(": ")}


def _crashed(error: str) -> Config:
    return {"outcome": CRASHED, "error": error}


def _tell(progress: Progress | None, unit: Unit) -> None:
    if progress is not None:
        progress(unit.name)


class _Given:
    """An executor of the caller, which takes all work at once and stays open."""

    has_room = True

    def __init__(self, executor: Executor) -> None:
        self._executor, self._futures = executor, []

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        self._futures.append(self._executor.submit(function, *arguments))
        return self._futures[-1]

    def close(self) -> None:
        for future in self._futures:
            future.cancel()


class _Here:
    """This process, which works when it is asked to."""

    has_room = False

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        return future

    def close(self) -> None:
        """Does nothing."""
