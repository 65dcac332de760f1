#!/usr/bin/env python3
"""Checks the house rules that a compiler does not.

Which floor includes which (src/meson.build is the truth), who may include which outside library,
functions that only one file may call, and the length of files and functions.
"""

import re
import sys
from pathlib import Path

# Outside headers that one room only may include: prefix of the header, path prefix of the room.
OWNERS = {
    "uthash": "src/base/map.c",
    "cblas": "src/numeric/",
    "lapacke": "src/numeric/",
    "openssl/": "src/system/",
    "yaml": "src/document/",
    "jansson": "src/document/",
    "sqlite3": "src/database/",
    "git2": "src/git/",
    "curl/": "src/transfer/",
    "expat": "src/transfer/",
    "zstd": "src/store/",
    "onnx": "src/model/",
    "protobuf-c": "src/model/",
}

# Calls that only the named files may make.
BANNED = {
    "malloc": "src/base/memory.c",
    "calloc": "src/base/memory.c",
    "realloc": "src/base/memory.c",
    "aligned_alloc": "src/base/memory.c",
    "free": "src/base/memory.c",
    "strtol": "", "strtoul": "", "strtoll": "", "strtoull": "", "atoi": "", "atof": "",
    "strtod": "src/base/parse.c src/base/strbuf.c",
    "sprintf": "", "vsprintf": "", "strcpy": "", "strcat": "", "strncpy": "", "strncat": "",
    "gets": "", "sscanf": "", "rand": "", "srand": "", "random": "", "setlocale": "",
    "dlopen": "src/base/library.c",
    "printf": "src/ui/ subcommands/", "puts": "src/ui/ subcommands/",
    "putchar": "src/ui/ subcommands/",
    "exit": "subcommands/main.c", "abort": "src/base/error.c",
    "getenv": "src/base/cpu.c src/base/clock.c src/base/id.c src/system/environment.c",
    "system": "", "popen": "", "readdir": "src/system/",
}

FILE_LINES, FUNCTION_LINES = 600, 100


def floors(root):
    """floor -> floors it may use, read from the dictionary in src/meson.build."""
    text = (root / "src/meson.build").read_text()
    body = text[text.index("floor_uses = {"):text.index("\n}\n")]
    return {name: set(re.findall(r"'(\w+)'", uses))
            for name, uses in re.findall(r"'(\w+)': \[([^\]]*)\]", body)}


def strip(code):
    """Comments and literals blanked, lines kept."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), code, flags=re.S)


def check_file(root, path, uses, problems):
    name = path.relative_to(root).as_posix()
    code = path.read_text()
    floor = name.split("/")[2 if name.startswith("include/") else 1]
    if name.startswith("subcommands/"):
        floor = None
    for number, line in enumerate(code.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not found:
            continue
        header = found.group(1)
        inner = re.match(r"mlops/(\w+)/", header)
        if inner and floor and inner.group(1) not in uses[floor] | {floor}:
            problems.append(f"{name}:{number}: floor '{floor}' may not use '{inner.group(1)}'")
        for prefix, owner in OWNERS.items():
            if header.startswith(prefix) and not name.startswith(owner):
                problems.append(f"{name}:{number}: <{header}> belongs to {owner}")
    bare = strip(code)
    for number, line in enumerate(bare.splitlines(), 1):
        for call in re.findall(r"(?<![\w.>])(\w+)\s*\(", line):
            allowed = BANNED.get(call)
            if allowed is None or re.match(r"\s*#\s*define|.*\b(int|void|char|bool)\s+\*?" + call, line):
                continue
            if not any(name.startswith(owner) for owner in allowed.split()):
                problems.append(f"{name}:{number}: {call}() is not called here, see tests/lint")
    lines = code.count("\n")
    if lines > FILE_LINES:
        problems.append(f"{name}: {lines} lines, over {FILE_LINES}: which two topics does it hold?")
    check_functions(name, bare, problems)


def check_functions(name, bare, problems):
    start, title = None, ""
    lines = bare.splitlines()
    for number, line in enumerate(lines, 1):
        if line == "{":
            start, title = number, lines[number - 2].strip()
        elif line == "}" and start:
            if number - start > FUNCTION_LINES:
                problems.append(f"{name}:{start}: function of {number - start} lines: {title}")
            start = None


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    uses = floors(root)
    problems = []
    for folder in ("include", "src", "subcommands"):
        for path in sorted((root / folder).rglob("*.[ch]")):
            check_file(root, path, uses, problems)
    print("\n".join(problems) if problems else "the house is in order")
    return 1 if problems else 0


sys.exit(main())
