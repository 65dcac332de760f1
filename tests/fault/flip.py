#!/usr/bin/env python3
"""flip.py [--most N] MLOPS: flips bytes of a small store, one at a time, and looks who notices.

Of every pack, pointer and stat cache, and of the database. A flip must be found by `mlops fsck` (exit
code 1, or 2 or 3 with an error) or be harmless: fsck is content, and so is `checkout`, which writes
the same files as before. Never may wrong bytes be written, or a command crash.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = {"a.txt": b"some text\n" * 40, "b/c.bin": bytes(range(256)) * 2, "b/d": b""}


def run(mlops, folder, *arguments):
    done = subprocess.run([mlops, *arguments], cwd=folder, capture_output=True, text=True,
                          errors="replace", timeout=60, stdin=subprocess.DEVNULL)
    if done.returncode not in (0, 1, 2, 3, 5):
        raise SystemExit(f"{arguments} ended with {done.returncode}: {done.stderr}")
    return done.returncode


def make(mlops, folder):
    subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True)
    run(mlops, folder, "init", "-q", ".")
    (folder / "data/b").mkdir(parents=True)
    for name, content in FILES.items():
        (folder / "data" / name).write_bytes(content)
    (folder / "single.csv").write_bytes(b"x,y\n1,2\n")
    if run(mlops, folder, "add", "-q", "data", "single.csv"):
        raise SystemExit("add failed")
    if run(mlops, folder, "fsck"):
        raise SystemExit("fsck of the whole store failed")
    # The WAL is folded into the database, so that there is one file to flip.
    subprocess.run([sys.executable, "-c", "import sqlite3; d = sqlite3.connect('.mlops/mlops.db');"
                    "d.execute('PRAGMA wal_checkpoint(TRUNCATE)'); d.close()"], cwd=folder, check=True)


def wrong(folder):
    """A file whose content is not what was added."""
    whole = {"data/" + name: content for name, content in FILES.items()}
    whole["single.csv"] = b"x,y\n1,2\n"
    for name, content in whole.items():
        path = folder / name
        if path.exists() and path.read_bytes() != content:
            return name
    return None


def missing(folder):
    names = ["data/" + name for name in FILES] + ["single.csv"]
    return [name for name in names if not (folder / name).exists()]


def one(mlops, template, work, relative, offset):
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(template, work, symlinks=True)
    path = work / relative
    content = bytearray(path.read_bytes())
    content[offset] ^= 1 << (offset % 8)
    path.write_bytes(content)
    found = run(mlops, work, "fsck")
    # Without the data, so that they come out of the store.
    shutil.rmtree(work / "data")
    (work / "single.csv").unlink()
    restored = run(mlops, work, "-q", "checkout")
    bad = wrong(work)
    if bad:
        return f"'{bad}' has another content"
    if not found and (restored or missing(work)):
        return f"fsck is content, but checkout is not ({restored}, {missing(work)})"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, help="bytes of each file")
    parser.add_argument("--database", type=int, default=4000, help="bytes of the database (4000)")
    parser.add_argument("mlops")
    options = parser.parse_args()
    mlops = os.path.realpath(options.mlops)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    failures = 0
    with tempfile.TemporaryDirectory(prefix="mlops-flip-", dir=memory) as scratch:
        template, work = Path(scratch) / "template", Path(scratch) / "work"
        template.mkdir()
        make(mlops, template)
        names = [p for pattern in ("*.mlops", ".mlops/objects/packs/*.pack", ".mlops/cache/*.stat",
                                   ".mlops/mlops.db") for p in sorted(template.glob(pattern))
                 if p.is_file()]
        if len(names) < 5:
            raise SystemExit(f"too few files: {names}")
        for name in names:
            size = name.stat().st_size
            most = options.database if name.suffix == ".db" else options.most or size
            step = max(1, size // most)
            relative = name.relative_to(template)
            for offset in range(size % step, size, step):
                what = one(mlops, template, work, relative, offset)
                if what:
                    failures += 1
                    print(f"{relative} byte {offset}: {what}", file=sys.stderr)
            print(f"{str(relative):60} {len(range(size % step, size, step))} of {size} bytes", flush=True)
    return failures > 0


sys.exit(main())
