#!/bin/sh
. "$(dirname "$0")/lib.sh"

# A small DVC repository by hand: dvc_put [old] prints the MD5 of stdin, which it puts into the cache.
dvc_put() {
	cat >"$scratch/content"
	md5=$(md5sum "$scratch/content" | cut -c1-32)
	dvc_place=.dvc/cache/files/md5
	[ "${1:-}" = old ] && dvc_place=.dvc/cache
	dvc_place=$dvc_place/$(echo "$md5" | cut -c1-2)
	mkdir -p "$dvc_place"
	cp "$scratch/content" "$dvc_place/$(echo "$md5" | cut -c3-)${2:-}"
	echo "$md5"
}

# dvc_track PATH MD5 [LINE]: PATH.dvc
dvc_track() {
	mkdir -p "$(dirname "$1")"
	printf 'outs:\n- md5: %s\n  hash: md5\n  path: %s\n%s' "$2" "$(basename "$1")" "${3:-}" \
		>"$1.dvc"
}

names_of() {
	b3sum --no-names "$1" 2>/dev/null || echo skipped
}

git init -q -b main .
run init
mkdir .dvc
a=$(printf 'a,b\n1,2\n' | dvc_put)
printf 'a,b\n1,2\n' >table.csv
printf '/table.csv\n/images\n' >.gitignore
dvc_track table.csv "$a" '  size: 8
'
one=$(printf one | dvc_put)
two=$(printf two | dvc_put)
listing=$(printf '[{"md5": "%s", "relpath": "1.txt"}, {"md5": "%s", "relpath": "sub/2.txt"}]' \
	"$one" "$two" | dvc_put new .dir)
dvc_track images "$listing.dir"
old=$(printf 'x\ny\n' | md5sum | cut -c1-32)
mkdir -p ".dvc/cache/$(echo "$old" | cut -c1-2)" old
printf 'x\r\ny\r\n' >".dvc/cache/$(echo "$old" | cut -c1-2)/$(echo "$old" | cut -c3-)"
printf 'outs:\n- md5: %s\n  path: old.txt\n  isexec: true\n' "$old" >old/old.txt.dvc
git add . >/dev/null && git commit -qm dvc

run import --from-dvc -n
expect_exit 0
expect_err 'would take 3 paths'
check 'a dry run writes nothing' test ! -e table.csv.mlops

run import --from-dvc
expect_exit 0
golden import-dvc
check 'the workspace was not touched' test ! -e images
if [ "$(names_of table.csv)" != skipped ]; then
	check 'the name is that of b3sum' grep -q "^blake3: $(names_of table.csv)" table.csv.mlops
else
	skip 'the name is that of b3sum' 'b3sum is not installed'
fi
check 'an executable one' grep -q '^mode: 0755' old/old.txt.mlops
check 'the file of a new folder is ignored' git check-ignore -q old/old.txt
check 'DVC files are kept' test -e table.csv.dvc
run import --from-dvc
expect_exit 0
expect_err 'took 0 paths'
run import --from-dvc --json
expect_json import
expect_out '"state": "tracked"'
run import --from-dvc --force --json
expect_json import
expect_out '"files": 2'

# The folder in the workspace stands in for a listing that the cache has lost.
rm -rf .dvc/cache images.mlops
mkdir -p images/sub
printf one >images/1.txt
printf two >images/sub/2.txt
run import --from-dvc
expect_exit 0
check 'the folder is tracked again' test -e images.mlops
printf more >images/3.txt
rm images.mlops
run import --from-dvc
expect_exit 5
expect_out 'missing'
expect_err 'dvc pull'
rm images/3.txt

# What is damaged, missing or hostile is named; the rest is taken.
b=$(printf 'good' | dvc_put)
dvc_track b.txt "$b"
c=$(printf 'bad' | dvc_put)
printf 'bed' >".dvc/cache/files/md5/$(echo "$c" | cut -c1-2)/$(echo "$c" | cut -c3-)"
dvc_track c.txt "$c"
dvc_track d.txt 0123456789abcdef0123456789abcdef
printf 'outs:\n- md5: %s\n  hash: md5\n  path: ../../outside\n' "$b" >up.dvc
printf 'outs:\n- md5: %s\n  hash: md5\n  path: /tmp/outside\n' "$b" >root.dvc
ln -s /tmp link
printf 'outs:\n- md5: %s\n  hash: md5\n  path: link/outside\n' "$b" >through.dvc
evil=$(printf '[{"md5": "%s", "relpath": "../evil"}]' "$b" | dvc_put new .dir)
dvc_track evil "$evil.dir"
run import --from-dvc
expect_exit 2
expect_out 'damaged'
check 'nothing is written through a link' test ! -e /tmp/outside.mlops
check 'the hostile listing is not taken' test ! -e evil.mlops
check 'what is good was taken' test -e b.txt.mlops -a -e images.mlops
rm -f up.dvc root.dvc through.dvc evil.dvc link
run import --from-dvc
expect_exit 5
expect_out 'c.txt'
expect_out 'd.txt'
rm c.txt.dvc d.txt.dvc

# Outputs of stages; what git has is left to it.
printf 'm' >model
printf '{}' >metrics.json
m=$(md5sum <model | cut -c1-32)
j=$(md5sum <metrics.json | cut -c1-32)
printf 'stages:\n  fit:\n    cmd: x\n    outs: [model]\n    metrics:\n    - metrics.json: {cache: false}\n' >dvc.yaml
cat >dvc.lock <<-END
	schema: '2.0'
	stages:
	  fit:
	    cmd: x
	    outs:
	    - {path: metrics.json, hash: md5, md5: $j, size: 2}
	    - {path: model, hash: md5, md5: $m, size: 1}
END
printf '*.tmp\n' >.dvcignore
run import --from-dvc --remove-dvc
expect_exit 0
expect_err 'stages of dvc.yaml themselves are not'
expect_err '.mlopsignore'
check 'the model is tracked' test -e model.mlops
check 'metrics stay in git' test ! -e metrics.json.mlops
check 'the .dvc files are gone' test ! -e table.csv.dvc -a ! -e old/old.txt.dvc
check 'dvc.lock stays' test -e dvc.lock

run import --remove-dvc
expect_exit 2
run import --from-dvc /
expect_exit 5
cd .. && mkdir other && cd other || exit 1
run init
run import --from-dvc ../work
expect_exit 3
expect_err 'does not lie in this project'
finish
