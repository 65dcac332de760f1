#!/usr/bin/env python3
"""import_dvc.py MLOPS: does `mlops import --from-dvc` take what DVC has stored, byte by byte?

A repository is made by DVC itself: a file in two versions, a folder with odd names, a file that a
folder's .dvc names, a pipeline with cached and uncached outputs, an import of DVC's own, with the
data copied, linked, and only in the cache. The contents must come out of our store equal to what
DVC's checkout gives. DVC is that of tests/peers/venv or of the folder of MLOPS_PEERS_PYTHON.
Exit 0 if all is equal, 1 if not, 77 if DVC is not there.
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = pathlib.Path(os.environ.get("MLOPS_PEERS_PYTHON", HERE / "venv/bin/python"))
MLOPS = str(pathlib.Path(sys.argv[1]).resolve())
failures = 0


def check(title, good, detail=""):
    global failures
    failures += not good
    print(("ok" if good else "NOT OK") + f": {title}" + (f" ({detail})" if detail else ""))


def run(*command, where, codes=(0,)):
    done = subprocess.run(command, cwd=where, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300, check=False)
    if done.returncode not in codes:
        print(done.stdout + done.stderr)
        sys.exit(f"{' '.join(command)}: exit {done.returncode}")
    return done


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def content_of(path):
    if path.is_file():
        return path.read_bytes()
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*"))
            if p.is_file()}


def make(repository):
    """A repository of DVC with one of everything; the paths that it caches."""
    random.seed(20261124)
    run("git", "init", "-q", "-b", "main", ".", where=repository)
    run(DVC, "init", "-q", where=repository)
    write(repository / "table.csv", b"a,b\r\n1,2\r\n" * 1000)
    run(DVC, "add", "-q", "table.csv", where=repository)
    run("git", "add", ".", where=repository)
    run("git", "commit", "-qm", "one", where=repository)
    write(repository / "table.csv", b"a,b\n3,4\n" * 2000)
    for name in ("1.bin", "sub/ä ö.bin", "sub/\U0001F600", "sub/q\"\\z", "del\x7f", "deep/er/x"):
        write(repository / "images" / name, random.randbytes(random.randrange(0, 300000)))
    write(repository / "images/empty", b"")
    write(repository / "data/raw/only.txt", b"only\n")
    run(DVC, "add", "-q", "table.csv", "images", "data/raw/only.txt", where=repository)
    write(repository / "dvc.yaml", b"""stages:
  fit:
    cmd: cp table.csv out/model.bin && echo '{}' > metrics.json
    wdir: work
    deps: [../table.csv]
    outs: [out/model.bin]
    metrics: [metrics.json: {cache: false}]
""".replace(b"cp table.csv", b"cp ../table.csv"))
    (repository / "work/out").mkdir(parents=True)
    run(DVC, "repro", "-q", where=repository)
    write(repository / "elsewhere/source.txt", b"from a URL\n")
    run(DVC, "import-url", "-q", str(repository / "elsewhere/source.txt"), "fetched.txt",
        where=repository)
    run("git", "add", ".", where=repository)
    run("git", "commit", "-qm", "two", where=repository)
    return ["table.csv", "images", "data/raw/only.txt", "work/out/model.bin", "fetched.txt"]


def take_over(title, repository, tracked):
    expected = {path: content_of(repository / path) for path in tracked}
    if title == "only in the cache":
        for path in tracked:
            target = repository / path
            shutil.rmtree(target) if target.is_dir() else target.unlink()
    run(MLOPS, "init", where=repository)
    done = run(MLOPS, "import", "--from-dvc", "--json", where=repository)
    states = {row["path"]: row["state"] for row in json.loads(done.stdout)["imports"]}
    check(f"{title}: all is taken", all(states.get(path) == "new" for path in tracked), str(states))
    check(f"{title}: metrics stay in git", states.get("work/metrics.json") == "git")
    run("git", "add", "-A", where=repository)
    run("git", "commit", "-qm", "three", where=repository)
    # Out of our store, into another project.
    other = repository.parent / (repository.name + "-other")
    other.mkdir()
    run(MLOPS, "init", where=other)
    shutil.rmtree(repository / ".dvc/cache", ignore_errors=True)
    for number, path in enumerate(tracked):
        run(MLOPS, "import", "--from", str(repository), path, "-o", f"o{number}", where=other)
        check(f"{title}: {path}", content_of(other / f"o{number}") == expected[path])


def main():
    with tempfile.TemporaryDirectory() as folder:
        first = pathlib.Path(folder) / "first"
        first.mkdir()
        ENVIRONMENT["HOME"] = folder
        tracked = make(first)
        before = run(DVC, "status", where=first).stdout
        for title, kind in (("linked", "symlink"), ("hard", "hardlink"),
                            ("only in the cache", None), ("copied", "copy")):
            clone = pathlib.Path(folder) / title.split()[0]
            shutil.copytree(first, clone, symlinks=True)
            if kind:
                run(DVC, "config", "cache.type", kind, where=clone)
                run(DVC, "checkout", "-q", "--relink", where=clone)
            take_over(title, clone, tracked)
        # A path of a foreign DVC repository, of an older commit, from its cache.
        project = pathlib.Path(folder) / "project"
        project.mkdir()
        run(MLOPS, "init", where=project)
        run(MLOPS, "import", "--from", str(first), "table.csv", "--rev", "HEAD~1", where=project)
        check("the version before", (project / "table.csv").read_bytes() == b"a,b\r\n1,2\r\n" * 1000)
        run(MLOPS, "import", "--from", str(first), "images/sub/ä ö.bin", "-o", "one",
            where=project)
        check("a file of a folder", content_of(project / "one")
              == content_of(first / "images/sub/ä ö.bin"))
        check("DVC finds its repository as it was", run(DVC, "status", where=first).stdout == before)
    return 1 if failures else 0


DVC = str(PYTHON.parent / "dvc")
ENVIRONMENT = {"PATH": f"{PYTHON.parent}:{os.environ.get('PATH', '')}", "LC_ALL": "C.UTF-8",
               "DVC_NO_ANALYTICS": "1", "GIT_CONFIG_NOSYSTEM": "1", "MLOPS_FSYNC": "0",
               "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
               "GIT_COMMITTER_EMAIL": "a@b"}
if not os.access(DVC, os.X_OK):
    print(f"SKIPPED: there is no {DVC}; run tests/peers/setup")
    sys.exit(77)
sys.exit(main())
