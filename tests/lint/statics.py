#!/usr/bin/env python3
"""A static function's name begins with a word of its file's name, and no two of a floor are equal.

So a name tells where it lives (yaml_read.c: yaml_position, read_all), and a unity build, which puts
the files of a library together, does not clash. Two equal names are an error; of names that the
rule does not fit a few are borne with.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

# Files whose functions are named after something smaller than the file, and why.
OTHERWISE = {
    "src/model/operator_*.c": "after the ONNX operator that they carry out",
}

# So many others may there be; lower it when there are fewer. They are listed as warnings.
BUDGET = 40

DEFINITION = re.compile(r"^static\s[^;={]*?\b(\w+)\([^;]*?\)\s*\n\{", re.M)


def fits(function, path):
    """Is its first word one of the file's, or made from one: problems, problem; plan, planner?"""
    first = function.split("_")[0]
    return any(first == word or first == word.rstrip("s") or
               (len(word) >= 4 and first.startswith(word))
               for word in path.stem.strip("_").split("_"))


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    problems, warnings = [], []
    for floor in sorted((root / "src").iterdir()) + [root / "subcommands"]:
        owners = defaultdict(list)
        for path in sorted(floor.glob("*.c")) if floor.is_dir() else []:
            name = path.relative_to(root).as_posix()
            functions = DEFINITION.findall(path.read_text())
            for function in set(functions):
                owners[function].append(path.name)
            if any(path.match(pattern) for pattern in OTHERWISE):
                continue
            odd = [f for f in functions if not fits(f, path)]
            warnings += [f"{name}: {function}() is named after no word of the file"
                         for function in odd]
        for function, files in sorted(owners.items()):
            if len(files) > 1:
                problems.append(f"{floor.name}: {function}() stands in {' and '.join(files)}")
    if len(warnings) > BUDGET:
        problems.append(f"{len(warnings)} functions are named after no word of their file; "
                        f"{BUDGET} may be")
    print("\n".join(warnings + problems) or "all static functions are named after their files")
    return 1 if problems else 0


sys.exit(main())
