#!/usr/bin/env python3
"""completion_scripts.py FOLDER: prints completion_scripts.h, the files of completions/ as texts."""

import sys
from pathlib import Path


def literal(line):
    escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'\t"{escaped}\\n"'


print("/* Made from completions/ by completion_scripts.py. */")
print("static const char *const completion_scripts[] = {")
for shell in ("bash", "fish", "zsh"):
    text = (Path(sys.argv[1]) / f"mlops.{shell}").read_text()
    print("\n".join(literal(line) for line in text.splitlines()) + ",")
print("};")
