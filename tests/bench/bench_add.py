#!/usr/bin/env python3
"""Many small files: `add`, `add` again and `status` beside git and a bare walk, in one run.

Usage: bench_add.py MLOPS STAT_WALK [FILES]

Figures are wall seconds: the least of several runs for what changes nothing, taken in turns, so that
a busy machine is busy for all; one run for what is done once. Run it on an idle machine.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MLOPS, STAT_WALK = sys.argv[1], sys.argv[2]
FILES = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
THREADS = len(os.sched_getaffinity(0))
ROUNDS = 7


def make(folder):
    random.seed(7)
    words = [bytes(random.choices(b"abcdefghijklmnopqrstuvwxyz \n", k=50)) for _ in range(200)]
    for start in range(0, FILES, 100):
        inner = folder / f"d{start // 100:04}"
        inner.mkdir(parents=True)
        for i in range(start, min(start + 100, FILES)):
            (inner / f"f{i:06}").write_bytes(b"%08d" % i + b"".join(random.choices(words, k=20)))


def timed(command, folder):
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def show(name, seconds, against):
    ratios = "   ".join(f"{label} / this {value / seconds:.2f}" for label, value in against.items())
    print(f"{name:28} {seconds:8.3f} s   {ratios}", flush=True)


def main():
    top = Path(tempfile.mkdtemp(prefix="mlops-bench-"))
    ours, git = top / "ours", top / "git"
    try:
        make(ours / "data")
        git.mkdir()
        shutil.copytree(ours / "data", git / "data")
        os.sync()
        for folder in (ours, git):
            subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True)
        timed([MLOPS, "init"], ours)
        print(f"{FILES} files of 1 kB, {THREADS} threads, load {os.getloadavg()[0]:.1f}")
        added = timed([MLOPS, "add", "data"], ours)
        os.sync()
        git_added = timed(["git", "add", "data"], git)
        show("mlops add", added, {"git add": git_added})
        show("git add", git_added, {})
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
                       cwd=git, check=True)
        subprocess.run("git add -A && git -c user.name=a -c user.email=a@b commit -qm x",
                       shell=True, cwd=ours, check=True)
        commands = {
            "stat walk": ([STAT_WALK, "data", str(THREADS)], ours),
            "git status": (["git", "status"], git),
            "git status, untracked cache": (["git", "-c", "core.untrackedCache=true", "status"], git),
            "mlops status": ([MLOPS, "status"], ours),
            "mlops add again": ([MLOPS, "add", "data"], ours),
        }
        for command, folder in commands.values():
            timed(command, folder)
        best = dict.fromkeys(commands, float("inf"))
        for _ in range(ROUNDS):
            for name, (command, folder) in commands.items():
                best[name] = min(best[name], timed(command, folder))
        for name, seconds in best.items():
            show(name, seconds, {k: best[k] for k in ("stat walk", "git status",
                                                      "git status, untracked cache")}
                 if name.startswith("mlops") else {})
    finally:
        shutil.rmtree(top)


main()
