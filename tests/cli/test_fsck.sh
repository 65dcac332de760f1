#!/bin/sh
. "$(dirname "$0")/lib.sh"
unset MLOPS_TEST_ID_SEED

run fsck
expect_exit 5
git init -q -b main .
run init --example breast-cancer .
run fsck
expect_exit 0
golden fsck-empty
run train
run fsck --json
expect_exit 0
expect_json fsck
check 'all is well' python3 - <<'EOF'
import json
answer = json.load(open("out"))
assert answer["problems"] == [] and answer["objects"] > 5 and answer["runs"] == 1, answer
EOF

# pack: the one pack; flip OFFSET: one bit of it.
pack() {
	ls .mlops/objects/packs/*.pack
}
flip() {
	python3 -c 'import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2])); b = f.read(1)[0]; f.seek(-1, 1); f.write(bytes([b ^ 16]))' "$(pack)" "$1"
}
cp -r .mlops whole
# The data are still in the workspace: what is damaged of them is put again.
offset=$(python3 - <<'EOF'
import sqlite3, subprocess
name = subprocess.run(["b3sum", "data/breast_cancer.csv"], capture_output=True, text=True)
db = sqlite3.connect(".mlops/mlops.db")
row = db.execute("SELECT hash FROM inputs").fetchone()
print(db.execute('SELECT "offset" + length - 9 FROM entries WHERE hash = ?',
                 (bytes.fromhex(row[0]),)).fetchone()[0])
EOF
)
flip "$offset"
run fsck
expect_exit 1
expect_out 'damaged'
expect_out 'data/breast_cancer.csv'
expect_err 'mlops fsck --repair'
run fsck --json
expect_exit 1
expect_json fsck
run fsck --quick
expect_exit 0
run fsck --repair --json
expect_exit 0
expect_json fsck
check 'it says what it mended' python3 - <<'EOF'
import json
problem, = json.load(open("out"))["problems"]
assert problem["repaired"] and problem["kind"] == "damaged", problem
assert problem["needed_by"][0]["path"] == "data/breast_cancer.csv", problem
EOF
run fsck
expect_exit 0

# A model is nowhere else: it is named with its run, and stays as it is.
rm -rf .mlops && cp -r whole .mlops
flip "$(python3 - <<'EOF'
import sqlite3
db = sqlite3.connect(".mlops/mlops.db")
hash, = db.execute("SELECT hash FROM artifacts WHERE path = 'model.onnx'").fetchone()
print(db.execute('SELECT "offset" + length - 9 FROM entries WHERE hash = ?',
                 (bytes.fromhex(hash),)).fetchone()[0])
EOF
)"
cp "$(pack)" before
run fsck --repair
expect_exit 1
expect_out 'model.onnx'
check 'nothing was given up' cmp -s before "$(pack)"
run show @:report.html
check 'other artifacts are well' test "$status" = 0

# A pack that is gone: all that it held is lost, but what the workspace has.
rm -rf .mlops && cp -r whole .mlops && rm "$(pack)"
run fsck
expect_exit 1
expect_out 'its pack'
run fsck --repair
expect_exit 1
expect_out 'lost'

# The index is made again.
rm -rf .mlops && cp -r whole .mlops
python3 -c 'import sqlite3
db = sqlite3.connect(".mlops/mlops.db"); db.execute("DELETE FROM entries"); db.commit()'
run fsck
expect_exit 1
expect_out 'unindexed'
run fsck --repair
expect_exit 0
run show @:model.onnx --output model.onnx
run fsck
expect_exit 0

# Pointers that cannot be read, and data that are nowhere.
printf 'nonsense\n' >x.csv.mlops
run fsck
expect_exit 1
expect_out 'pointer'
expect_out 'x.csv'
rm x.csv.mlops

# In a new clone nothing is here: that is no damage as long as no remote was looked at.
mkdir ../origin && cd ../origin || exit 1
git init -q -b main .
run init
seq 1000 >d.csv
run add d.csv
run remote add origin "$scratch/remote"
git add -A && git commit -qm one
git clone -q . ../clone && cd ../clone || exit 1
run init
run fsck
expect_exit 0
expect_out 'not known: mlops pull'
run remote allow origin
run fsck --json
expect_exit 0
expect_json fsck
expect_out '"not_known": 1'
# Looked at, and without it: now it is missing.
run fsck --repair
expect_exit 1
expect_out 'missing'
run fsck
expect_exit 1
cd ../origin || exit 1
run push
cd ../clone || exit 1
run pull
run fsck
expect_exit 0
check 'all is here' lacks out 'not known'
cd ../work || exit 1

# A database that is none.
printf 'nonsense' >.mlops/mlops.db
rm -f .mlops/mlops.db-*
run fsck --json
expect_exit 1
expect_json fsck
expect_err 'packs'
finish
