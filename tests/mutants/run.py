"""Plants bugs in the package one at a time, and counts how many the tests catch.

Usage: python -m tests.mutants.run [--count 60] [--seed 0] [--only keras_addmul/special]

The suite runs once under coverage, which tells the tests of each line; that is kept in
`.mutants/` until a source or a test changes. A bug is caught where one of the tests of its lines
fails. They run the fastest first, in a copy of the repository, until one fails or all
that fit into `--budget` seconds have passed. What was planted, and which test caught it, is
printed and written to `tests/mutants/results.json` as it comes: a run that was interrupted goes on
where it stopped.
"""

import argparse
import ast
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.coverage_map import CoverageMap, measure
from tests.mutants.planting import Bug, bugs_of, planted

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_name("results.json")
# Tables written by scripts, and those scripts; lists of names; the demonstration's pictures.
LEFT_OUT = (
    "_precompute",
    "_tables",
    "_sums_tables",
    "_logistic_mixture",
    "__init__",
    "annotations",
    "drawing",
)


def main(arguments=None):
    """Plants, tests, and reports."""
    options = _parser().parse_args(arguments)
    bugs = sample(options.count, options.seed, options.only)
    folder = ROOT / ".mutants" / _state(options.tests)
    if not (folder / "seconds.json").exists():
        measure(folder, ROOT, options.workers, options.tests)
    known = CoverageMap.load(folder, ROOT)
    report = _Report(options.seed, folder.name, bugs)
    with concurrent.futures.ThreadPoolExecutor(options.workers) as pool:
        jobs = {pool.submit(verdict, bug, known, options.budget): bug for bug in report.open()}
        try:
            for job in concurrent.futures.as_completed(jobs):
                report.add(jobs[job], job.result())
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            print("interrupted: the same command goes on where this one stopped")
    report.summary()


class _Report:
    """The verdicts so far: written after each, and read again by a run of the same bugs."""

    def __init__(self, seed, state, bugs):
        self.seed, self.state, self.bugs, self.verdicts = seed, state, bugs, {}
        known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        if known.get("state") == state:
            for row in known["bugs"]:
                bug = Bug(**{field: row.pop(field) for field in Bug.__dataclass_fields__})
                if bug in bugs:
                    self.verdicts[bug] = row

    def open(self):
        """The bugs without a verdict."""
        return [bug for bug in self.bugs if bug not in self.verdicts]

    def add(self, bug, found):
        """Prints a verdict and writes all of them."""
        self.verdicts[bug] = found
        said = found["caught_by"] or f"SURVIVED {found['tests']}"
        print(f"[{len(self.verdicts)}/{len(self.bugs)}] {bug}\n        {said}", flush=True)
        rows = sorted(self.verdicts.items(), key=lambda item: (item[0].file, item[0].number))
        summary = {
            "seed": self.seed,
            "state": self.state,
            "planted": len(self.verdicts),
            "caught": sum(bool(row["caught_by"]) for _, row in rows),
            "bugs": [{**dataclasses.asdict(bug), **row} for bug, row in rows],
        }
        RESULTS.write_text(json.dumps(summary, indent=1) + "\n")

    def summary(self):
        """Prints how many were caught, and which were not."""
        missed = [(bug, row) for bug, row in self.verdicts.items() if not row["caught_by"]]
        count, caught = len(self.verdicts), len(self.verdicts) - len(missed)
        print(f"{caught} of {count} bugs caught ({100 * caught / max(1, count):.0f} %)")
        for bug, row in missed:
            print(f"survived: {bug} ({row['tests']})")


def sample(count, seed, only):
    """Draws bugs: a file by its length, then one of its kinds, then one of that kind."""
    draw = random.Random(seed)
    files = [
        path.relative_to(ROOT)
        for path in sorted((ROOT / "keras_addmul").rglob("*.py"))
        if not set(path.relative_to(ROOT).with_suffix("").parts) & set(LEFT_OUT)
        and str(path.relative_to(ROOT)).startswith(only)
    ]
    every = {file: bugs_of(file, ROOT) for file in files}
    every = {file: bugs for file, bugs in every.items() if bugs}
    chosen = {}
    while len(chosen) < min(count, sum(map(len, every.values()))):
        file = draw.choices(list(every), [len(bugs) for bugs in every.values()])[0]
        kinds = sorted({bug.kind.split("=")[-1] for bug in every[file]})
        kind = draw.choice(kinds)
        bug = draw.choice([b for b in every[file] if b.kind.split("=")[-1] == kind])
        chosen[bug.file, bug.number] = bug
    return list(chosen.values())


def verdict(bug, known, budget):
    """Which test fails with the bug in place, or None; and how many were run."""
    tests, spent = [], 0.0
    for name in known.covering(bug.file, bug.line, _last_line(bug)) or known.nearby(bug.file):
        spent += known.seconds.get(name, 0.0)
        if tests and spent > budget:
            break
        tests.append(name)
    start = time.monotonic()
    if not tests:
        return {"caught_by": None, "tests": "no test runs the line", "seconds": 0.0}
    with tempfile.TemporaryDirectory() as copy:
        _copy_to(Path(copy))
        (Path(copy) / bug.file).write_text(planted(bug, ROOT))
        caught = _first_failure(tests, Path(copy), 60.0 + 5.0 * spent)
    return {
        "caught_by": caught,
        "tests": f"{len(tests)} tests",
        "seconds": round(time.monotonic() - start, 1),
    }


def _first_failure(tests, folder, limit):
    names, caught = folder / "names.json", folder / "caught.txt"
    names.write_text(json.dumps(tests))
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    environment |= {"MUTANTS_TESTS": str(names), "MUTANTS_CAUGHT": str(caught)}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider"]
    command += ["-p", "tests.mutants.selection", *dict.fromkeys(t.split("::")[0] for t in tests)]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "it never ends"
    if done.returncode == 0:
        return None
    if caught.exists():
        return caught.read_text()
    if "conftest" in done.stderr or done.returncode < 0:
        return "it cannot be imported" if done.returncode > 0 else "it kills the process"
    raise RuntimeError(f"pytest ran no test: {done.returncode}\n{done.stdout}\n{done.stderr}")


def _copy_to(folder):
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in tracked.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def _last_line(bug):
    """The end of the statement that holds the bug: coverage counts its first line only."""
    tree = ast.parse((ROOT / bug.file).read_text())
    ends = [
        (node.lineno, getattr(node, "end_lineno", node.lineno))
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= bug.line <= (node.end_lineno or 0)
    ]
    return max(ends)[1] if ends else bug.line


def _state(tests):
    digest = hashlib.sha256(repr(tests).encode())
    for folder in ("keras_addmul", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.parent != Path(__file__).parent:  # what plants is not what is tested
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=60, help="how many bugs; 60")
    parser.add_argument("--seed", type=int, default=0, help="which bugs; 0")
    parser.add_argument("--only", default="", help="only files whose path starts so")
    parser.add_argument("--tests", nargs="+", default=["tests", "keras_addmul"], help="which tests")
    parser.add_argument("--workers", type=int, default=2, help="processes side by side; 2")
    parser.add_argument("--budget", type=float, default=120.0, help="seconds of tests a bug; 120")
    return parser


if __name__ == "__main__":
    main()
