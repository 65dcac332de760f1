#!/bin/sh
. "$(dirname "$0")/lib.sh"

git init -q -b main .
git config user.name A
git config user.email a@example.org
printf 'out\nerr\n' >.gitignore
run init -q
mkdir -p data/raw/sub other
for name in keep edit gone old; do echo "this is $name" >"data/raw/$name.txt"; done
echo same >data/raw/sub/run.sh
echo one >data/table.csv
run add data/raw data/table.csv
git add -A .
git commit -qm one
rm data/raw/gone.txt
mv data/raw/old.txt data/raw/sub/new-name.txt
echo 'this is edited' >data/raw/edit.txt
echo 'this is new' >data/raw/new.txt
chmod +x data/raw/sub/run.sh
run diff data/raw
expect_exit 0
golden diff-data-workspace
run add data/raw
git commit -qam two

# Two revisions; moves are found.
run diff HEAD~1 HEAD data/raw
expect_exit 0
golden diff-data-revisions
run diff HEAD~1 HEAD data/raw --json
expect_json diff
run diff HEAD~1 HEAD data --exit-code
expect_exit 1
run diff HEAD HEAD data --exit-code
expect_exit 0
expect_err 'no difference in'
run diff HEAD~1 HEAD data/raw/edit.txt
expect_out modified
check 'only that file' test "$(wc -l <out)" = 2
run diff HEAD~1 HEAD data/raw/keep.txt
expect_empty stdout
run diff HEAD~1 HEAD data/table.csv
expect_empty stdout
run diff HEAD~1 data/raw
check 'one revision with the files' contains out new-name.txt
run diff HEAD data/raw.mlops
expect_empty stdout
echo two >data/table.csv
run diff data --json
expect_json diff
expect_out data/table.csv
rm data/table.csv
run diff data
expect_out removed
run checkout -q data/table.csv

# A path that only a revision has.
git rm -q data/table.csv.mlops
git commit -qm three
run diff HEAD~1 HEAD data/table.csv
expect_exit 0
expect_out removed
run diff HEAD HEAD data/table.csv
expect_exit 5
expect_err 'tracked neither'

# Runs have read versions of data.
cat >mlops.yaml <<'END'
name: versions
data: {path: data/raw/rows.csv, target: y, split: {test: 0.3, seed: 7}}
model: {type: baseline}
END
python3 -c '
print("x,y")
for i in range(60):
    print(f"{i},{i % 2}")' >data/raw/rows.csv
run add data/raw
MLOPS_TEST_ID_SEED=2
run train --name first
expect_exit 0
echo 61,1 >>data/raw/rows.csv
MLOPS_TEST_ID_SEED=3
run train --name refused
expect_exit 2
expect_err "data/raw/rows.csv"
expect_err 'mlops add data/raw'
expect_err '--allow-changed-data'
run show refused
check 'no run was made' test "$status" = 5
MLOPS_TEST_ID_SEED=4
run train --name allowed --allow-changed-data
expect_exit 0
run show allowed
expect_out data.changed
expect_out data.tracked
run show first
check 'nothing had changed' lacks out data.changed
run diff first allowed data/raw
expect_out data/raw/rows.csv
check 'nothing else differs' test "$(wc -l <out)" = 2
run diff first data/raw
expect_out data/raw/rows.csv
run add data/raw
MLOPS_TEST_ID_SEED=5
run train --name renewed
expect_exit 0
run show renewed
check 'the new version is no change' lacks out data.changed
echo z >data/raw/extra.txt
MLOPS_TEST_ID_SEED=6
run train --name other-file-changed
expect_exit 0
run eval renewed --json
expect_out 'tracked as data/raw@'

# Runs are compared as before; what is both has to be told.
run diff first renewed
expect_exit 0
expect_out data/raw/rows.
run tag first data
run diff data
expect_exit 2
expect_err "say './data'"
run diff ./data
expect_exit 0
run diff first nothing
expect_exit 5
run diff nothing data/raw
expect_exit 5
expect_err 'neither a run nor a git revision'
echo x >untracked.txt
run diff untracked.txt
expect_exit 5
expect_err 'mlops add untracked.txt'
run diff a b c d
expect_exit 2

# Tables: rows and columns.
python3 -c '
print("id,x,city,gone")
for i in range(200):
    print(f"{i},{i * 0.5},{chr(97 + i % 3)},1")' >t.csv
run add t.csv
python3 -c '
print("id,x,city,fresh")
for i in range(5, 204):
    print(f"{i},{i * 0.5 + (10 if i % 10 == 0 else 0)},{chr(97 + i % 3 + (i % 3 == 2))},2")' >t.csv
git add t.csv.mlops .gitignore
git commit -qm table
run diff t.csv
expect_exit 0
golden diff-data-table
run diff t.csv --key id --json
expect_json diff
check 'rows, cells and columns are counted' python3 -c '
import json
table = json.load(open("out"))["table"]
assert (table["rows_added"], table["rows_removed"], table["rows_same"]) == (4, 5, 117), table
# 19 of x and 65 of city, in 78 rows
assert (table["rows_changed"], table["cells_changed"]) == (78, 84), table
kinds = {c["name"]: c["kind"] for c in table["columns"]}
assert kinds == {"id": "kept", "x": "kept", "city": "kept", "fresh": "added", "gone": "removed"}
assert table["changed"][0]["old"]["city"] == "c" and table["changed"][0]["new"]["city"] == "d"
assert table["removed"][0]["new"] is None
'
run add t.csv
git commit -qam 'new table'
run diff HEAD~1 HEAD t.csv
expect_out '4 added, 5 removed, 78 changed'
run diff HEAD~1 HEAD t.csv --key nope
expect_exit 5
run diff HEAD~1 HEAD data --key id
expect_exit 2
run diff first renewed first
expect_exit 2
run diff first renewed --key id
expect_exit 2
echo '"broken' >t.csv
run diff t.csv
expect_exit 0
expect_err 'are not compared'
run diff t.csv --json
expect_json diff

# Without git: the pointers on disk.
mkdir ../nogit && cd ../nogit || exit 1
run init -q
mkdir d
echo a >d/a
run add d
echo b >d/a
run diff d --json
expect_json diff
expect_out '"from": "pointers"'
finish
