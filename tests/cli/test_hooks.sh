#!/bin/sh
. "$(dirname "$0")/lib.sh"

# git finds mlops on PATH.
mkdir "$scratch/bin"
ln -s "$MLOPS" "$scratch/bin/mlops"
plain_path=$PATH
PATH=$scratch/bin:$PATH
export PATH

make_project() {
	git init -q -b main "$1" && cd "$1" || exit 1
	git config user.name A
	git config user.email a@example.org
	printf 'out\nerr\n' >.gitignore
	"$MLOPS" init -q --hooks >/dev/null
	mkdir data
	echo "$2" >data/a.txt
	"$MLOPS" add -q data/a.txt
	git add -A .
	git commit -qm one
	git tag one
}

run init --hooks nowhere
expect_exit 5
expect_err 'no hooks were installed'

git init -q -b main plain
run init --hooks plain
expect_exit 0
golden hooks-init
run init --hooks plain
expect_exit 0
check 'again there is nothing new' lacks out 'git hooks'
run init --hooks --json plain
expect_json init

# post-checkout: data follow the pointers.
make_project follow 'version one'
echo 'version two' >data/a.txt
run add data/a.txt
git commit -qam two
git checkout -q one
check 'data of the tag' test "$(cat data/a.txt)" = 'version one'
git checkout -q main
check 'data of the branch' test "$(cat data/a.txt)" = 'version two'
echo 'my change' >data/a.txt
run_shell 'git checkout -q one 2>&1'
check 'git does its part' test "$status" = 0
check 'a change is not lost' test "$(cat data/a.txt)" = 'my change'
check 'and it is told' contains out 'not all data'
git checkout -q main
"$MLOPS" checkout -qf >/dev/null

# pre-commit: a pointer that names other data is refused.
echo 'version three' >data/a.txt
echo x >code.txt
git add code.txt
run_shell 'git commit -m three 2>&1'
check 'the commit is refused' test "$status" != 0
check 'with the file' contains out 'data/a.txt'
check 'and the remedy' contains out "mlops add data/a.txt"
run_shell 'git commit -q --no-verify -m three 2>&1'
check 'it can be passed by' test "$status" = 0
run add data/a.txt
run_shell 'git commit -qam four 2>&1'
check 'with its pointer it goes through' test "$status" = 0
rm data/a.txt
run_shell 'git commit -q --allow-empty -m five 2>&1'
check 'data that are not there are no change' test "$status" = 0
"$MLOPS" checkout -q >/dev/null

# pre-push: nothing to push to is no reason to stop.
git init -q --bare ../bare
run_shell 'git push -q ../bare main 2>&1'
check 'git push without a remote for data' test "$status" = 0

# Without mlops on PATH, and where the project is gone, git goes on.
run_shell "PATH=$plain_path git checkout -q one && PATH=$plain_path git commit -q --allow-empty -m x"
check 'a machine without mlops' test "$status" = 0
expect_empty stderr
git checkout -q main

# A worktree runs the same hooks.
git worktree add -q ../tree one 2>"$scratch/err"
check 'a worktree is made' test -e ../tree/data/a.txt.mlops
cd "$scratch/work" || exit 1

# A project below the top of the repository, with a name that a shell would take apart.
git init -q -b main outer
cd outer || exit 1
git config user.name A
git config user.email a@example.org
mkdir "it's a dir" && cd "it's a dir" || exit 1
run init -q --hooks
expect_exit 0
printf 'out\nerr\n' >.gitignore
echo one >a.txt
run add a.txt
git add -A .. 2>/dev/null
run_shell 'git commit -qm one 2>&1'
check 'committed' test "$status" = 0
echo two >a.txt
run_shell 'git commit -q --allow-empty -m two 2>&1'
check 'its hook works' contains out 'a.txt'
cd "$scratch/work" || exit 1

# Hooks of the user stay as they are, and get the line to add.
git init -q -b main own
printf '#!/bin/sh\necho mine\n' >own/.git/hooks/pre-push
cp own/.git/hooks/pre-push before
run init --hooks own
expect_exit 3
expect_err "'pre-push'"
expect_err '__hook pre-push'
check 'it is untouched' cmp -s before own/.git/hooks/pre-push
check 'no other was installed' test ! -e own/.git/hooks/pre-commit
# The line as it was told.
sed -n 's/.*pre-push: //p' "$scratch/err" >>own/.git/hooks/pre-push
run init --hooks own
expect_exit 0
check 'the others are installed' test -x own/.git/hooks/pre-commit

# core.hooksPath; one outside belongs to others, too.
git init -q -b main configured
git -C configured config core.hooksPath .githooks
run init --hooks configured
expect_exit 0
check 'in the folder that is configured' test -x configured/.githooks/pre-push
git -C configured config core.hooksPath "$scratch/shared"
run init --hooks configured
expect_exit 3
expect_err 'core.hooksPath'
check 'nothing outside' test ! -e "$scratch/shared"

# A submodule has hooks of its own.
git init -q -b main super
cd super || exit 1
git -c protocol.file.allow=always submodule --quiet add "$scratch/work/follow" sub 2>/dev/null
cd sub || exit 1
run init --hooks
expect_exit 0
check 'they lie in its own folder' test -x ../.git/modules/sub/hooks/pre-commit
finish
