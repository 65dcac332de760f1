#!/usr/bin/env python3
"""pages.py MLOPS SOURCE_ROOT: the manual says what the command tables say, in both directions.

For every command of `mlops help --json`: its page exists, with the summary, synopsis, options and
operands of the tables and no others; it has a test of the tool and, if it answers in JSON, a schema
of the answer. mlops(1) lists all commands, global options and exit codes. TAP.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

MLOPS, ROOT = sys.argv[1], Path(sys.argv[2])
problems = []
count = 0


def check(good, title, detail=""):
    global count
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} - {title}")
    if not good:
        problems.append(title)
        for line in str(detail).splitlines():
            print(f"#   {line}")


def same(title, page, table):
    """Both are collections of texts; what one lacks is named."""
    page, table = set(page), set(table)
    detail = "".join(f"only in the manual: {x}\n" for x in sorted(page - table))
    detail += "".join(f"not in the manual: {x}\n" for x in sorted(table - page))
    check(page == table, title, detail)


def plain(text):
    """scdoc's markup removed: *bold*, _underlined_ at word boundaries, escapes."""
    text = re.sub(r"(?<!\\)\*", "", text)
    text = re.sub(r"(?<![\w\\])_([^_]+)_(?!\w)", r"\1", text)
    return re.sub(r"\\(.)", r"\1", text)


def sections(name):
    """Title of each section of a page -> its lines; None if there is no such page."""
    path = ROOT / "man" / f"{name}.scd"
    if not path.exists():
        return None
    result, title = {}, ""
    for line in path.read_text().splitlines():
        if line.startswith("# "):
            title = line[2:]
        result.setdefault(title, []).append(line)
    return result


def described_options(lines):
    """'-n, --limit N' of each line that begins the description of an option."""
    found = []
    for line in lines:
        if re.match(r"^\*-", line):
            found.append(plain(line).strip())
    return found


def option_text(option):
    letter = f"-{option['letter']}" if option["letter"] else ""
    name = option["name"] or ""
    if name:
        name = ("--[no-]" if option["negatable"] and option["default"] else "--") + name
    text = ", ".join(part for part in (letter, name) if part)
    return text + (f" {option['argument']}" if option["argument"] else "")


def shown(options):
    return [option_text(option) for option in options if not option["hidden"]]


def check_command(command, test_names):
    name = command["name"]
    page = sections(f"mlops-{name}.1")
    check(page is not None, f"{name}: has a page man/mlops-{name}.1.scd")
    check(name in test_names, f"{name}: has a test tests/cli/test_{name}.sh")
    if page is None:
        return
    title = "\n".join(page.get("NAME", []))
    check(f"mlops-{name} - {command['summary']}\n" in title + "\n",
          f"{name}: the page has the summary of the table", command["summary"])
    synopsis = [plain(line).strip().rstrip("+").strip() for line in page.get("SYNOPSIS", [])[1:]]
    usage = list(command["usage"])
    options = shown(command["options"])
    operands = list(command["operands"])
    if command["commands"]:
        usage = [line for child in command["commands"] for line in child["usage"]]
        options = [o for child in command["commands"] for o in shown(child["options"])]
        operands = [o for child in command["commands"] for o in child["operands"]]
        page_text = "\n".join(map(plain, sum(page.values(), [])))
        for child in command["commands"]:
            check(f"mlops {name} {child['name']}" in page_text,
                  f"{name} {child['name']}: is on the page")
    same(f"{name}: the synopsis is the usage", filter(None, synopsis), usage)
    same(f"{name}: the options are those of the table",
         described_options(page.get("OPTIONS", [])), options)
    everything = "\n".join(map(plain, sum(page.values(), [])))
    for operand in operands:
        check(re.search(rf"\b{re.escape(operand['name'])}\b", everything),
              f"{name}: the operand {operand['name']} is explained")


def check_schema(command, prefix=""):
    """A command that answers in JSON has a schema of the answer, with the fields of its rows."""
    name = prefix + command["name"]
    for child in command["commands"]:
        check_schema(child, name + ".")
    if not command["json"]:
        return
    path = ROOT / "schemas/output" / f"{name}.schema.json"
    check(path.exists(), f"{name}: has a schema schemas/output/{name}.schema.json")
    if not path.exists():
        return
    text = path.read_text()
    schema = json.loads(text)
    names = [shape["properties"]["schema"].get("const") for shape in schema.get("oneOf", [schema])]
    check(set(names) == {f"mlops.{name}/1"},
          f"{name}: the schema's \"schema\" is mlops.{name}/1")
    for row in command["rows"]:
        check(f'"{row["key"]}"' in text, f"{name}: the schema has the field '{row['key']}'")


