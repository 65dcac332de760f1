#!/bin/sh
. "$(dirname "$0")/lib.sh"

run log
expect_exit 5
expect_err 'mlops init'
"$MAKE_RUNS" . || exit 1
run log
expect_exit 0
golden log
run log --sort -metrics.roc_auc --filter 'metrics.roc_auc > 0.9 and not tags.team'
golden log-filter
run log --columns 'name,params.model.C,duration,dirty,metrics.log_loss' --limit 2
golden log-columns
run log --filter 'status in (failed, crashed) or params.model.C <= 0.1' --columns name
golden log-or
run log --filter "started < '2026-01-01' and started >= -80h" --columns name,started
golden log-dates
run log --filter 'metrics.nothing > 1'
expect_exit 0
golden log-nothing
# What is refused is pointed at.
for filter in 'metrics.roc_auc > 0.9 and' "statsu = 'failed'" 'params.model.type = logistic' \
	"metrics.roc_auc > '0.9'"; do
	run log --filter "$filter"
	expect_exit 2
	cat "$scratch/err" >>refused
done
cp refused "$scratch/err"
: >"$scratch/out"
golden log-refused
run log --filter 'metrics.a >' --json
expect_exit 2
expect_err '"column":12'
run log --sort -roc_auc
expect_exit 2
expect_err 'metrics.roc_auc'
run log --columns 'name,metrics.'
expect_exit 2
run log --json
expect_exit 0
expect_json log
check 'raw numbers and all of a run' python3 -c '
import json
runs = json.load(open("out"))["runs"]
assert [r["name"] for r in runs][1:] == ["calm-otter", "shy-heron", "loud-crow", "plain-moth"]
assert runs[1]["metrics"] == {"log_loss": 0.081, "roc_auc": 0.995}, runs[1]
assert runs[0]["metrics"]["log_loss"] == "Infinity" and runs[0]["status"] == "cancelled"
assert runs[1]["tags"] == {"candidate": ""} and runs[1]["params"]["model.C"] == "1"
'
run log --limit 2 --json
check 'the limit is told' grep -q '"more": true' out
run __complete -- show cal
check 'names of runs are completed' grep -q '^calm-otter' out
run __complete -- metric @ roc
check 'names of metrics are completed' grep -q '^roc_auc' out
run rm 51d0
run log --columns name
check 'a removed run is hidden' lacks out shy-heron
run log --columns name --all
expect_out 'removed'
finish
