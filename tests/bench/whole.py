#!/usr/bin/env python3
"""whole.py MLOPS [PEER_PYTHON]: whole processes against what a user would run instead.

Start-up of commands that only read, against `git --version`; `train` of the breast-cancer example,
from process start to a recorded run with its report, against pandas and scikit-learn doing the
same without a record. Pairs run in turn; medians and the range are printed with their ratio. Never
a verdict: machines are noisy.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def once(command, folder):
    """Wall and processor seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def show(name, samples):
    walls = [wall for wall, _ in samples]
    print(f"  {name:34} {statistics.median(walls) * 1e3:9.2f} ms wall "
          f"({min(walls) * 1e3:.2f} to {max(walls) * 1e3:.2f}), "
          f"{statistics.median(cpu for _, cpu in samples) * 1e3:.2f} ms CPU, n {len(samples)}")


def pair(title, ours, theirs, folder, runs):
    print(title)
    a, b = [], []
    for number in range(runs + 1):
        sample_a, sample_b = once(ours, folder), once(theirs, folder)
        if number:  # the first is the warm-up
            a.append(sample_a)
            b.append(sample_b)
    show(" ".join([Path(ours[0]).name] + ours[1:])[:34], a)
    show(" ".join([Path(theirs[0]).name] + theirs[1:])[:34], b)
    ratios = sorted(y[0] / x[0] for x, y in zip(a, b))
    print(f"  theirs / ours, pair by pair: {statistics.median(ratios):.2f} "
          f"({ratios[0]:.2f} to {ratios[-1]:.2f})")


def peer_python(given):
    for candidate in (given, str(ROOT / "tests/peers/venv/bin/python"), "/usr/bin/python3"):
        if candidate and os.access(candidate, os.X_OK):
            script = "import sklearn, pandas; print(sklearn.__version__, pandas.__version__)"
            found = subprocess.run([candidate, "-c", script], capture_output=True, text=True,
                                   check=False)
            if found.returncode == 0:
                return candidate, found.stdout.split()
    return None, None


def main():
    mlops = str(Path(sys.argv[1]).resolve())
    python, versions = peer_python(sys.argv[2] if len(sys.argv) > 2 else None)
    with tempfile.TemporaryDirectory() as folder:
        project = folder + "/demo"
        once([mlops, "init", "--example", "breast-cancer", project], folder)
        once([mlops, "train"], project)
        for command in (["version"], ["log"], ["show", "@"]):
            pair(f"start: mlops {' '.join(command)} against git --version",
                 [mlops] + command, ["git", "--version"], project, 40)
        if not python:
            print("train: skipped, no Python with scikit-learn and pandas here")
            return
        pair(f"train breast-cancer against scikit-learn {versions[0]}, pandas {versions[1]}",
             [mlops, "train"],
             [python, str(HERE / "peer_train.py"), "data/breast_cancer.csv", folder], project, 9)


main()
