#!/bin/sh
. "$(dirname "$0")/lib.sh"
# The whole way gives the same bits on any number of threads, with data of many blocks: reading,
# splitting, features, each trainer, the graph and the evaluation.
unset MLOPS_TEST_ID_SEED

python3 - <<'EOP'
import random
draw = random.Random(20261124)
with open("data.csv", "w") as out:
    print("a,b,c,d,e,f,when,colour,city,binary,grade,amount", file=out)
    for row in range(24000):
        x = [draw.gauss(0, 10 ** (k - 2)) for k in range(6)]
        colour, city = draw.choice("rgb"), f"c{min(int(draw.expovariate(0.1)), 60)}"
        y = x[2] + 10 * x[1] - x[3] / 10 + 0.7 * (colour == "r") + draw.gauss(0, 1)
        cells = ["" if draw.random() < 0.03 else repr(value) for value in x]
        when = f"20{draw.randrange(10, 26)}-0{draw.randrange(1, 10)}-1{row % 7}T0{row % 10}:11:12Z"
        print(*cells, when, colour, city, "yes" if y > 0.3 else "no",
              "low" if y < -1 else "high" if y > 1.5 else "middle", repr(y), sep=",", file=out)
EOP
cat >mlops.yaml <<'EOP'
data: {path: data.csv, target: binary}
features:
  numeric: {scale: robust, indicator: true}
  categorical: {min_frequency: 50}
  columns: {c: {scale: standard}, d: {impute: mean, bucketize: 20}}
  drop: [grade, amount]
model: {type: logistic}
evaluate: {bootstrap: {replicates: 50}}
EOP
cp mlops.yaml document && run init --data data.csv --target binary && cp document mlops.yaml

# What train (in out) and show (in shown) say that time, threads and the run do not change.
facts() {
	python3 - <<'EOP'
import json
answer, shown = json.load(open("out")), json.load(open("shown"))
print("fingerprint", shown["params"]["result.model_fingerprint"])
for key in ("fit_seconds", "blake3"):
    del answer["model"][key]
for part in answer["evaluation"]["parts"]:
    del part["seconds_per_row"]
print(json.dumps([answer["data"], answer["model"], answer["evaluation"]], indent=1))
EOP
}

# same TARGET OTHER OTHER MODEL: one model on 1, 2, 3 and 8 threads.
same() {
	for threads in 1 2 3 8; do
		run train --json -j $threads --set "data.target=$1" \
			--set "features.drop=[$2, $3]" --set "model=$4"
		[ "$status" = 0 ] || expect_exit 0
		"$MLOPS" show --json @ >shown
		facts >"facts.$threads"
	done
	check "$1, $4: there is a fingerprint" grep -qx 'fingerprint [0-9a-f]\{64\}' facts.1
	for threads in 2 3 8; do
		check "$1, $4: one thread and $threads give the same" \
			cmp -s facts.1 "facts.$threads"
	done
}

same binary grade amount '{type: baseline}'
same binary grade amount '{type: logistic, penalty: l2}'
same binary grade amount '{type: logistic, penalty: l2, solver: lbfgs}'
same binary grade amount '{type: logistic, penalty: l1, C: 0.1}'
same grade binary amount '{type: logistic, penalty: l2}'
same grade binary amount '{type: logistic, penalty: l1, C: 0.1}'
same amount binary grade '{type: baseline, strategy: median}'
same amount binary grade '{type: linear, alpha: 0}'
same amount binary grade '{type: linear, alpha: 1}'

# How many: -j, else the document, else the settings; the run keeps the number.
threads_are() {
	"$MLOPS" show --json @ >shown
	check "$last_command: $1 threads" python3 -c "
import json
assert json.load(open('shown'))['resources']['threads'] == $1"
}
export MLOPS_CORE_THREADS=4
run train
threads_are 4
run train --set train.threads=2
threads_are 2
run train --set train.threads=2 -j 3
threads_are 3
finish
