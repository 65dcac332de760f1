#!/bin/sh
. "$(dirname "$0")/lib.sh"

"$MAKE_RUNS" . || exit 1
run metric candidate roc_auc
expect_exit 0
check 'a bare number with all its digits' test "$(cat out)" = 0.995
run metric candidate extra/f1=0.1 extra/f1=0.25 a=b=1e-3 --step 3
expect_exit 0
expect_empty stdout
run metric candidate extra/f1
check 'the later value of a step counts' test "$(cat out)" = 0.25
run metric candidate 'a=b' --step 3
expect_exit 2
run metric candidate extra/f1=nan --step 4
run metric candidate extra/f1 --history
golden metric-history
run metric candidate extra/f1 --history --json
expect_json metric
run metric candidate x=1 roc_auc
expect_exit 2
run metric candidate roc_auk
expect_exit 5
golden metric-typo
run metric none x=1
expect_exit 5
# While another process writes, a script waits and is not refused.
run_shell 'for i in 1 2 3 4 5 6 7 8; do "$MLOPS" metric @ "p$i=$i" & done; wait'
run_shell '"$MLOPS" metric @ p1 p2 p3 p4 p5 p6 p7 p8'
check 'eight at once' test "$(wc -l <out)" = 9
finish
