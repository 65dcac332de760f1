#!/usr/bin/env python3
"""check_remotes.py MLOPS [KIND...]: push and pull against a folder and real servers, as TAP.

For each kind: few requests for many small files, one exchange when there is nothing to do, two
clones that both worked, a push that is interrupted and goes on, and a pack that was tampered with.
Plain HTTP reads what WebDAV wrote.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from servers import Servers

MLOPS = str(Path(sys.argv[1]).resolve())
KINDS = sys.argv[2:] or ["folder", "s3", "webdav", "sftp", "http"]
SMALL, BIG = 2000, 40_000_000
count = failures = 0
environment = {}


def check(good, title, detail=""):
    global count, failures
    count += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {title}", flush=True)
    if not good and detail:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)


def skip(title, reason):
    global count
    count += 1
    print(f"ok {count} - {title} # SKIP {reason}", flush=True)


def mlops(folder, *arguments, expected=0):
    done = subprocess.run([MLOPS, *arguments], cwd=folder, env=environment, timeout=300,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != expected:
        check(False, f"mlops {' '.join(arguments)}: exit {expected}",
              f"exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def answer(folder, *arguments, expected=0):
    done = mlops(folder, *arguments, "--json", expected=expected)
    return json.loads(done.stdout) if done.stdout.startswith("{") else {}


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def track(folder, path):
    """Tracks a file or a folder of files, by way of the DVC repository that it would be."""
    def cache(content, suffix=""):
        digest = hashlib.md5(content).hexdigest()
        place = folder / ".dvc/cache/files/md5" / digest[:2] / (digest[2:] + suffix)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return digest + suffix
    data = folder / path
    if data.is_dir():
        listing = [{"md5": cache(one.read_bytes()), "relpath": one.relative_to(data).as_posix()}
                   for one in sorted(data.rglob("*")) if one.is_file()]
        digest = cache(json.dumps(listing).encode(), ".dir")
    else:
        digest = cache(data.read_bytes())
    pointer = Path(f"{data}.dvc")
    pointer.write_text(f"outs:\n- md5: {digest}\n  hash: md5\n  path: {data.name}\n")
    mlops(folder, "-q", "import", "--from-dvc", "--force", str(folder))
    pointer.unlink()
    shutil.rmtree(folder / ".dvc/cache")


def content(folder, *paths):
    digest = hashlib.sha256()
    for path in paths:
        root = folder / path
        for one in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if one.is_file():
                digest.update(one.relative_to(folder).as_posix().encode() + one.read_bytes())
    return digest.hexdigest()


def make(folder):
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", ".")
    mlops(folder, "init", "-q")
    (folder / ".dvc").mkdir()
    (folder / "many").mkdir()
    for number in range(SMALL):
        (folder / "many" / f"{number}.txt").write_text(f"file {number}\n" * 20)
    (folder / "big.bin").write_bytes(os.urandom(BIG))
    track(folder, "many")
    track(folder, "big.bin")


def clone(origin, folder, kind):
    git(origin.parent, "clone", "-q", str(origin), str(folder))
    mlops(folder, "init", "-q")
    (folder / ".dvc").mkdir(exist_ok=True)
    mlops(folder, "remote", "allow", kind)


def commit(folder):
    git(folder, "add", "--", ".mlops", "*.mlops", ".gitignore")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")


def check_basics(work, kind, url):
    here, there = work / "here", work / "there"
    make(here)
    mlops(here, "remote", "add", kind, url)
    commit(here)
    sent = answer(here, "push")
    check(sent.get("requests", 999) < 30 and sent.get("objects", 0) >= SMALL,
          f"{kind}: {SMALL} files and a large one are few requests", sent)
    again = answer(here, "push")
    check(again.get("requests") == 1, f"{kind}: nothing to do is one exchange", again)
    clone(here, there, kind)
    got = answer(there, "pull")
    check(got.get("requests", 999) < 40, f"{kind}: they are fetched with few requests", got)
    check(content(here, "many", "big.bin") == content(there, "many", "big.bin"),
          f"{kind}: what was pushed is pulled")
    check(answer(there, "push").get("requests") == 1, f"{kind}: nothing goes back")
    return here, there


def check_both_work(here, there, kind):
    for folder, name in ((here, "one.txt"), (there, "two.txt")):
        (folder / name).write_text(name * 100)
        track(folder, name)
        answer(folder, "push")
    for folder, other, name in ((here, there, "two.txt"), (there, here, "one.txt")):
        shutil.copy(other / f"{name}.mlops", folder)
        mlops(folder, "pull", name)
        check((folder / name).read_text() == name * 100, f"{kind}: {name} came over")


def check_interrupted(here, kind, files):
    """Ctrl-C when some of the packs have arrived: it ends at once, and they are not sent again."""
    def indexes():
        return sorted((files / "index").glob("*.pack"))
    (here / "long.bin").write_bytes(os.urandom(200_000_000))
    track(here, "long.bin")
    before = set(indexes())
    process = subprocess.Popen([MLOPS, "push", "--jobs", "1"], cwd=here, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not set(indexes()) - before:
        time.sleep(0.002)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    took = time.monotonic() - begun
    arrived = set(indexes()) - before
    check(process.returncode != 0, f"{kind}: the push was interrupted", process.stderr.read())
    check(took < 3, f"{kind}: it ended soon", f"{took:.1f} s")
    times = {one: one.stat().st_mtime_ns for one in (files / "packs").glob("*.pack")}
    sent = answer(here, "push")
    check(0 < sent.get("packs", 0) <= 7 - len(arrived) and sent.get("missing") == 0,
          f"{kind}: the rest is sent", f"{len(arrived)} packs had arrived; then {sent}")
    check(all(one.stat().st_mtime_ns == at for one, at in times.items()),
          f"{kind}: no pack is sent twice")
    check(answer(here, "push").get("requests") == 1, f"{kind}: then there is nothing to do")


def check_interrupted_pull(work, here, kind):
    """The same for fetching: what has arrived is not fetched again."""
    folder = work / "slow"
    clone(here, folder, kind)
    shutil.copy(here / "long.bin.mlops", folder)
    packs = folder / ".mlops/objects/packs"
    process = subprocess.Popen([MLOPS, "pull", "--jobs", "1", "long.bin"], cwd=folder,
                               env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and (
            not packs.is_dir() or sum(one.stat().st_size for one in packs.iterdir()) < 30_000_000):
        time.sleep(0.002)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    took = time.monotonic() - begun
    check(process.returncode != 0 and not (folder / "long.bin").exists(),
          f"{kind}: the pull was interrupted", process.stderr.read())
    check(took < 3, f"{kind}: it ended soon", f"{took:.1f} s")
    got = answer(folder, "pull", "long.bin")
    check(0 < got.get("bytes", 0) < 190_000_000, f"{kind}: the rest is fetched", got)
    check((folder / "long.bin").read_bytes() == (here / "long.bin").read_bytes(),
          f"{kind}: and it is whole")


def check_tampered(work, here, kind, files):
    (here / "last.bin").write_bytes(os.urandom(100_000))
    track(here, "last.bin")
    commit(here)
    known = set((files / "packs").glob("*.pack"))
    answer(here, "push")
    for pack in set((files / "packs").glob("*.pack")) - known:
        pack.chmod(0o644)
        with open(pack, "r+b") as stream:
            stream.seek(-50, os.SEEK_END)
            stream.write(b"x")
    third = work / "third"
    clone(here, third, kind)
    done = mlops(third, "pull", "last.bin", expected=3)
    check(f"remote '{kind}'" in done.stderr and not (third / "last.bin").exists(),
          f"{kind}: a changed pack is refused", done.stderr)
    mlops(third, "pull", "big.bin")
    check((third / "big.bin").read_bytes() == (here / "big.bin").read_bytes(),
          f"{kind}: the rest of the remote is good")


def check_kind(work, kind, url, files):
    here, there = check_basics(work, kind, url)
    check_both_work(here, there, kind)
    check_interrupted(here, kind, files)
    check_interrupted_pull(work, here, kind)
    check_tampered(work, here, kind, files)


def check_http(work, url):
    """Read-only, without a listing: what the WebDAV test has left."""
    here = work.parent / "webdav" / "here"
    if not here.is_dir():
        skip("http", "it reads what the WebDAV test wrote")
        return
    folder = work / "reader"
    git(work, "clone", "-q", str(here), str(folder))
    mlops(folder, "init", "-q")
    mlops(folder, "remote", "add", "plain", url)
    mlops(folder, "pull", "--remote", "plain", "big.bin", "many")
    check(content(here, "many", "big.bin") == content(folder, "many", "big.bin"),
          "http: read by the manifest")
    (folder / "new.txt").write_text("new")
    (folder / ".dvc").mkdir(exist_ok=True)
    track(folder, "new.txt")
    check("" != mlops(folder, "push", "--remote", "plain", expected=3).stderr,
          "http: pushing is refused")


def main():
    work = Path(tempfile.mkdtemp(prefix="mlops-remotes-"))
    real = [kind for kind in KINDS if kind != "folder"]
    if "http" in real and "webdav" not in real:
        real.append("webdav")
    try:
        with Servers(real) as servers:
            environment.update(os.environ, MLOPS_FSYNC="0", GIT_CONFIG_NOSYSTEM="1",
                               GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@example.org",
                               GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@example.org",
                               **servers.environment)
            for kind in KINDS:
                (work / kind).mkdir()
                url = environment.get(f"MLOPS_TEST_{kind.upper()}_URL")
                files = environment.get(f"MLOPS_TEST_{kind.upper()}_FILES")
                if kind == "folder":
                    check_kind(work / kind, kind, str(work / "remote"), work / "remote")
                elif kind in servers.missing or not url:
                    skip(kind, servers.missing.get(kind, "there is no such server"))
                elif kind == "http":
                    check_http(work / kind, url)
                else:
                    check_kind(work / kind, kind, url, Path(files))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{count}")
    return 1 if failures else 0


sys.exit(main())
