#!/bin/sh
# import from URLs and from other git repositories, and updates of both.
. "$(dirname "$0")/lib.sh"

mkdir -p ../src/folder/sub ../registry
src=$(cd ../src && pwd)
registry=$(cd ../registry && pwd)
git init -q -b main .
run init

# ---- a file of this machine
printf 'one\n' >"$src/a.csv"
run import "$src/a.csv"
expect_exit 0
check 'the file is here' cmp -s "$src/a.csv" a.csv
check 'its source is recorded' grep -qF "url: \"$src/a.csv\"" a.csv.mlops
check 'git leaves it to us' git check-ignore -q a.csv
run import "$src/a.csv" --json
expect_json import
expect_out '"state": "unchanged"'
run import ../src/a.csv sub/b.csv
expect_exit 0
check 'under another name' cmp -s "$src/a.csv" sub/b.csv
mkdir in
run import ../src/a.csv in/
expect_exit 0
check 'into a folder' test -e in/a.csv.mlops

# ---- updates
sleep 0.01
printf 'two\n' >"$src/a.csv"
run import --update -n
expect_exit 0
expect_out 'updated'
check 'a dry run changes nothing' grep -q one a.csv
run import --update a.csv sub/b.csv --json
expect_exit 0
expect_json import
expect_out '"state": "updated"'
check 'the new content' grep -q two a.csv
run import --update a.csv
expect_out 'unchanged'
check 'what was not named stays' grep -q one in/a.csv
# Local changes are not overwritten, and the others are updated all the same.
printf 'mine\n' >a.csv
sleep 0.01
printf 'three\n' >"$src/a.csv"
run import --update
expect_exit 3
expect_out 'failed'
check 'local changes are kept' grep -q mine a.csv
check 'the others are updated' grep -q three in/a.csv
run import --update --force a.csv
expect_exit 0
check 'with --force they are not' grep -q three a.csv

# ---- what is expected
sum=$(sha256sum <"$src/a.csv" | cut -c1-64)
run import "$src/a.csv" c.csv --sha256 "$sum"
expect_exit 0
printf 'tampered\n' >"$src/a.csv"
run import "$src/a.csv" d.csv --sha256 "$sum"
expect_exit 3
expect_err 'nothing was kept'
check 'nothing appears' test ! -e d.csv -a ! -e d.csv.mlops
run import "$src/a.csv" d.csv --blake3 "$sum"
expect_exit 3
run import "$src/a.csv" d.csv --sha256 123
expect_exit 2

# ---- what is in the way
printf x >there
run import "$src/a.csv" there
expect_exit 3
check 'an untracked file is kept' grep -q x there
run import "$src/folder" in/a.csv
expect_exit 3
expect_err 'is tracked already'
cp "$src/a.csv" known.csv
git add known.csv
run import "$src/a.csv" known.csv
expect_exit 3
expect_err 'git tracks'
git rm -q --cached known.csv
ln -s /tmp outlink
run import "$src/a.csv" outlink/x
expect_exit 2
check 'nothing is written through a link' test ! -e /tmp/x.mlops
run import "$src/a.csv" ../outside
expect_exit 2
run import "$src/none"
expect_exit 5
run import
expect_exit 2
run import https://example.org/
expect_exit 2

# ---- a folder of this machine
printf 1 >"$src/folder/1"
printf 2 >"$src/folder/sub/2 ä"
chmod +x "$src/folder/1"
run import "$src/folder" data
expect_exit 0
check 'the folder is here' diff -r "$src/folder" data
printf 3 >"$src/folder/3"
rm "$src/folder/1"
run import --update data -n
expect_out 'updated'
run import --update data
expect_exit 0
check 'new and removed files' diff -r "$src/folder" data
ln -s /etc/passwd "$src/folder/link"
run import --update data
expect_exit 2
rm "$src/folder/link"

# ---- over HTTP
printf 'web one\n' >"$src/web.csv"
(cd "$src" && exec python3 -u -m http.server --bind 127.0.0.1 0 >"$scratch/http" 2>&1) &
server=$!
trap 'kill $server 2>/dev/null; cd / && chmod -R u+rwX "$scratch" && rm -rf "$scratch"' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$scratch/http")
	[ "$port" ] && break
	sleep 0.2
