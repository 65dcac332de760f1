#!/bin/sh
. "$(dirname "$0")/lib.sh"

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

git init -q -b main .
"$MAKE_RUNS" . || exit 1
run tag 7f3a9c21 --name odd
mkdir data
head -c 100000 /dev/urandom >data/a.bin
echo 'a,b' >data/t.csv
track data/a.bin data/t.csv
run remote add origin ../remote
git add data .mlops && git commit -qm one
run push
expect_exit 0

git clone -q . ../clone
cd ../clone || exit 1
run init
run pull
expect_exit 2
run remote allow origin
run pull --dry-run
expect_exit 0
expect_out 'would fetch 2 objects'
check 'a dry run fetches nothing' test ! -e data/t.csv
run pull --no-checkout data/t.csv
expect_exit 0
check 'no checkout' test ! -e data/t.csv
run log
expect_err 'no runs yet'
run pull
expect_exit 0
check 'the data are there' cmp -s data/a.bin ../work/data/a.bin
run log
expect_out calm-otter
run pull --json
expect_exit 0
expect_json pull
run pull
expect_err 'nothing is new'

# What runs kept comes on request.
run show calm-otter:
kept=$(sed -n '2s/ .*//p' "$scratch/out")
if [ "$kept" ]; then
	run show "calm-otter:$kept"
	expect_exit 5
	expect_err 'mlops pull --run calm-otter'
fi

# A change here is not overwritten, and does not keep the others from coming.
rm data/a.bin
echo changed >data/t.csv
run pull
expect_exit 3
expect_err data/t.csv
check 'the change stays' test "$(cat data/t.csv)" = changed
check 'the other came' cmp -s data/a.bin ../work/data/a.bin
run pull --force
expect_exit 0
check 'overwritten' cmp -s data/t.csv ../work/data/t.csv

# Both sides worked: the same in both in the end.
run tag calm-otter here=1
run tag shy-heron --note 'from the clone'
run push
expect_exit 0
cd ../work || exit 1
MLOPS_TEST_CLOCK=2026-01-03T03:04:05Z
export MLOPS_TEST_CLOCK
run tag calm-otter there=2 --delete candidate
run rm plain-moth
run push
run pull
expect_exit 0
run push
expect_exit 0
run log --json
cp "$scratch/out" "$scratch/one"
cd ../clone || exit 1
run pull
expect_exit 0
run log --json
check 'both tell the same' cmp -s "$scratch/out" "$scratch/one"
run tag calm-otter
expect_out here
expect_out there
check 'the tag is off' lacks out candidate
run push --json
cp "$scratch/out" "$scratch/push"
check 'nothing goes back' grep -q '"requests": 1' "$scratch/push"

# A remote that lacks the data, one that was tampered with, one that is gone.
cd ../work || exit 1
echo new >data/t.csv
track data/t.csv
git add data .mlops && git commit -qm two
cd ../clone || exit 1
git pull -q
run pull
expect_exit 5
expect_err 'neither here nor on the remote'
cd ../work || exit 1
run push
for pack in ../remote/packs/*; do
	chmod u+w "$pack"
	size=$(stat -c %s "$pack")
	printf '\377' | dd of="$pack" bs=1 seek=$((size - 2)) conv=notrunc status=none
done
cd ../clone || exit 1
run pull
expect_exit 3
expect_err "remote 'origin'"
check 'nothing wrong was put' test "$(cat data/t.csv)" != new
mv ../remote ../hidden
run pull
expect_exit 5
run pull --run nosuch
expect_exit 5
run pull --run calm-otter data
expect_exit 2
finish
