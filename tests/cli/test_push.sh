#!/bin/sh
. "$(dirname "$0")/lib.sh"

# track FILE...: tracks files by way of the simplest DVC repository.
track() {
	mkdir -p .dvc
	for track_file in "$@"; do
		track_md5=$(md5sum "$track_file" | cut -c1-32)
		track_folder=.dvc/cache/files/md5/$(echo "$track_md5" | cut -c1-2)
		mkdir -p "$track_folder"
		cp "$track_file" "$track_folder/$(echo "$track_md5" | cut -c3-)"
		printf 'outs:\n- md5: %s\n  hash: md5\n  path: %s\n' "$track_md5" \
			"$(basename "$track_file")" >"$track_file.dvc"
	done
	"$MLOPS" -q import --from-dvc --force >/dev/null || exit 1
	for track_file in "$@"; do
		rm "$track_file.dvc"
	done
}

# requests: how many the last `--json` command made.
requests() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
		"$scratch/out" "$1"
}

git init -q -b main .
"$MAKE_RUNS" . || exit 1
run tag 7f3a9c21 --name odd
mkdir data
head -c 100000 /dev/urandom >data/a.bin
echo 'a,b' >data/t.csv
track data/a.bin data/t.csv
git add data .mlops && git commit -qm one
run remote add origin ../remote
run push --dry-run
expect_exit 0
expect_out 'would send 2 objects'
check 'a dry run sends nothing' test ! -e ../remote/packs
run push --dry-run --json
expect_json push
run push data
expect_exit 0
check 'paths are data only' test -z "$(find ../remote/index -name '*.runs')"
run push
expect_exit 0
expect_err '5 runs'
check 'runs are there' test "$(find ../remote/index -name '*.runs' | wc -l)" = 1

# Nothing to do is one exchange.
run push --json
expect_json push
check 'one exchange' test "$(requests requests)" = 1
run push
expect_err 'up to date, 1 request'
run tag calm-otter later
run push --no-runs --json
check 'no runs' test "$(requests runs)" = 0
run push --no-data --json
check 'one run changed' test "$(requests runs)" = 1
run push --no-data --no-runs
expect_exit 2
run push data/none
expect_exit 5
run push ../remote
expect_exit 2
run push --remote nosuch
expect_exit 5

# What the last commit names travels although the pointer is another now; older ones with -a only.
cp data/t.csv old.csv
echo 'a,b,c' >data/t.csv
track data/t.csv
git add data .mlops && git commit -qm two
run push --json
check 'the new version' test "$(requests objects)" = 1
echo 'a,b,c,d' >data/t.csv
track data/t.csv
git commit -qam three
echo 'a,b,c,d,e' >data/t.csv
track data/t.csv
run push --json
check 'of the commit and of the workspace' test "$(requests objects)" = 2
run push --all-commits --json
expect_exit 0
check 'nothing more to send' test "$(requests packs)" = 0

# A remote that was emptied gets everything again.
find ../remote/index -name '*.runs' -delete
run push --json
check 'the runs again' test "$(requests runs)" = 5
rm -rf ../remote
run push --json
expect_exit 0
check 'all runs' test "$(requests runs)" = 5
check 'all data' test "$(requests objects)" -ge 3
check 'its version' test "$(cat ../remote/mlops-remote)" = 1
run push --json
check 'and then nothing' test "$(requests requests)" = 1

# Eight from the same place at once.
for i in 1 2 3 4 5 6 7 8; do
	"$MLOPS" tag calm-otter "t$i" && "$MLOPS" push >"$scratch/same$i" 2>&1 || echo failed >"$scratch/same$i" &
done
wait
check 'eight in one clone' test -z "$(grep -l -e failed -e error: "$scratch"/same?)"
run push --json
expect_exit 0

# A pointer whose content is nowhere.
rm -rf ../other && git clone -q . ../other
cd ../other || exit 1
run init
run remote add --user away "$scratch/away"
run push --remote away
expect_exit 5
expect_err 'neither here nor on the remote'
run remote remove away
cd ../work || exit 1

# Eight at once.
for i in 1 2 3 4 5 6 7 8; do
	rm -rf "../c$i" && git clone -q . "../c$i"
	(
		cd "../c$i" || exit 1
		"$MLOPS" -q init && "$MLOPS" -q remote allow origin || exit 1
		head -c 200000 /dev/urandom >own.bin
		track own.bin
		"$MLOPS" push
	) >"$scratch/push$i" 2>&1 &
done
wait
check 'eight pushes at once' test "$(cat "$scratch"/push? | grep -c '^sent 1 pack')" = 8
cd ../c1 || exit 1
for i in 2 3 4 5 6 7 8; do
	cp "../c$i/own.bin.mlops" . && rm own.bin
	run pull own.bin
	check "what clone $i pushed" cmp -s own.bin "../c$i/own.bin"
done
finish
