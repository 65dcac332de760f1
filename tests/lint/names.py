#!/usr/bin/env python3
"""A public name stands in one header only.

Rooms do not see all others, but commands do, and the linker does: two structs or functions of one
name would meet there first.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path


def public_names(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    yield from (f"struct {name}" for name in re.findall(r"^struct (\w+) \{", text, re.M))
    yield from (f"enum {name}" for name in re.findall(r"^enum (\w+) \{", text, re.M))
    yield from re.findall(r"^[a-z][\w \*]*?\b\*?(\w+)\(", text, re.M)
    yield from re.findall(r"^\s*([A-Z][A-Z0-9_]+)\s*(?:=[^,\n]*)?,", text, re.M)
    yield from re.findall(r"#\s*define (\w+)", text)


def main():
    root = Path(sys.argv[1])
    found = defaultdict(set)
    for header in sorted((root / "include").rglob("*.h")):
        for name in public_names(header.read_text()):
            found[name].add(header.relative_to(root).as_posix())
    problems = [f"'{name}' stands in {' and '.join(sorted(headers))}"
                for name, headers in sorted(found.items()) if len(headers) > 1]
    print("\n".join(problems) if problems else f"{len(found)} public names, each once")
    return 1 if problems else 0


sys.exit(main())
