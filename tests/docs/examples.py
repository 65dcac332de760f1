#!/usr/bin/env python3
"""examples.py MLOPS SOURCE_ROOT: the examples of the manual do what they show.

In a man page, a block behind the comment "; runnable" is a session: lines that begin with "$ " are
given to a shell, the lines below them are what it prints (stdout and stderr). "..." stands for any
text in a line, and alone for any lines; a command with nothing below it may print anything. All
blocks of a page run in one scratch folder, from top to bottom; "; runnable in EXAMPLE" starts a new
one, with a copy of examples/EXAMPLE. Every command must exit with 0. TAP.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MLOPS, ROOT = Path(sys.argv[1]).resolve(), Path(sys.argv[2])


def blocks(path):
    """(line number, example or '', lines) of each runnable block of a page."""
    lines = path.read_text().splitlines()
    for i, line in enumerate(lines):
        found = re.match(r"^; runnable(?: in (\S+))?$", line)
        if not found:
            continue
        if lines[i + 1] != "```":
            raise SystemExit(f"{path.name}:{i + 1}: no block follows")
        end = lines.index("```", i + 2)
        yield i + 2, found.group(1) or "", lines[i + 2:end]


def steps(lines):
    """(command, expected lines) of a session."""
    result = []
    for line in lines:
        if line.startswith("$ "):
            result.append((line[2:], []))
        else:
            result[-1][1].append(line)
    return result


def fits(expected, actual):
    """Do the lines fit the pattern, "..." standing for any number of lines?"""
    if not expected:
        return not actual
    if expected[0].strip() == "...":
        return any(fits(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    pattern = re.escape(expected[0].rstrip()).replace(re.escape("..."), ".*")
    return bool(actual) and re.fullmatch(pattern, actual[0].rstrip()) is not None and \
        fits(expected[1:], actual[1:])


def environment(home):
    result = {k: v for k, v in os.environ.items() if not k.startswith(("MLOPS_", "XDG_", "GIT_"))}
    result.update(HOME=home, PATH=f"{MLOPS.parent}:{os.environ['PATH']}", LC_ALL="C.UTF-8",
                  TZ="UTC", COLUMNS="80", TERM="dumb", MLOPS_TEST_CLOCK="2026-01-02T03:04:05Z",
                  MANPATH="/nonexistent", MLOPS_SYSTEM_CONFIG="/nonexistent",
                  GIT_CONFIG_NOSYSTEM="1",
                  GIT_AUTHOR_NAME="A", GIT_AUTHOR_EMAIL="a@example.org",
                  GIT_COMMITTER_NAME="A", GIT_COMMITTER_EMAIL="a@example.org")
    result.pop("NO_COLOR", None)
    return result


def run_step(command, expected, folder, env):
    """None if it does what it shows, else what is wrong."""
    run = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    output = run.stdout.decode("utf-8", "replace").splitlines()
    if run.returncode:
        return f"exit {run.returncode}\n" + "\n".join(output)
    if expected and not fits(expected, output):
        return "printed:\n" + "\n".join(output)
    return None


def main():
    count = failures = 0
    for path in sorted((ROOT / "man").glob("*.scd")):
        with tempfile.TemporaryDirectory(prefix="mlops-docs-") as scratch:
            folder = Path(scratch) / "work"
            folder.mkdir()
            env = environment(scratch)
            for number, example, lines in blocks(path):
                if example:
                    folder = Path(scratch) / f"{example}-{number}"
                    shutil.copytree(ROOT / "examples" / example, folder)
                for command, expected in steps(lines):
                    count += 1
                    wrong = run_step(command, expected, folder, env)
                    failures += wrong is not None
                    print(f"{'ok' if wrong is None else 'not ok'} {count} - "
                          f"{path.name}:{number}: {command.replace('#', '')}")
                    for line in (wrong or "").splitlines():
                        print(f"#   {line}")
    print(f"1..{count}")
    return 1 if failures else 0


sys.exit(main())
