#!/bin/sh
. "$(dirname "$0")/lib.sh"

git init -q . 2>/dev/null && run init || exit 1
mkdir -p data/deep images/a images/b
printf 'a,b\n1,2\n' >data/raw.csv
printf one >images/a/1
printf two >images/b/2
run add -n data/raw.csv images
expect_exit 0
check 'a dry run writes nothing' test ! -e data/raw.csv.mlops -a ! -e .gitignore
run add data/raw.csv images
expect_exit 0
golden add
check 'the hash is what b3sum says' grep -q \
	"^blake3: $(b3sum --no-names data/raw.csv 2>/dev/null || sed -n 's/^blake3: //p' data/raw.csv.mlops)" data/raw.csv.mlops
check 'git leaves the data out' test "$(git check-ignore data/raw.csv images | wc -l)" = 2
check 'git sees the pointers' test -z "$(git check-ignore data/raw.csv.mlops images.mlops)"
check 'one line' test "$(cat data/.gitignore)" = /raw.csv
git add -A && git commit -qm one

# Again: nothing to do, and nothing is read or written.
cp images.mlops before
run add data/raw.csv images --json
expect_exit 0
expect_json add
expect_out '"state": "unchanged"'
check 'the pointer stays' cmp -s images.mlops before
printf three >images/b/3
rm images/a/1
printf TWO >images/b/2
run add -n images
expect_out '1 added, 1 modified, 1 removed'
run add images/
expect_exit 0
expect_out '1 added, 1 modified, 1 removed'
run add images
expect_out 'unchanged'
# The same content in another file is the same pointer.
printf x >data/x
cp -r images pictures
run add data/x pictures
check 'the same tree' test "$(grep tree images.mlops)" = "$(grep tree pictures.mlops)"
run add data/x/
expect_exit 0
chmod +x data/x
run add data/x
expect_out changed
check 'the mode is kept' grep -q '^mode: 0755$' data/x.mlops

# From inside a folder, and by patterns that the shell did not expand.
(cd data/deep && printf 1 >one.bin && printf 2 >two.bin && printf 3 >.three.bin &&
	"$MLOPS" add '*.bin' ../../data/deep/one.bin >"$scratch/out" 2>&1)
check 'patterns' test -e data/deep/one.bin.mlops -a -e data/deep/two.bin.mlops
check 'no hidden ones' test ! -e data/deep/.three.bin.mlops
mkdir -p more/p/q && printf 4 >more/p/q/four.bin
run add 'm*/**/*.bin'
check 'any depth' test -e more/p/q/four.bin.mlops
run add 'none*.bin'
expect_exit 5

# What is refused, each with its remedy.
printf tracked >code.py && git add code.py
run add code.py
expect_exit 3
golden add-git
mkdir code && printf x >code/a.py && git add code
run add code
check 'a folder with files of git' contains err "git rm -r --cached 'code'"
run add images/b/2
expect_exit 3
check 'inside a tracked folder' contains err 'mlops add images'
run add data
expect_exit 2
check 'above tracked data' contains err "is the pointer of data"
run add data/raw.csv.mlops
expect_exit 2
run add .
expect_exit 2
run add ..
expect_exit 2
run add /etc/passwd
expect_exit 2
run add .mlops/version
expect_exit 2
run add .git
expect_exit 2
run add none
expect_exit 5
ln -s data/raw.csv link
run add link
check 'a link' contains err 'add what it leads to'
mkfifo pipe
run add pipe
expect_exit 3
mkdir f && printf x >f/x && mkfifo f/pipe && ln -s /etc/passwd f/z
run add f
expect_exit 2
golden add-special
rm f/pipe f/z && ln -s x f/good && ln -s ../data f/out
run add f
check 'a link that leads out' contains err "'f/out' is a link out"
rm f/out
run add f
expect_exit 0
mkdir g && git init -q g/inner && printf x >g/inner/x
run add g
expect_exit 2
printf 'inner\n' >g/.mlopsignore && printf y >g/y
run add g
expect_exit 0
check 'left out by name' grep -q '^files: 2$' g.mlops
mkdir -p k && git init -q k/inner && printf x >k/inner/x
run add k/inner/x
expect_exit 3
check 'in another repository' contains err 'another git repository'
mkdir h && printf '*.tmp\n' >.mlopsignore && printf 1 >h/a.tmp && printf 2 >h/b
run add h/a.tmp
expect_exit 2
check 'named by .mlopsignore' contains err 'line 1 of .mlopsignore'
run add h
check 'left out' grep -q '^files: 1$' h.mlops
printf '/ignored/\n' >>.gitignore
mkdir ignored && printf x >ignored/x
run add ignored/x
expect_exit 2
check 'where git does not look' contains err "git leaves out 'ignored'"
rm data/raw.csv
run add data/raw.csv
expect_exit 5
check 'data that are gone' contains err 'mlops checkout data/raw.csv'

# A pointer in conflict is made anew.
printf '<<<<<<< ours\n' >h.mlops
run add h
expect_exit 0
check 'whole again' grep -q '^check: ' h.mlops
# One that is a link is not written through.
printf 5 >data/y && ln -s ../../outside data/y.mlops
run add data/y
expect_exit 2
check 'nothing is written outside' test ! -e ../outside

# Many at once, of the same and of other paths.
mkdir many
for i in 1 2 3 4 5 6 7 8; do
	printf '%s' "$i" >"many/$i"
	"$MLOPS" add "many/$i" images >/dev/null 2>"many.$i.err" &
done
wait
check 'eight at once' test "$(find many -name "*.mlops" | wc -l)" = 8
check 'all lines are there' test "$(grep -c '^/[1-8]$' many/.gitignore)" = 8
check 'without errors' sh -c '! grep -l error many.*.err'
run add many/1 many/2 many/3 many/4 many/5 many/6 many/7 many/8 images
check 'and all is stored' test "$(grep -c unchanged "$scratch/out")" = 9

# Without git.
mkdir ../plain && cd ../plain && run init && printf x >x
run add x
expect_exit 0
check 'without git' contains err 'without git there is no history'
check 'no .gitignore' test ! -e .gitignore
finish
