#!/bin/sh
. "$(dirname "$0")/lib.sh"

git init -q . 2>/dev/null && run init && git add -A && git commit -qm none || exit 1
run status
expect_exit 0
expect_out 'no data are tracked'
mkdir -p data images/a images/b
printf 'a,b\n1,2\n' >data/raw.csv
for i in 1 2 3 4 5 6 7 8 9; do
	printf '%s' "$i" >"images/a/$i"
done
printf x >images/b/x
run add data/raw.csv images
run status
golden status-new
run status --exit-code
expect_exit 1
run status --short
check 'new pointers' test "$(cat "$scratch/out")" = "$(printf 'A  data/raw.csv\nA  images')"
git add -A && git commit -qm one
run status
expect_out '2 paths, 11 files'
expect_out 'nothing changed'
run status --exit-code
expect_exit 0
run status --short
expect_empty stdout
run status --json
expect_json status
expect_out '"changed": false'

# Files come, go and change.
rm images/a/[1-7]
printf y >images/b/x
printf new >images/new
printf 'a,b\n1,3\n' >data/raw.csv
run status
expect_exit 0
golden status-changed
run status --files
expect_out 'removed   images/a/7'
run status --short --files
golden status-short
run status --json
expect_json status
expect_out '"path": "a/7"'
run status data
check 'only what is asked for' lacks out images
run status images/a
expect_out images
(cd images && "$MLOPS" status a >"$scratch/out" 2>&1)
check 'from inside' contains out images/a/1
run status none
expect_exit 5
run status ..
expect_exit 2
git checkout -q . && rm -r images
run status
expect_out 'missing   images'

# The pointers against the commit.
run add data/raw.csv
run status --short data
check 'a changed pointer' test "$(cat "$scratch/out")" = 'M  data/raw.csv'
rm images.mlops
run status --short
check 'a removed one' test "$(cat "$scratch/out")" = "$(printf 'M  data/raw.csv\nD  images')"
run status
expect_out 'removed   images.mlops'
git checkout -q images.mlops

# The store of a fresh clone is empty.
git clone -q . ../clone 2>/dev/null
(cd ../clone && "$MLOPS" init >/dev/null 2>&1 && cp ../work/data/raw.csv data/ &&
	"$MLOPS" status >"$scratch/out" 2>"$scratch/err")
check 'what is not in the store' contains out 'Not in the store:'
check 'and how to get it' contains out "'mlops pull' fetches it"

# What the remote lacks.
mkdir ../remote
run status --remote
expect_exit 5
run remote add origin "$(cd ../remote && pwd)"
run remote allow origin
run status --remote
expect_exit 0
expect_out "Not on the remote 'origin':"
run push
run status --remote
check 'all is there' lacks out 'Not on the remote'
run status --remote --json
expect_json status
expect_out '"lacks": []'
run status --json
expect_out '"remote": null'

# Large files that nobody tracks.
truncate -s 11M big.bin ignored.bin known.bin
truncate -s 2M small.bin
printf 'ignored.bin\n' >>.gitignore
git add known.bin && git commit -qm known
run status --short
check 'one is named' test "$(grep '^??' "$scratch/out")" = '?? big.bin'
run status
expect_out 'big.bin  11.5 MB'
run status --large 1MiB --short
expect_out '?? small.bin'
run status --large 0
check 'none' lacks out big.bin
run --config status.large=20MiB status
check 'the setting' lacks out big.bin
mkdir inner && git init -q inner && truncate -s 20M inner/big
run status
check 'not in other repositories' lacks out inner

# A pointer that is wrong is an error with its line.
printf '# nonsense\n' >data/raw.csv.mlops
run status
expect_exit 2
expect_err 'data/raw.csv.mlops:1'

# Without git.
mkdir ../plain && cd ../plain && run init && printf x >x
run add x
run status --exit-code
expect_exit 0
expect_out '1 path, 1 file, 1 B: nothing changed'
# Names that would move the cursor are escaped.
esc=$(printf 'a\033[31mb')
printf x >"$esc"
run add "$esc"
rm "$esc"
run status
expect_out 'a\x1b[31mb'
finish
