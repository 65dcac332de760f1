#!/bin/sh
. "$(dirname "$0")/lib.sh"

git init -q -b main .
run init
run remote list
expect_exit 0
run push
expect_exit 5
golden remote-none
run remote default
expect_exit 5
run remote add -- -x /tmp
expect_exit 2
run remote add origin 's3://user:secret@bucket/x'
expect_exit 2
check 'the password is not repeated' lacks err secret
run remote add origin 'https://user:secret@host/x'
expect_exit 2
run remote add origin gopher://host
expect_exit 2
check 'nothing was written' test -z "$(grep -s gopher .mlops/config.yaml)"
mkdir sub
cd sub || exit 1
run remote add origin ../../remote
expect_exit 0
cd ..
check 'a folder is written as an absolute path' grep -q "\"url\":\"$scratch/remote\"" .mlops/config.yaml
run remote add origin /elsewhere
expect_exit 3
expect_err 'already'
run remote default
expect_exit 0
expect_out origin
run remote add --user --default mine /mine
expect_exit 0
run remote list --json
expect_exit 0
expect_json remote.list
expect_out '"name": "mine"'
run remote default
expect_out mine
run remote default --user --unset
expect_exit 0
run remote default
expect_exit 5
expect_err 'none is the default'
run remote default origin
expect_exit 0
run remote default
expect_out origin
run remote default nosuch
expect_exit 5
run remote remove mine
expect_exit 0
check 'the user file has it no more' test -z "$(grep mine "$HOME/.config/mlops/config.yaml")"

# What came with a clone is not used before it is allowed, and the database of another allows nothing.
git add -A && git commit -qm one
git clone -q . ../clone
cd ../clone || exit 1
run init
run push
expect_exit 2
expect_err 'mlops remote allow origin'
run remote list --json
expect_out '"allowed": false'
cp ../work/.mlops/mlops.db .mlops/mlops.db
run push
expect_exit 2
run remote allow origin
expect_exit 0
run push
expect_exit 0
run remote list --json
expect_out '"allowed": true'
sed -i 's,/remote",/other",' .mlops/config.yaml
run push
expect_exit 2
check 'the changed URL is shown' contains err "$scratch/other"
run --config trust.repositories='*' push
expect_exit 0

run remote remove origin
expect_exit 0
run remote remove origin
expect_exit 5
cd ../work || exit 1
run __complete -- push --remote ''
expect_exit 0
expect_out origin
run __complete -- remote remove or
expect_out origin
finish
