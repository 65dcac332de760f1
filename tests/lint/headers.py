#!/usr/bin/env python3
"""headers.py ROOT COMPILER...: every header compiles alone, so that it can be included first."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

def is_body(header):
    """A kernel that several files include with different macros, and not a header of its own."""
    text = header.read_text()
    return "#ifndef MLOPS_" not in text and re.search(r"\b(LANES|SCAN|KERNEL)_", text)


def compile_alone(root, compiler, header):
    name = header.relative_to(root).as_posix()
    # Twice: the guard must hold as well.
    text = f'#include "{header.as_posix()}"\n' * 2
    run = subprocess.run(
        [*compiler, "-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
         "-Wno-unused-function", "-Wno-unused-const-variable", f"-I{root}/include",
         "-x", "c", "-"], input=text, text=True, capture_output=True)
    return "" if run.returncode == 0 else f"{name}:\n{run.stderr}"


def main():
    root, compiler = Path(sys.argv[1]).resolve(), sys.argv[2:]
    headers = [p for folder in ("include", "src", "subcommands")
               for p in sorted((root / folder).rglob("*.h"))
               if not is_body(p)]
    with ThreadPoolExecutor(2) as pool:
        problems = list(filter(None, pool.map(lambda h: compile_alone(root, compiler, h), headers)))
    print("\n".join(problems) if problems else f"{len(headers)} headers compile alone")
    return 1 if problems else 0


sys.exit(main())
