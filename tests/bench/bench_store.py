#!/usr/bin/env python3
"""bench_store.py BENCH_STORE: the object store beside md5sum and cp, one table.

One large random file (2 GB, or MLOPS_BENCH_MB), 100,000 small files (or MLOPS_BENCH_FILES), and
twenty versions of a CSV, each with 1 % of the rows edited. Wall time and processor time: on a busy
machine only the latter can be compared.
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def timed(command, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, run.stdout


def row(what, wall, cpu, note=""):
    print(f"{what:<34} {wall:8.2f} s  {cpu:8.2f} s cpu  {note}", flush=True)


def packed(folder):
    return sum(path.stat().st_size for path in (folder / ".mlops/objects/packs").iterdir())


def large_file(bench, folder, megabytes):
    big = folder / "big"
    with open(big, "wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1 << 20))
    md5_wall, md5_cpu, _ = timed(["md5sum", str(big)], folder)
    row("md5sum", md5_wall, md5_cpu)
    work = folder / "large"
    work.mkdir()
    wall, cpu, out = timed([bench, "add", str(big)], work)
    answer = json.loads(out)
    row("add, durable", wall, cpu,
        f"{md5_wall / wall:.2f} x md5sum, {answer['peak_mib']} MiB at most")
    cp_wall, cp_cpu, _ = timed(["cp", str(big), str(folder / "copy")], folder)
    row("cp", cp_wall, cp_cpu)
    wall, cpu, _ = timed([bench, "get", answer["hash"], str(folder / "back")], work)
    row("restore", wall, cpu, f"{wall / cp_wall:.2f} x cp")
    for name in ("big", "copy", "back"):
        (folder / name).unlink()
    shutil.rmtree(work)


def small_files(bench, folder, count):
    files = folder / "files"
    for number in range(count):
        if number % 100 == 0:
            (files / str(number // 100)).mkdir(parents=True)
        (files / str(number // 100) / str(number)).write_bytes(os.urandom(1000))
    for threads in ("1", "2"):
        work = folder / f"small{threads}"
        work.mkdir()
        wall, cpu, _ = timed([bench, "many", str(files), threads], work)
        row(f"{count} files, {threads} threads", wall, cpu)
        shutil.rmtree(work)
    shutil.rmtree(files)


def make_row(number, stream):
    return (f"{number},{stream.getrandbits(32):010d},{stream.random():.12f},"
            f"{stream.gauss(0, 1):.10f},user{stream.getrandbits(20):07d}@example.org,"
            f"{stream.choice(['red', 'green', 'blue'])},{stream.getrandbits(64):020d}\n")


def edit(rows, kind, stream):
    count = len(rows) // 100
    if kind == "scattered":
        for number in stream.sample(range(len(rows)), count):
            fields = rows[number].split(",")
            fields[stream.randrange(1, 4)] = f"{stream.random():.{stream.randrange(3, 9)}f}"
            rows[number] = ",".join(fields)
        return
    at = len(rows) if kind == "appended" else stream.randrange(len(rows) - count)
    end = at + count if kind == "block" else at
    rows[at:end] = [make_row(number, stream) for number in range(count)]


def versions(bench, folder, kind, n_rows):
    stream = random.Random(1)
    rows = [make_row(number, stream) for number in range(n_rows)]
    work, path, previous = folder / kind, folder / "table.csv", []
    work.mkdir()
    total = total_cpu = 0
    for number in range(20):
        if number:
            edit(rows, kind, stream)
        path.write_text("".join(rows))
        wall, cpu, out = timed([bench, "add", str(path), *previous], work)
        total, total_cpu = total + wall, total_cpu + cpu
        previous = [json.loads(out)["hash"]]
        if not number:
            first = packed(work)
    row(f"20 versions, {kind}", total, total_cpu,
        f"{packed(work) / first:.3f} x one version of {path.stat().st_size / 1e6:.0f} MB")
    wall, cpu, _ = timed([bench, "get", previous[0], str(folder / "back")], work)
    row("  restore the last", wall, cpu, f"{path.stat().st_size / 1e6 / wall:.0f} MB/s")
    shutil.rmtree(work)


def main():
    bench = sys.argv[1]
    megabytes = int(os.environ.get("MLOPS_BENCH_MB", "2000"))
    with tempfile.TemporaryDirectory(prefix="mlops-bench-") as name:
        folder = Path(name)
        large_file(bench, folder, megabytes)
        small_files(bench, folder, int(os.environ.get("MLOPS_BENCH_FILES", "100000")))
        for kind in ("scattered", "block", "inserted", "appended"):
            versions(bench, folder, kind, megabytes * 900)


main()
