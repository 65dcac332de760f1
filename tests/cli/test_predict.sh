#!/bin/sh
. "$(dirname "$0")/lib.sh"
# Several runs in one store: each needs an id of its own.
unset MLOPS_TEST_ID_SEED

run init --example diabetes
cd diabetes || exit 1
run train
expect_exit 0
run show @:model.onnx
expect_exit 0
cp out model.onnx

head -4 data/diabetes.csv >three.csv
run predict @ --in three.csv
expect_exit 0
cp out from-run.csv
check 'there is a header and a line a row' test "$(wc -l <from-run.csv)" = 4
check 'the header names the prediction' grep -q '^prediction$' from-run.csv
run_shell '"$MLOPS" predict model.onnx <three.csv'
expect_exit 0
check 'the file says what the run says, through a pipe too' cmp -s out from-run.csv
run predict --in three.csv --with-input
expect_exit 0
check 'the input stands in front' grep -q '^age,sex,.*,prediction$' out

# JSON Lines, columns in another order, and one too many.
python3 - <<'EOF'
import csv, json
with open("three.jsonl", "w") as out:
    for row in csv.DictReader(open("three.csv")):
        values = {k: (v if k == "sex" else float(v)) for k, v in reversed(list(row.items()))}
        print(json.dumps({"extra": 1, **values}), file=out)
EOF
run predict --in three.jsonl
expect_exit 0
cp out from.jsonl
check 'JSON Lines give the same numbers' python3 - <<'EOF'
import csv, json
one = [float(row["prediction"]) for row in csv.DictReader(open("from-run.csv"))]
two = [json.loads(line)["prediction"] for line in open("from.jsonl")]
assert one == two, (one, two)
EOF

# A missing column, a word where a number belongs, a missing file, an unknown category.
cut -d, -f2- three.csv >no-age.csv
run predict --in no-age.csv --out nothing.csv
expect_exit 2
expect_err "'age'"
check 'no file is left behind' test ! -e nothing.csv
sed '3s/^[0-9]*,/old,/' three.csv >word.csv
run predict --in word.csv
expect_exit 2
expect_err 'word.csv:3'
run predict --in missing.csv
expect_exit 5
run predict nobody --in three.csv
expect_exit 5
sed '2s/^\([0-9]*\),[12],/\1,3,/' three.csv >category.csv
run predict --in category.csv
expect_exit 0

# Larger than a block; in constant memory; the same in one go and by rows.
python3 - <<'EOF'
lines = open("data/diabetes.csv").read().splitlines()
with open("long.csv", "w") as out:
    print(lines[0], file=out)
    for _ in range(200):
        print("\n".join(lines[1:]), file=out)
EOF
run predict --in long.csv --out long-predicted.csv
expect_exit 0
check 'every row has its line' test "$(wc -l <long-predicted.csv)" = "$(wc -l <long.csv)"
run predict --in data/diabetes.csv --out short-predicted.csv
check 'blocks do not change the numbers' python3 - <<'EOF'
short = open("short-predicted.csv").read().splitlines()
long = open("long-predicted.csv").read().splitlines()
assert long[1:] == short[1:] * 200
EOF
run_shell '"$MLOPS" predict --in long.csv | head -1'
expect_exit 0
finish
