#!/bin/sh
. "$(dirname "$0")/lib.sh"

git init -q -b main .
git config user.name A
git config user.email a@example.org
printf 'out\nerr\n' >.gitignore
run init -q
mkdir -p data/images
printf 'a,b\n1,2\n' >data/table.csv
for i in 1 2 3; do echo "image $i" >"data/images/$i.png"; done
run add data/table.csv data/images
expect_exit 0
git add -A .
git commit -qm one
git tag one
printf 'a,b\n1,2\n3,4\n' >data/table.csv
rm data/images/1.png
echo 'image 2, better' >data/images/2.png
echo 'image 4' >data/images/4.png
run add data/table.csv data/images
expect_exit 0
git add -A .
git commit -qm two

# As the pointers on disk say.
run checkout
expect_exit 0
expect_empty stdout
expect_err 'all is as it should be: 4 files'
rm -r data/images data/table.csv
run checkout --dry-run
check 'a dry run writes nothing' test ! -e data/images
golden checkout-dry-run
run checkout
golden checkout-missing
check 'the table is back' test "$(wc -l <data/table.csv)" = 3
check 'the folder is back' test "$(cat data/images/2.png)" = 'image 2, better'
run checkout --json
expect_json checkout
check 'nothing was read again' python3 -c '
import json
answer = json.load(open("out"))
assert [p["path"] for p in answer["paths"]] == ["data/images", "data/table.csv"], answer
assert all(p["bytes_read"] == 0 and p["done"] for p in answer["paths"]), answer
'

# git moves the pointers, checkout the data.
git checkout -q one
run checkout --changed
expect_exit 0
check 'what the version lacks is gone' test ! -e data/images/4.png
check 'what it has is back' test "$(cat data/images/1.png)" = 'image 1'
git checkout -q main
run checkout -q
expect_exit 0
expect_empty stderr
check 'and forth' test "$(cat data/images/4.png)" = 'image 4'

# Changes are refused, until they are given up.
echo mine >data/images/2.png
echo new >data/images/new.png
run checkout
expect_exit 3
expect_err "'data/images/2.png' has changed"
expect_err 'mlops add data/images'
check 'the change is there' test "$(cat data/images/2.png)" = mine
run checkout --force data/images/2.png
expect_exit 0
check 'the change is given up' test "$(cat data/images/2.png)" = 'image 2, better'
check 'what is not tracked stays' test "$(cat data/images/new.png)" = new
rm data/images/new.png

# Another revision: without a path only the data, with one the pointer, too.
run checkout one
expect_exit 0
expect_err 'the pointers stay as they are'
check 'older data' test "$(wc -l <data/table.csv)" = 2
check 'the pointers of now' git diff --quiet -- data
run checkout
check 'newer data' test "$(wc -l <data/table.csv)" = 3
run checkout one data/table.csv
expect_exit 0
expect_err "1 pointer of 'one' written"
check 'older data of the path' test "$(wc -l <data/table.csv)" = 2
check 'and its pointer' test "$(git diff --name-only -- data)" = data/table.csv.mlops
check 'and nothing else' test -e data/images/4.png
run checkout one data/table.csv
expect_exit 0
check 'again changes nothing' lacks err written
run checkout HEAD data/table.csv.mlops
check 'back, named by the pointer' git diff --quiet -- data
run checkout one data/images/1.png
expect_exit 0
check 'a part of a folder' test "$(cat data/images/1.png)" = 'image 1'
check 'whose pointer stays' git diff --quiet -- data
run checkout one --json
expect_json checkout
run checkout
cd data || exit 1
rm table.csv
run checkout table.csv
check 'seen from a folder below' test -e table.csv
cd ..

# What cannot be told apart, is not there, or is damaged.
git branch data
run checkout data
expect_exit 2
expect_err "say './data' or '--rev data'"
run checkout ./data
expect_exit 0
run checkout --rev data
expect_exit 0
run checkout data/tabel.csv
expect_exit 5
expect_err "did you mean 'data/table.csv'?"
run checkout nothing
expect_exit 5
run checkout ../outside
expect_exit 2
run checkout one data/other.csv
expect_exit 5
expect_err "in 'one'"
sed 's/^size: .*/size: 7/' data/table.csv.mlops >damaged
cp data/table.csv.mlops good
cp damaged data/table.csv.mlops
run checkout
expect_exit 2
expect_err data/table.csv.mlops
cp good data/table.csv.mlops
rm damaged good

# One path that is refused does not keep the others.
rm data/images/3.png
echo mine >data/table.csv
run checkout
expect_exit 3
check 'the others are done' test -e data/images/3.png
run checkout -f

# A store without the content: nothing is written, and the remedy is named.
git clone -q . ../clone
cd ../clone || exit 1
run init -q
run checkout
expect_exit 5
expect_err 'mlops pull'
check 'nothing was written' test ! -e data/images
cd ../work || exit 1

# Through a link nothing is written.
mkdir ../elsewhere
mv data/images ../images
ln -s ../../elsewhere data/images
run checkout
expect_exit 3
run checkout --force
expect_exit 0
check 'the link is replaced' test -f data/images/3.png
check 'its target is untouched' test -z "$(ls ../elsewhere)"
rm -rf data.keep
mv data data.keep
ln -s ../elsewhere data
run checkout --force
check 'a link above is not followed' test -z "$(ls ../elsewhere)"
finish
