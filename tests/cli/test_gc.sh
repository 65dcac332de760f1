#!/bin/sh
. "$(dirname "$0")/lib.sh"
unset MLOPS_TEST_ID_SEED

run gc
expect_exit 5
git init -q -b main .
run init --example breast-cancer .
expect_exit 0
run gc
expect_exit 0
golden gc-empty
run train
run train --set model.C=0.01
git add . && git commit -qm data
check 'two runs' test "$("$MLOPS" log --columns name | wc -l)" = 3
"$MLOPS" show @~1:model.onnx >kept.onnx
run rm @
run gc --json
expect_json gc
check 'all is within the grace period' python3 - <<'EOF'
import json
answer = json.load(open("out"))
assert answer["freed"]["objects"] == 0 and not answer["undecided"] and answer["has_repository"]
assert {x["reason"] for x in answer["kept"]} >= {"run", "removed_run"}, answer["kept"]
assert answer["grace_seconds"] == 14 * 86400 and answer["purged_runs"] == 0
EOF
# Two weeks and a day later.
MLOPS_TEST_CLOCK=2026-01-17T03:04:05Z
run gc -n --json
expect_json gc
cp out dry.json
run gc -n
expect_out 'would free 7 objects, '
expect_out ', and 1 removed run'
run gc --json
expect_json gc
check 'it frees what it said' python3 - <<'EOF'
import json
dry, real = json.load(open("dry.json")), json.load(open("out"))
assert dry["dry_run"] and not real["dry_run"]
for key in ("kept", "freed", "left", "purged_runs"):
    assert dry[key] == real[key], (key, dry[key], real[key])
assert real["freed"]["objects"] >= 3 and real["purged_runs"] == 1, real
assert real["disk_bytes"] > 0 and real["packs_rewritten"] == 1
EOF
"$MLOPS" show @:model.onnx >model.onnx
check 'the run that stays has its model' cmp -s model.onnx kept.onnx
run log --all --columns name
check 'the removed run is gone for good' test "$(wc -l <out)" = 2
run gc --json
check 'nothing is left to do' python3 - <<'EOF'
import json
answer = json.load(open("out"))
assert answer["freed"]["entries"] == 0 and answer["disk_bytes"] == 0, answer
EOF

# What cannot be known is not deleted.
run rm @
MLOPS_TEST_CLOCK=2026-03-01T03:04:05Z
echo nonsense >.git/refs/heads/bad
run gc
expect_exit 2
expect_err 'refs/heads/bad'
rm .git/refs/heads/bad
check 'the runs are still there' test "$("$MLOPS" log --all --columns name | wc -l)" = 2
run gc --grace 100w
expect_exit 0
expect_out 'freed 0 objects'
run gc --grace=1d
expect_exit 0
check 'the pack is gone' test -z "$(ls .mlops/objects/packs)"

# A folder's listing that is not here: is it known to be elsewhere?
mkdir d && echo 1 >d/a && "$MLOPS" -q add d && git add . && git commit -qm listing
rm -rf .mlops && "$MLOPS" init -q . && rm -rf d
run gc --grace 0
expect_exit 0
expect_err 'nothing was freed: 1 listing'
run gc --grace 0 --force
expect_exit 0
expect_empty stderr
mkdir d && echo 1 >d/a && "$MLOPS" -q add d
"$MLOPS" -q remote add here "$scratch/remote" && "$MLOPS" -q push
python3 -c 'import sqlite3
db = sqlite3.connect(".mlops/mlops.db"); db.execute("DELETE FROM entries"); db.commit()'
rm .mlops/objects/packs/*
run gc --grace 0
expect_exit 0
check 'it is known to be on the remote' lacks err 'nothing was freed'
run fsck --json
expect_exit 0
check 'not fetched is no damage' grep -q '"not_fetched": 1' out
run fsck --repair
expect_exit 0
run checkout
rm -rf .git
run gc -v
expect_err 'without git'
run gc --grace x
expect_exit 2
finish
