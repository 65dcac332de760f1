#!/usr/bin/env python3
"""check_import.py MLOPS: `mlops import URL` and its updates against real servers, as TAP."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from servers import Servers

MLOPS = str(Path(sys.argv[1]).resolve())
KINDS = ["s3", "http", "sftp"]
NAME = "one & two ä.csv"
count = failures = 0


def check(good, title, detail=""):
    global count, failures
    count += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {title}", flush=True)
    if not good and detail:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)


def try_kind(kind, url, files, project, environment):
    def run(*arguments):
        return subprocess.run([MLOPS, *arguments], cwd=project, env=environment, timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    files.mkdir(parents=True, exist_ok=True)
    source, target = files / NAME, project / f"{kind}.csv"
    first, second = os.urandom(3_000_000), os.urandom(2_000_000)
    source.write_bytes(first)
    done = run("import", f"{url}/{NAME if kind == 's3' else quote(NAME)}", target.name)
    check(done.returncode == 0 and target.read_bytes() == first, f"{kind}: imported",
          done.stderr)
    if done.returncode:
        return
    done = run("import", "--update", target.name, "--json")
    check('"unchanged"' in done.stdout, f"{kind}: unchanged", done.stdout + done.stderr)
    source.write_bytes(second)
    os.utime(source, (1_700_000_000, 1_700_000_000))
    done = run("import", "--update", target.name, "--json")
    check('"updated"' in done.stdout and target.read_bytes() == second, f"{kind}: updated",
          done.stdout + done.stderr)
    done = run("import", f"{url}/none", "none")
    check(done.returncode == 5 and not (project / "none").exists(), f"{kind}: what is not there",
          done.stderr)
    pointer = (project / f"{kind}.csv.mlops").read_text()
    check("source:" in pointer and "testsecret" not in pointer, f"{kind}: the source", pointer)


def main():
    with Servers(KINDS) as servers, tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **servers.environment, "MLOPS_FSYNC": "0"}
        project = Path(folder) / "project"
        project.mkdir()
        subprocess.run([MLOPS, "init"], cwd=project, env=environment, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for kind in KINDS:
            url = servers.environment.get(f"MLOPS_TEST_{kind.upper()}_URL")
            if url:
                try_kind(kind, url, Path(servers.environment[f"MLOPS_TEST_{kind.upper()}_FILES"]),
                         project, environment)
            else:
                check(True, f"{kind} # SKIP {servers.missing.get(kind, 'is not there')}")
    print(f"1..{count}")
    return 1 if failures else 0


sys.exit(main())
