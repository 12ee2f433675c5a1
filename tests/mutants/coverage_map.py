"""Which tests run which line of the package, and how long each takes."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import coverage

__all__ = ["CoverageMap", "measure"]


@dataclasses.dataclass
class CoverageMap:
    """What one run of the suite under coverage has told.

    Attributes:
        tests: For a file and a line, the names of the tests that run it.
        seconds: How long each test took.
    """

    tests: dict
    seconds: dict

    def covering(self, file: str, line: int, last: int) -> list[str]:
        """The tests that run any of some lines, the fastest first."""
        lines = self.tests.get(file, {})
        names = set().union(*(lines.get(k, set()) for k in range(line, last + 1)))
        return sorted(names, key=lambda name: self.seconds.get(name, 1e9))

    def nearby(self, file: str) -> list[str]:
        """The tests of a line that runs at import: of its whole file, then of its folder."""
        of_file = set().union(*self.tests.get(file, {0: set()}).values())
        folder = "/".join(file.split("/")[1:2]).removesuffix(".py")
        of_folder = {n for n in self.seconds if n.startswith((f"tests/{folder}/", file))} - of_file
        return [
            name
            for names in (of_file, of_folder)
            for name in sorted(names, key=lambda name: self.seconds.get(name, 1e9))
        ]

    @classmethod
    def load(cls, folder: Path, root: Path):
        """Reads what `measure` has written."""
        seconds = json.loads((folder / "seconds.json").read_text())
        data = coverage.CoverageData(str(folder / "coverage"))
        data.read()
        tests = {}
        for path in data.measured_files():
            lines = {
                line: {name.rsplit("|", 1)[0] for name in names if name}
                for line, names in data.contexts_by_lineno(path).items()
            }
            tests[os.path.relpath(path, root)] = {k: names for k, names in lines.items() if names}
        if not any(tests.values()):
            raise RuntimeError(f"no test runs a line of the package: {folder / 'coverage'}")
        return cls(tests, seconds)


def measure(folder: Path, root: Path, workers: int, tests: list[str]) -> None:
    """Runs the suite once under coverage. It takes half as long again as `make test`."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "COVERAGE_FILE": str(folder / "coverage")}
    environment["MUTANTS_SECONDS"] = str(folder / "seconds.json")
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--dist", "worksteal"]
    command += ["-p", "tests.mutants.timing", "--cov=keras_addmul", "--cov-context=test"]
    command += ["--cov-report=", *tests]
    done = subprocess.run(command, cwd=root, env=environment, check=False)
    if done.returncode:
        raise SystemExit("the suite must pass before bugs are planted in what it tests")
