#!/bin/sh
. "$(dirname "$0")/lib.sh"

"$MAKE_RUNS" . || exit 1
run rm -n @~1 plain-moth
expect_exit 0
golden rm-dry-run
run log --columns name
expect_out calm-otter
# @ and @~1 are both meant as they are before the first goes.
run rm @ @~1
expect_exit 0
golden rm
run log --columns name
check 'two are gone' test "$(wc -l <out)" = 4
run rm plain-moth nothing
expect_exit 5
run log --columns name
expect_out plain-moth
run rm --restore 7f3a9c20 --json
expect_json rm
run log --columns name
expect_out calm-otter
finish
