#!/bin/sh
. "$(dirname "$0")/lib.sh"

"$MAKE_RUNS" . || exit 1
run diff shy-heron calm-otter
expect_exit 0
golden diff
run diff shy-heron calm-otter --all
golden diff-all
run diff candidate candidate
golden diff-same
run diff candidate candidate --exit-code
expect_exit 0
run diff --exit-code
expect_exit 1
expect_empty stderr
run diff c90a
expect_exit 0
expect_out '(none)'
run diff shy-heron calm-otter --json
expect_json diff
check 'the interval is told' python3 -c '
import json
diff = json.load(open("out"))
auc = [d for d in diff["differences"] if d["name"] == "roc_auc"][0]
assert auc["interval"] == "within" and abs(auc["delta"] - 0.002) < 1e-12, auc
assert diff["equal"] is False
'
run diff @ @ @
expect_exit 2
run diff none @
expect_exit 5
finish
