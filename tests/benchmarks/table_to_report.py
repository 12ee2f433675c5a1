"""How long `keras-addmul discover` takes, stage by stage.

Two tables: sixty rows of the solar system, and a million rows of a Parquet file with 3 % noise.
Each line is printed with the wall time and the processor time since the start; on a quiet machine
they are alike. The goals: 15 s for the sixty rows with everything, a minute for the million.

    python tests/benchmarks/table_to_report.py
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[2]
STAGES = ("Reading", "Searching", "Comparing", "Reporting", "Report:", "Exporting", "SavedModel")


def main() -> None:
    """Runs both tables."""
    with tempfile.TemporaryDirectory() as folder:
        lines = (ROOT / "keras_addmul" / "demo" / "solar_system.csv").read_text().splitlines()
        rows = [line for line in lines if not line.startswith("#")]
        small = Path(folder, "sixty.csv")
        small.write_text("\n".join(rows[:61]) + "\n")
        timed(small, "period_days", folder)
        timed(million(Path(folder, "million.parquet")), "y", folder)


def million(path: Path) -> Path:
    """Writes the large table."""
    random = np.random.default_rng(0)
    x = random.uniform(1.0, 5.0, (1_000_000, 6))
    y = 2.5 * x[:, 0] * x[:, 1] ** 1.5 / x[:, 2] * (1 + 0.03 * random.normal(size=len(x)))
    pd.DataFrame(np.column_stack([x, y]), columns=list("abcdefy")).to_parquet(path)
    return path


def timed(data: Path, target: str, folder: str) -> None:
    """Prints when each stage of a search begins, and the formula."""
    print(f"\n{data.name}: wall and processor seconds since the start")
    begun, before = time.monotonic(), children()
    typed = ["discover", str(data), "--target", target, "--out", str(Path(folder, "out"))]
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "keras_addmul", *typed],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith(STAGES) or f"{target} = " in line:
            text = line.strip("\u2502 \n")[:60]
            print(f"{time.monotonic() - begun:7.1f} {processor(child.pid):7.1f}  {text}")
    child.wait()
    print(f"{time.monotonic() - begun:7.1f} {children() - before:7.1f}  the end")


def processor(process: int) -> float:
    """Returns the processor time of a running process, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children() -> float:
    """Returns the processor time of all processes that have ended, in seconds."""
    told = os.times()
    return told.children_user + told.children_system


if __name__ == "__main__":
    main()
