#!/bin/sh
. "$(dirname "$0")/lib.sh"

run schema
expect_exit 0
expect_out 'project'
run schema project
expect_exit 0
check 'the schema is printed as it is' cmp -s out "$source_root/schemas/project.schema.json"
run schema projct
expect_exit 5
golden schema-typo
run schema --json
expect_exit 0
expect_json schema
check 'the list is JSON' python3 -c '
import json
names = [schema["name"] for schema in json.load(open("out"))["schemas"]]
assert "project" in names and names == sorted(names), names
'
run schema project --json
expect_exit 2
finish