def check_main_page(table):
    page = sections("mlops.1")
    commands = {c["name"]: c for c in table["commands"] if not c["hidden"]}
    lines = page["COMMANDS"]
    listed, groups, group = {}, {}, ""
    for line, following in zip(lines, lines[1:] + [""]):
        if line.startswith("## "):
            group = line[3:]
        found = re.match(r"^\*mlops-(.+)\*\(1\)$", line)
        if found:
            listed[found.group(1)] = plain(following).strip()
            groups[found.group(1)] = group
    same("mlops(1) lists the commands", listed.items(),
         [(name, c["summary"]) for name, c in commands.items()])
    same("mlops(1) has them in their groups", groups.items(),
         [(name, c["group"]) for name, c in commands.items()])
    same("mlops(1) has the global options", described_options(page["OPTIONS"]),
         [option_text(o) for o in table["global_options"]])
    codes = [m.group(1) for m in (re.match(r"^\*(\d+)\*$", x) for x in page["EXIT STATUS"]) if m]
    same("mlops(1) has the exit codes", codes, [str(c["code"]) for c in table["exit_codes"]])


def check_settings():
    """mlops-config(5) describes the settings that `mlops config list` shows, and their variables."""
    run = subprocess.run([MLOPS, "config", "list", "--json"], check=True, capture_output=True,
                         text=True, env={"LC_ALL": "C.UTF-8"})
    settings = [s["name"] for s in json.loads(run.stdout)["settings"]]
    page = sections("mlops-config.5")
    found = [m.group(1) for m in (re.match(r"^\*([a-z_]+\.[a-z_]+)\*", x)
                                  for x in page["SETTINGS"]) if m]
    same("mlops-config(5) has the settings", found, settings)


def check_table(table):
    names = [c["name"] for c in table["commands"]]
    check(names == sorted(names) and len(set(names)) == len(names), "the commands are sorted")
    letters = {o["letter"] for o in table["global_options"] if o["letter"]}
    reserved = {"n": "dry-run", "o": "output", "j": "jobs", "m": "message", "f": "force",
                "r": "remote", "a": "all-commits"}

    def walk(command, path):
        title = f"{path}{command['name']}"
        summary = command["summary"]
        check(len(summary) <= 60 and not summary.endswith(".") and summary[0].islower(),
              f"{title}: the summary is short, lower case, without a full stop", summary)
        seen = [o["name"] for o in command["options"]]
        check(len(seen) == len(set(seen)), f"{title}: no option stands twice", seen)
        for option in command["options"]:
            letter = option["letter"]
            if letter:
                check(letter not in letters and reserved.get(letter) == option["name"],
                      f"{title}: -{letter} means what it means everywhere", option["name"])
        for child in command["commands"]:
            walk(child, title + " ")

    for command in table["commands"]:
        walk(command, "")


def check_references():
    """Every page that a page names exists: *mlops-log*(1)."""
    for path in sorted((ROOT / "man").glob("*.scd")):
        for name, section in re.findall(r"\*(mlops[\w-]*)\*\((\d)\)", path.read_text()):
            target = ROOT / "man" / f"{name}.{section}.scd"
            if not target.exists():
                check(False, f"{path.name}: names {name}({section}), which does not exist")
    check(True, "references were looked up")


def main():
    run = subprocess.run([MLOPS, "help", "--json"], check=True, capture_output=True, text=True)
    table = json.loads(run.stdout)
    tests = {p.stem[len("test_"):] for p in (ROOT / "tests/cli").glob("test_*.sh")}
    check_table(table)
    check_main_page(table)
    for command in table["commands"]:
        if not command["hidden"]:
            check_command(command, tests)
            check_schema(command)
    same("no page is about a command that there is not",
         [p.name for p in (ROOT / "man").glob("mlops-*.1.scd")],
         [f"mlops-{c['name']}.1.scd" for c in table["commands"] if not c["hidden"]])
    check_settings()
    check_references()
    print(f"1..{count}")
    return 1 if problems else 0


sys.exit(main())
