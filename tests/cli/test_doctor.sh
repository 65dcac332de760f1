#!/bin/sh
. "$(dirname "$0")/lib.sh"

run doctor
expect_exit 0
expect_empty stderr
expect_out 'sqlite'
run doctor --json
expect_exit 0
expect_json doctor

# Narrow: nothing is wider than the terminal.
run_shell 'COLUMNS=40 "$MLOPS" doctor'
expect_exit 0
check 'a narrow table fits' python3 -c '
lines = open("out", encoding="utf-8").read().splitlines()
assert all(len(line) <= 40 or line.startswith("(") for line in lines), lines'

run_shell 'LC_ALL=C "$MLOPS" doctor'
expect_exit 0
expect_out 'limited'
check 'ASCII where the locale is not UTF-8' sh -c '! LC_ALL=C grep -q "[^ -~]" out'
finish
