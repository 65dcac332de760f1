#!/bin/sh
. "$(dirname "$0")/lib.sh"

"$MAKE_RUNS" . || exit 1
run tag calm-otter
golden tag
run tag calm-otter reviewed 'by=a b' --delete candidate --note 'good enough' --name best
expect_exit 0
expect_empty stdout
run tag best --json
expect_json tag
expect_out '"name": "by"'
run show reviewed
expect_out 'good enough'
# All or nothing.
run tag best one --delete nothing
expect_exit 5
run tag best
check 'nothing was changed' lacks out one
run tag best cafe
expect_exit 2
golden tag-refused
run tag none x
expect_exit 5
finish
