#!/bin/sh
. "$(dirname "$0")/lib.sh"
# Several runs in one store: each needs an id of its own.
unset MLOPS_TEST_ID_SEED

# A project of its own for each example, trained, read back and predicted.
for example in breast-cancer wine diabetes; do
	run init --example "$example"
	expect_exit 0
	cd "$example" || exit 1
	run train
	expect_exit 0
	check "$example: the run is shown" grep -q '^run [0-9a-f]\{7\} ' out
	check "$example: the baseline stands beside" contains out baseline
	run train --json
	expect_exit 0
	cp out train.json
	check "$example: the answer says what it found" python3 - "$example" <<'EOF'
import json, sys
answer = json.load(open("train.json"))
assert answer["schema"] == "mlops.train/1"
assert answer["run"]["status"] == "finished"
assert answer["model"]["largest_difference"] <= 1e-6, answer["model"]
split = answer["data"]["split"]
assert sum(split.values()) == answer["data"]["rows"], split
metrics = answer["evaluation"]["parts"][-1]["metrics"]
values = {name: metric["value"] for name, metric in metrics.items()}
bar = {"breast-cancer": ("accuracy", 0.93), "wine": ("accuracy", 0.9), "diabetes": ("r2", 0.3)}
name, least = bar[sys.argv[1]]
assert values[name] >= least, values
EOF
	data=$(echo data/*.csv)
	run predict @ --in "$data" --out predicted.csv
	expect_exit 0
	check "$example: one prediction a row" test \
		"$(wc -l <predicted.csv)" = "$(wc -l <"$data")"
	run eval @ --report report.html --json
	expect_exit 0
	cp out eval.json
	check "$example: eval says what train said" python3 - <<'EOF'
import json
one = json.load(open("train.json"))["evaluation"]["parts"]
two = json.load(open("eval.json"))["parts"]
assert len(one) == len(two) > 0
for a, b in zip(one, two):
    assert a["name"] == b["name"] and a["metrics"] == b["metrics"], (a["name"], b["name"])
EOF
	check "$example: the page needs no network" python3 - <<'EOF'
import re
page = open("report.html").read()
assert len(page) < 5_000_000 and "<svg" in page
assert not re.search(r'(?:src|href)="https?:', page)
EOF
	run eval @
	expect_exit 0
	run eval @ --markdown -
	expect_exit 0
	check "$example: Markdown has a table" grep -q '^|' out
	cd ..
done

cd breast-cancer || exit 1

# The same bits on one thread and on several, run by run.
fingerprint() {
	"$MLOPS" show --json "$1" | python3 -c '
import json, sys
print(json.load(sys.stdin)["params"]["result.model_fingerprint"])'
}
run train -j 1 --name one
expect_exit 0
run train -j 5 --name five
expect_exit 0
one=$(fingerprint one)
check 'a run keeps the fingerprint of its model' test "${#one}" = 64
check 'one thread and five give the same model' test "$one" = "$(fingerprint five)"
run train --set model.C=0.5 --name weaker --tag candidate --tag trial
expect_exit 0
check 'another penalty gives another model' test "$one" != "$(fingerprint weaker)"
run show --json candidate
expect_exit 0
expect_out '"0.5"'

run diff one five
expect_exit 0
check 'equal models have no coefficient that moved' sh -c '! grep -q "^model " out'
run diff one weaker --json
expect_exit 0
expect_json diff
check 'a weaker penalty moves coefficients' grep -q '"kind": "model"' out

# Mistakes are shown where they stand, all at once, and make no run.
cp mlops.yaml good.yaml
sed -i 's/type: logistic/type: logstic/; s/impute: median/impute: meridian/' mlops.yaml
run train
expect_exit 2
golden train-mistakes
cp good.yaml mlops.yaml
run train --set model.Z=1
expect_exit 2
expect_err 'model.Z'
run train --set data.target=diagnosi
expect_exit 2
expect_err "'diagnosi'"
run train --set 'features.drop=[mean_radios]'
expect_exit 2
expect_err "did you mean 'mean_radius'"
run train --set 'evaluate.slices=[nothing]'
expect_exit 2
expect_err "'nothing'"
run train --set data.positive=X
expect_exit 2
run log --json
runs=$(python3 -c 'import json; print(len(json.load(open("out"))["runs"]))')
check 'only what ran is recorded' test "$runs" = 5

# Bad data, with line and column.
cp data/breast_cancer.csv good.csv
sed -i '100s/,/,"/' data/breast_cancer.csv
run train
expect_exit 2
expect_err 'data/breast_cancer.csv:100'
cp good.csv data/breast_cancer.csv

# A file that is no longer what the run was trained on.
sed -i '2s/17.99/18.99/' data/breast_cancer.csv
run eval one
expect_exit 2
expect_err 'is not what the run was trained on any more'
run eval one --data data/breast_cancer.csv
expect_exit 0
cp good.csv data/breast_cancer.csv

cd .. && mkdir empty && cd empty || exit 1
run train
expect_exit 5
expect_err 'mlops init'
finish
