#!/usr/bin/env python3
"""documents.py SOURCE_ROOT: mlops-project(5) and mlops-config(5) name what the schemas describe.

Each property of a schema has its entry on the page (*model.C*) and no other entry is there; its
default and its choices are those of the schema. TAP.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
count = failures = 0


def check(good, title, detail=""):
    global count, failures
    count += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {title}")
    for line in ([] if good else str(detail).splitlines()):
        print(f"#   {line}")


def plain(text):
    return re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)\*", "", text))


def entries(page):
    """'model.C' -> the texts of its entries: the lines below that are indented."""
    found, name = {}, None
    for line in page.read_text().splitlines():
        heading = re.fullmatch(r"\*((?:[^*\\]|\\.)+)\*", line)
        if heading:
            name = plain(heading.group(1))
            found.setdefault(name, []).append("")
        elif line.startswith("\t") and name:
            found[name][-1] += " " + plain(line.strip())
        else:
            name = None
    return found


def resolve(schema, node):
    """A node with what its $ref says below what it says itself."""
    while "$ref" in node:
        target = schema
        for part in node["$ref"].split("/")[1:]:
            target = target[part]
        node = {**target, **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def properties(schema, node, path):
    """(path, node) of every property below a node, of all branches."""
    node = resolve(schema, node)
    members = list(node.get("properties", {}).items())
    if isinstance(node.get("additionalProperties"), dict):
        members.append(("*", node["additionalProperties"]))
    for name, member in members:
        below = f"{path}.{name}" if path else name
        yield below, resolve(schema, member)
        yield from properties(schema, member, below)
    for keyword in ("oneOf", "anyOf", "allOf"):
        for branch in node.get(keyword, []):
            yield from properties(schema, branch, path)


def as_yaml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"' if value in ("", "null") else value
    if isinstance(value, list):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {as_yaml(v)}" for k, v in value.items()) + "}"
    return str(value)


def check_page(name, schema_name, sections_are_entries):
    page = entries(ROOT / "man" / f"{name}.scd")
    schema = json.loads((ROOT / "schemas" / schema_name).read_text())
    described = list(properties(schema, schema, ""))
    if not sections_are_entries:
        described = [(path, node) for path, node in described if "." in path]
    known = {path for path, _ in described}
    check(known, f"{schema_name} describes something")
    detail = "".join(f"not on the page: {x}\n" for x in sorted(known - set(page)))
    detail += "".join(f"only on the page: {x}\n" for x in sorted(set(page) - known))
    check(known == set(page), f"{name} has an entry for each key of {schema_name}", detail)
    for path, node in described:
        texts = page.get(path, [])
        default = node.get("default", "")
        wanted = "" if default == "" else f"Default: {as_yaml(default)}."
        check(any(wanted in text and ("Default:" in text) == bool(wanted) for text in texts),
              f"{name}: {path} has its default", f"{wanted!r} in {texts}")
        missing = [c for c in node.get("enum", []) if not any(str(c) in text for text in texts)]
        check(not missing, f"{name}: {path} has its choices", missing)
    return page


def main():
    check_page("mlops-project.5", "project.schema.json", True)
    settings = check_page("mlops-config.5", "config.schema.json", False)
    for name, texts in settings.items():
        if "*" in name:
            continue  # under a name that users choose: in files only
        variable = "MLOPS_" + name.upper().replace(".", "_")
        check(f"Variable: {variable}." in texts[0], f"mlops-config.5: {name} has its variable")
    print(f"1..{count}")
    return 1 if failures else 0


sys.exit(main())
