#!/usr/bin/env python3
"""versioning.py MLOPS [--scale S] [--walk PROGRAM] [--dvc DVC] [--only PART,...]

Data versions against what a user would run instead, in one run: one large file, many small files,
twenty versions of an edited CSV, and a push with nothing to do. Peers: md5sum, cp, git, git-lfs,
DVC (each left out, saying so, where it is not there). The pairs run in turn; wall and processor
time are printed with the ratio to ours. Never a verdict: machines are noisy, and lose time to others.

S = 1 is 2 GB in one file, 100,000 files of 1 kB, twenty versions of 200 MB.
"""

import argparse
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PARTS = ["large", "small", "versions", "push"]


class Timed:
    def __init__(self, wall, cpu, output):
        self.wall, self.cpu, self.output = wall, cpu, output


def run(command, folder, environment=None):
    """One process: wall and processor seconds of it and its children."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        out.seek(0)
        output = out.read().decode(errors="replace")
    if child.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed ({child.returncode}):\n{output}")
    return Timed(wall, usage.ru_utime + usage.ru_stime, output)


def show(name, timed, ours=None, extra=""):
    ratio = f"  {timed.wall / ours.wall:6.2f} x ours" if ours else ""
    print(f"  {name:44} {timed.wall:8.3f} s wall {timed.cpu:8.3f} s CPU"
          f"{ratio}{extra}", flush=True)
    return timed


def median(times):
    return sorted(times, key=lambda t: t.wall)[len(times) // 2]


def in_turn(commands, repeat):
    """Runs each of the commands (name -> function giving Timed) in turn, repeatedly: medians."""
    samples = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            samples[name].append(command())
    return {name: median(times) for name, times in samples.items()}


def size_of(folder):
    return sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())


class Bench:
    def __init__(self, options, scratch):
        self.mlops = str(Path(options.mlops).resolve())
        self.scale = options.scale
        self.walk = options.walk and str(Path(options.walk).resolve())
        self.dvc = options.dvc and shutil.which(options.dvc)
        self.scratch = Path(scratch)
        self.numbers = random.Random(4)
        self.environment = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
                            "DVC_NO_ANALYTICS": "1"}

    def run(self, command, folder):
        return run(command, folder, self.environment)

    def project(self, name, dvc=False):
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self.run(["git", "init", "-q"], folder)
        if dvc:
            self.run([self.dvc, "init", "-q"], folder)
        else:
            self.run([self.mlops, "init", "-q"], folder)
        return folder

    def settle(self):
        """What a program before has left to be written is not to be paid for by the next."""
        os.sync()

    # One large file.

    def write_large(self, path, size):
        with open(path, "wb") as out:
            while size > 0:
                piece = self.numbers.randbytes(min(size, 16 << 20))
                out.write(piece)
                size -= len(piece)

    def large(self):
        size = int(2e9 * self.scale)
        print(f"one file of {size / 1e9:.2f} GB, random")
        source = self.scratch / "large.bin"
        self.write_large(source, size)

        def add():
            folder = self.project("ours")
            shutil.copy(source, folder / "large.bin")
            self.settle()
            return self.run([self.mlops, "add", "large.bin"], folder)

        def copy():
            (self.scratch / "copy").unlink(missing_ok=True)
            self.settle()
            return self.run(["cp", "--reflink=never", source, "copy"], self.scratch)

        def copy_durable():
            (self.scratch / "copy").unlink(missing_ok=True)
            self.settle()
            return self.run(["sh", "-c", f"cp --reflink=never {source} copy && sync copy"],
                            self.scratch)

        def checkout():
            (self.scratch / "ours/large.bin").unlink(missing_ok=True)
            self.settle()
            return self.run([self.mlops, "checkout", "large.bin"], self.scratch / "ours")

        times = in_turn({
            "mlops add": add,
            "md5sum": lambda: self.run(["md5sum", source], self.scratch),
            "cp": copy,
            "cp, then sync": copy_durable,
            "mlops checkout": checkout,
        }, 3)
        ours = times["mlops add"]
        show("mlops add", ours)
        for name in ("md5sum", "cp", "cp, then sync"):
            show(name, times[name], ours)
        if self.dvc:
            folder = self.project("dvc", dvc=True)
            shutil.copy(source, folder / "large.bin")
            self.settle()
            show("dvc add", self.run([self.dvc, "add", "-q", "large.bin"], folder), ours)
            shutil.rmtree(folder)
        self.large_lfs(source, ours)
        show("mlops checkout", times["mlops checkout"])
        show("cp", times["cp"], times["mlops checkout"])
        again = self.run([self.mlops, "add", "large.bin"], self.scratch / "ours")
        show("mlops add, unchanged", again)
        for name in ("large.bin", "copy"):
            (self.scratch / name).unlink(missing_ok=True)
        shutil.rmtree(self.scratch / "ours")

    def large_lfs(self, source, ours):
        if not shutil.which("git-lfs"):
            print("  git-lfs: not here, left out")
            return
        folder = self.project("lfs")
        self.run(["git", "lfs", "install", "--local"], folder)
        self.run(["git", "lfs", "track", "*.bin"], folder)
        shutil.copy(source, folder / "large.bin")
        self.settle()
        show("git add, with git-lfs", self.run(["git", "add", "large.bin"], folder), ours)
        shutil.rmtree(folder)

    # Many small files.

    def write_small(self, folder, count):
        folder.mkdir()
        for i in range(count):
            if i % 100 == 0:
                (folder / f"{i // 100:04}").mkdir()
            (folder / f"{i // 100:04}" / f"{i % 100:02}.txt").write_bytes(
                self.numbers.randbytes(750).hex().encode()[:1000])

    def small(self):
        count = int(100000 * self.scale)
        print(f"{count} files of 1 kB in {count // 100} folders")
        source = self.scratch / "small"
        self.write_small(source, count)
        ours = self.project("ours")
        shutil.copytree(source, ours / "data")
        self.settle()
        add = show("mlops add", self.run([self.mlops, "add", "data"], ours))
        theirs = self.scratch / "git"
        theirs.mkdir()
        self.run(["git", "init", "-q"], theirs)
        shutil.copytree(source, theirs / "data")
        self.settle()
        show("git add", self.run(["git", "add", "data"], theirs), add)
        if self.dvc:
            folder = self.project("dvc", dvc=True)
            shutil.copytree(source, folder / "data")
            self.settle()
            show("dvc add", self.run([self.dvc, "add", "-q", "data"], folder), add)
            show("dvc status", self.run([self.dvc, "status", "-q"], folder))
            shutil.rmtree(folder)
        for folder in (ours, theirs):
            self.run(["git", "add", "-A"], folder)
            self.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
                     folder)
        cache = ["-c", "core.untrackedCache=true"]
        commands = {
            "mlops status": lambda: self.run([self.mlops, "status"], ours),
            "git status": lambda: self.run(["git", "status"], theirs),
            "git status, untracked cache": lambda: self.run(["git"] + cache + ["status"], theirs),
            "mlops add, unchanged": lambda: self.run([self.mlops, "add", "data"], ours),
        }
        if self.walk:
            threads = str(len(os.sched_getaffinity(0)))
            commands["a bare walk, all threads"] = lambda: self.run(
                [self.walk, "data", threads], ours)
        in_turn(commands, 1)
        times = in_turn(commands, 9)
        for name, timed in times.items():
            show(name, timed, None if name == "mlops status" else times["mlops status"])
        self.small_checkout(source, ours)
        print(f"  on disk: {size_of(source) / 1e6:.1f} MB of content, "
              f"{size_of(ours / '.mlops') / 1e6:.1f} MB in the store")
        if "push" in self.parts:
            self.push(ours)
        for folder in (source, ours, theirs):
            shutil.rmtree(folder)

    def small_checkout(self, source, ours):
        def checkout():
            shutil.rmtree(ours / "data")
            self.settle()
            return self.run([self.mlops, "checkout", "data"], ours)

        def copy():
            shutil.rmtree(self.scratch / "copy", ignore_errors=True)
            self.settle()
            return self.run(["cp", "-r", source, "copy"], self.scratch)

        times = in_turn({"mlops checkout": checkout, "cp -r": copy}, 3)
        show("mlops checkout", times["mlops checkout"])
        show("cp -r", times["cp -r"], times["mlops checkout"])
        shutil.rmtree(self.scratch / "copy")

    def push(self, ours):
        remote = self.scratch / "remote"
        self.run([self.mlops, "remote", "add", "store", str(remote)], ours)
        self.settle()
        first = self.run([self.mlops, "push", "--remote", "store"], ours)
        show("mlops push to a folder", first, None, "  " + told(first, r"\d+ requests?"))
        again = self.run([self.mlops, "push", "--remote", "store"], ours)
        show("mlops push, nothing to do", again, None, "  " + told(again, r"\d+ requests?"))
        shutil.rmtree(remote)

    # Twenty versions of a table.

    def rows(self, count, start):
        pick = self.numbers
        for i in range(start, start + count):
            yield (f"{i},{pick.random():.9f},{pick.gauss(0, 1):.9f},{pick.expovariate(1):.9f},"
                   f"{pick.randrange(100000)},{pick.choice(WORDS)},{pick.choice(WORDS)},"
                   f"{pick.random():.9f},{pick.random():.9f},{pick.gauss(50, 9):.6f},"
                   f"{pick.choice(('yes', 'no'))}\n").encode()

    def edited(self, rows, how):
        count = max(1, len(rows) // 100)
        if how == "appended":
            return rows + list(self.rows(count, len(rows)))
        if how == "inserted":
            at = self.numbers.randrange(len(rows))
            return rows[:at] + list(self.rows(count, len(rows))) + rows[at:]
        rows = list(rows)
        block = self.numbers.randrange(len(rows) - count)
        for number, new in enumerate(self.rows(count, 0)):
            at = block + number if how == "in one block" else self.numbers.randrange(len(rows))
            if how == "one cell, scattered":
                cells = rows[at].split(b",")
                cells[2] = new.split(b",")[2]
                new = b",".join(cells)
            rows[at] = new
        return rows

    def versions(self):
        target = int(200e6 * self.scale)
        first = list(self.rows(target // 97, 0))
        for how in ("one cell, scattered", "rewritten, scattered", "in one block", "inserted",
                    "appended"):
            folder, rows, sizes, adds = self.project("ours"), first, [], []
            for version in range(20):
                (folder / "table.csv").write_bytes(b"".join(rows))
                adds.append(self.run([self.mlops, "add", "table.csv"], folder))
                shutil.copy(folder / "table.csv.mlops", folder / f"v{version}")
                sizes.append(size_of(folder / ".mlops/objects"))
                if version < 19:
                    rows = self.edited(rows, how)
            one = b"".join(rows)
            print(f"twenty versions of {len(one) / 1e6:.0f} MB, 1% of the rows {how}: "
                  f"{sizes[0] / 1e6:.1f} MB the first, {sizes[-1] / 1e6:.1f} MB all, "
                  f"{sizes[-1] / sizes[0]:.3f} x")
            show("mlops add, first version", adds[0])
            show("mlops add, a later version", median(adds[1:]))
            for version in (0, 10, 19):
                (folder / "table.csv").unlink(missing_ok=True)
                shutil.copy(folder / f"v{version}", folder / "table.csv.mlops")
                self.settle()
                timed = self.run([self.mlops, "checkout", "table.csv"], folder)
                rate = (folder / "table.csv").stat().st_size / timed.wall / 1e6
                show(f"mlops checkout of version {version}", timed, None, f"  {rate:.0f} MB/s")
            if (folder / "table.csv").read_bytes() != one:
                sys.exit("the last version did not come out as it went in")
            self.versions_zstd(one)
            shutil.rmtree(folder)

    def versions_zstd(self, one):
        if not shutil.which("zstd"):
            return
        path = self.scratch / "one.csv"
        path.write_bytes(one)
        for level in ("-1", "-3"):
            timed = self.run(["zstd", "-q", "-f", level, "-T2", "one.csv"], self.scratch)
            show(f"zstd {level} of one version", timed, None,
                 f"  {(self.scratch / 'one.csv.zst').stat().st_size / 1e6:.1f} MB")
        path.unlink()


WORDS = ["north", "south", "east", "west", "spring", "summer", "autumn", "winter"]


def told(timed, pattern):
    found = re.search(pattern, timed.output)
    return found.group() if found else "(no count told)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mlops")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--walk")
    parser.add_argument("--dvc", default="dvc")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--folder", help="where to work; it must be a real disk")
    options = parser.parse_args()
    parts = options.only.split(",")
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        bench = Bench(options, scratch)
        bench.parts = parts
        if not bench.dvc:
            print("dvc: not here, left out")
        for part in ("large", "small", "versions"):
            if part in parts:
                getattr(bench, part)()


main()
