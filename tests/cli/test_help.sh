#!/bin/sh
. "$(dirname "$0")/lib.sh"

run help
expect_exit 0
expect_empty stderr
expect_out 'usage: mlops [OPTION...] COMMAND ...'
run help version
expect_exit 0
golden help-version
run version --help
expect_exit 0
golden help-version
run --help version
expect_exit 0
golden help-version

run help --json
expect_exit 0
expect_json help
expect_out '"schema": "mlops.help/1"'
check 'it is JSON' python3 -c 'import json, sys; json.load(open("out"))'

run help hlep
expect_exit 5
golden help-unknown

# Every help text fits 80 columns, is on stdout, and exits with 0.
for command in $("$MLOPS" help --json | python3 -c '
import json, sys
for command in json.load(sys.stdin)["commands"]:
    print(command["name"])
    for child in command["commands"]:
        print(command["name"] + "+" + child["name"])
'); do
	words=$(echo "$command" | tr + ' ')
	# shellcheck disable=SC2086
	run $words -h
	check "'$words -h' is well" test "$status" = 0 -a -s out -a ! -s err
	check "'$words -h' fits 80 columns" python3 -c '
import sys
sys.exit(any(len(line.rstrip("\n")) > 80 for line in open("out", encoding="utf-8")))'
done
finish
