#!/bin/sh
. "$(dirname "$0")/lib.sh"

run init --example breast-cancer demo
expect_exit 0
golden init-example
check 'the data are copied' cmp -s demo/data/breast_cancer.csv \
	"$source_root/examples/breast-cancer/data/breast_cancer.csv"
check 'the schema lies where the document says' cmp -s demo/.mlops/project.schema.json \
	"$source_root/schemas/project.schema.json"

run init --example breast-cancer demo
expect_exit 3
expect_err 'exists already'
run init --example brest-cancer other
expect_exit 5
expect_err "did you mean 'breast-cancer'"
check 'nothing was made for a wrong name' test ! -e other
run init --example ../../etc other
expect_exit 5

mkdir mine
printf 'age,weight,ill\n1,2,yes\n3,4,no\n' >mine/people.csv
cd mine || exit 1
run init --data people.csv
expect_exit 0
check 'the last column is the target' grep -q 'target: ill' mlops.yaml
check 'the project is named as its folder' grep -q '^name: mine' mlops.yaml
cp mlops.yaml before.yaml
run init --data people.csv --target age
expect_exit 0
expect_out '(was there)'
check 'a document that is there is left alone' cmp -s mlops.yaml before.yaml
rm mlops.yaml
run init --data people.csv --target wieght
expect_exit 5
expect_err "did you mean 'weight'"
run init --target age
expect_exit 2
run init --json
expect_exit 0
expect_json init
check 'the answer is JSON' python3 -c '
import json
answer = json.load(open("out"))
assert answer["schema"] == "mlops.init/1" and answer["files"] == ["mlops.yaml"], answer
'
# A clone has the settings and the pointers: the first command completes its store.
mkdir ../origin && cd ../origin || exit 1
git init -q -b main .
run init --data ../mine/people.csv
cp ../mine/people.csv data.csv
run add data.csv
run config set core.wait 5
git add -A && git commit -qm one
git clone -q . ../clone && git clone -q . ../other && cd ../clone || exit 1
run status
expect_exit 0
expect_out 'missing'
check 'the store is complete' test -f .mlops/version -a -f .mlops/mlops.db
run log
expect_exit 0
cd ../other || exit 1
run init
expect_exit 0
expect_out 'next: mlops pull'
cd ../mine || exit 1

check 'git sees only the settings' grep -q config.yaml .mlops/.gitignore
finish
