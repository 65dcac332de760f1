#!/bin/sh
. "$(dirname "$0")/lib.sh"
# Several runs in one store: each needs an id of its own.
unset MLOPS_TEST_ID_SEED

run init --example wine
cd wine || exit 1
run eval
expect_exit 5
run train --name first
expect_exit 0
run eval first
expect_exit 0
check 'the confusion matrix names the classes' grep -q 'barolo' out
# Without a mistake there is nothing to resample, and yet the model is better.
check 'the verdict stands on top' grep -q '^ *better than the baseline: accuracy 1.000, +0.600' out
run eval first --report page.html --markdown page.md
expect_exit 0
check 'both are written' test -s page.html -a -s page.md
run eval first --report no/such/folder.html
expect_exit 3
run eval fist
expect_exit 5
expect_err "did you mean 'first'"
printf 'cultivar,alcohol\nbarolo,14\n' >narrow.csv
run eval first --data narrow.csv
expect_exit 5
expect_err "'malic_acid'"
sed 's/barbera/merlot/' data/wine.csv >other.csv
run eval first --data other.csv
expect_exit 2
expect_err 'merlot'
# A project below the root of its workspace: its paths start from its own folder.
mkdir -p part/one && cp -r mlops.yaml data part/one && rm -r data
cd part/one || exit 1
run train --name below
expect_exit 0
run eval below
expect_exit 0
cd .. && run eval below
expect_exit 0
finish