done
if [ "$port" ]; then
	run import "http://127.0.0.1:$port/web.csv?token=secret"
	expect_exit 0
	check 'it was fetched' cmp -s "$src/web.csv" web.csv
	check 'a secret is not recorded' sh -c '! grep -qe secret -e token web.csv.mlops'
	check 'its time is' grep -q modified: web.csv.mlops
	run import --update web.csv
	expect_out 'unchanged'
	printf 'web two!\n' >"$src/web.csv"
	run import --update web.csv
	expect_out 'updated'
	check 'the update was fetched' cmp -s "$src/web.csv" web.csv
	run import "http://127.0.0.1:$port/none.csv"
	expect_exit 5
	run import "http://127.0.0.1:$port/folder/"
	expect_exit 3
	expect_err 'only folders of this machine'
	kill $server
	wait $server 2>/dev/null
	run import "http://127.0.0.1:$port/folder/1" gone
	expect_exit 3
	check 'nothing is left' test ! -e gone -a ! -e gone.mlops
else
	skip 'over HTTP' 'no port is free'
fi

# ---- what git has
(
	cd "$registry" && git init -q -b main . && mkdir -p data/sub && printf 1 >data/1 &&
		printf x >data/sub/run && chmod +x data/sub/run && git add . && git commit -qm 1 &&
		git tag v1 && printf 2 >data/1 && git commit -qam 2
) || exit 1
run import --from "$registry" data -o registry
expect_exit 0
check 'the folder of HEAD' diff -r "$registry/data" registry
check 'its commit is recorded' grep -q "commit: .*$(git -C "$registry" rev-parse HEAD)" registry.mlops
run import --from ../registry data/1 --rev v1
expect_exit 0
check 'a file of a tag' grep -q 1 1
check 'what was asked for is recorded' grep -q 'revision: v1' 1.mlops
run import --update
expect_out 'unchanged'
(cd "$registry" && printf 3 >data/1 && git commit -qam 3)
run import --update registry 1
expect_exit 0
check 'the branch is followed' grep -q 3 registry/1
check 'a tag stays' grep -q 1 1
run import --from "$registry" none
expect_exit 5
run import --from "$registry" data --rev none -o else
expect_exit 5
run import --from "$registry" ../x
expect_exit 2
run import --from "$src" x
expect_exit 5
run import --from "$registry" data --sha256 "$sum"
expect_exit 2

# ---- what mlops keeps there
(
	cd "$registry" && "$MLOPS" init && "$MLOPS" import "$src/folder" kept && git add . &&
		git commit -qm kept
) >/dev/null 2>&1 || exit 1
run import --from "$registry" kept
expect_exit 0
check 'tracked data' diff -r "$src/folder" kept
run import --from "$registry" 'kept/sub/2 ä' -o two
expect_exit 0
check 'a file of a tracked folder' grep -q 2 two
run import --from "$registry" kept/sub
expect_exit 3
expect_err 'is there already'
run import --from "$registry" kept/sub -o data/inside
expect_exit 3
expect_err "lies in 'data', which is tracked"
run import --from "$registry" kept/sub -o part
expect_exit 0
check 'a folder of a tracked folder' diff -r "$src/folder/sub" part
git clone -q --bare "$registry" ../bare
run import --from ../bare kept -o bare
expect_exit 3
expect_err 'has only a pointer'

# ---- what DVC keeps there
(
	cd "$registry" && mkdir -p .dvc/cache/files/md5/5d dvc && printf hello |
		tee .dvc/cache/files/md5/5d/41402abc4b2a76b9719d911017c592 >/dev/null &&
		printf 'outs:\n- md5: 5d41402abc4b2a76b9719d911017c592\n  hash: md5\n  path: hello\n' \
			>dvc/hello.dvc && printf '/hello\n' >dvc/.gitignore && printf '/cache\n' >.dvc/.gitignore &&
		git add . && git commit -qm dvc
) || exit 1
run import --from "$registry" dvc/hello
expect_exit 0
check 'from the cache of DVC' grep -q hello hello
run import --from "$registry" dvc
expect_exit 3
expect_err 'path by path'
rm -rf "$registry/.dvc/cache" hello hello.mlops
mkdir "$registry/.dvc/cache"
run import --from "$registry" dvc/hello
expect_exit 5
expect_err 'dvc pull'
finish
