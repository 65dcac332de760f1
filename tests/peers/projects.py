#!/usr/bin/env python3
"""projects.py MLOPS CHECK_ONNX: does ONNX Runtime say what `mlops predict` says?

Every example, and a made project that uses each feature transform with each trainer, goes the
whole way: init, train, the model out of its run with `show`, `predict` on all rows of the data.
Then check_onnx.py compares labels and probabilities, or predictions, row by row. The peers are
those of tests/peers/venv or of MLOPS_PEERS_PYTHON; the system's own onnx checks the models too.
Exit 0 if all agree, 1 if not, 77 if there is no peer.
"""

import csv
import datetime
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

EXAMPLES = ["breast-cancer", "wine", "diabetes"]
SYSTEM_PYTHON = "/usr/bin/python3"
SEED = 20261124
ROWS = 2000
UTC = datetime.timezone.utc

# Beyond the columns' own rules: a numeric one without rules is standardised, as by default.
FEATURES = {
    "numeric": {"impute": "median", "scale": "standard"},
    "categorical": {"impute": "most_frequent", "encode": "onehot"},
    "drop": ["row"],
    "columns": {
        "mean": {"impute": "mean", "scale": "minmax", "indicator": True},
        "frequent": {"impute": "most_frequent", "scale": "robust", "indicator": True},
        "constant": {"impute": "constant", "fill": -1.5, "scale": "none", "indicator": True},
        "complete": {"impute": "none"},
        "clipped": {"clip": [-1, 1.25], "scale": "robust"},
        "logged": {"log1p": True, "clip": [0, 1000], "indicator": True},
        "logged_freely": {"log1p": True, "scale": "minmax"},
        "tenths": {"bucketize": 10, "impute": "mean"},
        "edges": {"bucketize": [-1, 0, 0.5, 1.25], "indicator": True},
        "member": {"impute": "most_frequent", "indicator": True},
        "size": {"encode": "ordinal", "impute": "constant", "fill": "middle"},
        "city": {"impute": "category", "min_frequency": 40, "unknown": "infrequent"},
        "capped": {"max_categories": 4, "unknown": "zero"},
        "shared": {"encode": "ordinal", "min_frequency": 0.02, "unknown": "infrequent"},
        "product": {"encode": "hashed", "buckets": 16, "impute": "category"},
        "remark": {"encode": "hashed", "buckets": 8},
        "zone": {"impute": "none"},
        "seen": {"parts": ["year", "month", "day", "weekday", "hour", "minute", "seconds"],
                 "impute": "mean", "indicator": True},
        "born": {"parts": ["year", "month"], "impute": "constant", "fill": 7, "scale": "minmax"},
        "paid": {"parts": ["seconds"], "impute": "median", "scale": "robust"},
    },
}
TYPES = {"code": "category", "remark": "text", "zone": "category"}
CLASSES = {"outcome": ["no", "yes"], "grade": ["good", "mäßig, teils", "bad"]}
LOGISTIC = [{"type": "logistic", "penalty": penalty, "C": 0.5}
            for penalty in ("l2", "l1", "elasticnet", "none")]
LOGISTIC[2]["l1_ratio"] = 0.3
MODELS = {
    "outcome": [{"type": "baseline"}, {"type": "baseline", "strategy": "most_frequent"},
                dict(LOGISTIC[0], class_weight="balanced"), *LOGISTIC],
    "grade": [{"type": "baseline"}, {"type": "baseline", "strategy": "most_frequent"}, *LOGISTIC],
    "amount": [{"type": "baseline"}, {"type": "baseline", "strategy": "median"},
               {"type": "baseline", "strategy": "quantile", "quantile": 0.9},
               {"type": "linear"}, {"type": "linear", "alpha": 2.5},
               {"type": "linear", "alpha": 1, "fit_intercept": False}],
}


def make_time(draw, first, last):
    seconds = draw.randrange(int(first.timestamp()), int(last.timestamp()))
    return datetime.datetime(1970, 1, 1, tzinfo=UTC) + datetime.timedelta(seconds=seconds)


def make_row(draw, row):
    """One row, without gaps and targets."""
    gauss, choice = draw.gauss, draw.choice
    seen = make_time(draw, datetime.datetime(1890, 1, 1, tzinfo=UTC),
                     datetime.datetime(2110, 1, 1, tzinfo=UTC))
    fraction = "" if row % 3 else f".{draw.randrange(1000):03d}"
    paid = make_time(draw, datetime.datetime(2024, 2, 20, tzinfo=UTC),
                     datetime.datetime(2024, 3, 20, tzinfo=UTC))
    born = make_time(draw, datetime.datetime(1940, 1, 1, tzinfo=UTC),
                     datetime.datetime(2005, 1, 1, tzinfo=UTC))
    rank = min(int(draw.expovariate(0.35)), 14)
    return {
        "row": f"r{row}", "median": repr(gauss(0, 3)), "mean": repr(gauss(50, 10)),
        "frequent": str(min(int(draw.expovariate(0.4)), 9)), "constant": repr(gauss(0, 1)),
        "complete": repr(gauss(1e6, 1)), "clipped": repr(gauss(0, 1.5)),
        "logged": repr(draw.lognormvariate(3, 2)), "logged_freely": repr(draw.random() * 9 - 0.9),
        "tenths": repr(round(gauss(0, 2), 1)), "edges": choice(["-1", "0", "0.5", "1.25"])
        if row % 4 == 0 else repr(gauss(0, 1)), "flat": "3.25", "tiny": repr(gauss(0, 1) * 1e-9),
        "whole": str(draw.randrange(-10**6, 10**6)), "member": choice(["true", "false", "false"]),
        "open": choice(["true", "false"]), "colour": choice(["red", "green", "blue, dark", 'the "q"',
                                                             "grün"]),
        "size": choice(["small", "middle", "middle", "large"]), "city": f"city {rank}",
        "capped": f"k{min(int(draw.expovariate(0.3)), 11)}", "shared": f"s{rank}",
        "product": f"p{draw.randrange(120)}", "code": choice(["1", "2", "3"]),
        "remark": f"remark {draw.randrange(700)} of {row % 5}", "zone": choice(["A", "B", "C"]),
        "seen": seen.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z",
        "born": born.strftime("%Y-%m-%d"), "paid": paid.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def make_targets(draw, row):
    signal = (0.3 * float(row["median"]) + 0.05 * (float(row["mean"]) - 50)
              + 0.4 * math.log1p(float(row["logged"])) - 1.2 + (row["member"] == "true")
              + 0.5 * (row["colour"] == "red") - 0.4 * (row["size"] == "large")
              + 0.3 * (int(row["paid"][8:10]) % 2))
    noisy = signal + draw.gauss(0, 1)
    grade = 0 if noisy < -0.3 else 1 if noisy < 1.2 else 2
    return {"outcome": CLASSES["outcome"][noisy > 0.5], "grade": CLASSES["grade"][grade],
            "amount": repr(100 + 20 * noisy)}


def make_rows():
    """Rows to train on, and rows with what training has not seen."""
    draw = random.Random(SEED)
    complete = {"row", "complete", "flat", "zone"}
    rows, strange = [], []
    for number in range(ROWS):
        row = make_row(draw, number)
        targets = make_targets(draw, row)
        for name in row:
            if name not in complete and draw.random() < 0.06:
                row[name] = draw.choice(["", "NA", "null"])
        rows.append({**row, **targets})
    for number in range(200):
        row = make_row(draw, number)
        for name in row:
            what = draw.random()
            if what < 0.2 and name != "row":
                row[name] = ""
            elif what < 0.5 and name in ("colour", "size", "city", "capped", "shared", "product",
                                         "code", "remark", "zone"):
                row[name] = draw.choice(["unheard of", "日本", "r e d", "RED"])
            elif what < 0.5 and name in ("clipped", "logged", "logged_freely", "tenths", "edges"):
                row[name] = draw.choice(["-1e6", "1e6", "-0.0", "-1"])
        strange.append(row)
    return rows, strange


def write_csv(path, rows, quoting=csv.QUOTE_MINIMAL):
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n", quoting=quoting)
        writer.writeheader()
        writer.writerows(rows)


class Peers:
    """Runs mlops and its judges, and counts."""

    def __init__(self, mlops, check_onnx, python, folder):
        self.mlops, self.check_onnx, self.python = mlops, check_onnx, python
        self.passed = self.count = self.checked = self.rows = 0
        self.worst = 0.0
        self.checker = has(SYSTEM_PYTHON, "onnx")
        (folder / "home").mkdir()
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("MLOPS_", "XDG_", "GIT_"))}
        self.environment.update(HOME=str(folder / "home"), LC_ALL="C.UTF-8", TZ="UTC",
                                MLOPS_SYSTEM_CONFIG="/nonexistent", MLOPS_FSYNC="0")

    def run(self, folder, *arguments):
        """What mlops says on stdout, as bytes. A failure ends the case."""
        done = subprocess.run([self.mlops, *arguments], cwd=folder, env=self.environment,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
        if done.returncode:
            raise RuntimeError(f"mlops {' '.join(arguments)}: exit {done.returncode}\n"
                               + done.stderr.decode(errors="replace"))
        return done.stdout

    def judge(self, command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=300,
                              stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"exit {done.returncode}\n{done.stdout}{done.stderr[-2000:]}")
        return done.stdout

    def compare(self, folder, title, data):
        """Trains, writes the model out, and compares the predictions of each file of data."""
        self.count += 1
        try:
            self.run(folder, "train")
            model = folder / "model.onnx"
            model.write_bytes(self.run(folder, "show", "@:model.onnx"))
            if self.checker:
                self.judge([SYSTEM_PYTHON, self.check_onnx, model])
                self.checked += 1
            differences = []
            for path in data:
                self.run(folder, "predict", "@", "--in", path, "--out", "predicted.csv")
                said = self.judge([self.python, self.check_onnx, model, folder / path,
                                   folder / "predicted.csv"])
                found = re.findall(r"(\d+) rows agree, largest difference (\S+)", said)
                assert len(found) == 1, said
                self.rows += int(found[0][0])
                differences.append(float(found[0][1]))
        except (RuntimeError, AssertionError) as problem:
            print(f"FAILED {title}: {problem}", flush=True)
            return
        self.worst = max(self.worst, *differences)
        self.passed += 1
        print(f"passed {title}: largest difference {max(differences):.3g}", flush=True)


    def doubt(self, folder, data):
        """The comparison itself: one probability that is wrong in the fourth digit is found."""
        with open(folder / "predicted.csv", newline="", encoding="utf-8") as stream:
            rows = list(csv.reader(stream))
        rows[-1][-1] = repr(float(rows[-1][-1]) + 1e-4)
        with open(folder / "wrong.csv", "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(rows)
        done = subprocess.run([self.python, self.check_onnx, folder / "model.onnx", folder / data,
                               folder / "wrong.csv"], capture_output=True, text=True, timeout=300)
        assert done.returncode == 1 and "1 differ" in done.stdout, (done.returncode, done.stdout)


def has(python, module):
    try:
        return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0
    except OSError:
        return False


def run_examples(peers, folder):
    for example in EXAMPLES:
        peers.run(folder, "init", "--example", example)
        project = folder / example
        data = [path.relative_to(project) for path in project.glob("data/*.csv")]
        peers.compare(project, example, data)
        if example == "breast-cancer":
            peers.doubt(project, data[0])


def run_made(peers, folder):
    project = folder / "made"
    project.mkdir()
    rows, strange = make_rows()
    write_csv(project / "data.csv", rows)
    write_csv(project / "strange.csv", strange, csv.QUOTE_ALL)
    peers.run(project, "init", "--data", "data.csv", "--target", "outcome")
    for target, models in MODELS.items():
        for model in models:
            others = [name for name in MODELS if name != target]
            document = {
                "data": {"path": "data.csv", "target": target, "types": TYPES},
                "features": {**FEATURES, "drop": ["row", *others]},
                "model": model, "evaluate": {"bootstrap": {"replicates": 0}},
            }
            # YAML 1.2 reads JSON.
            (project / "mlops.yaml").write_text(json.dumps(document), encoding="utf-8")
            title = " ".join([target, *(f"{key}={value}" for key, value in model.items())])
            peers.compare(project, title, ["data.csv", "strange.csv"])


def main():
    mlops, check_onnx = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    python = os.environ.get("MLOPS_PEERS_PYTHON") or str(
        pathlib.Path(check_onnx).with_name("venv") / "bin" / "python")
    if not (has(python, "onnxruntime") and has(python, "onnx")):
        print(f"SKIPPED: {python} has no onnx and onnxruntime; run tests/peers/setup")
        return 77
    with tempfile.TemporaryDirectory(prefix="mlops-peers-") as name:
        folder = pathlib.Path(name)
        peers = Peers(mlops, check_onnx, python, folder)
        run_examples(peers, folder)
        run_made(peers, folder)
    if not peers.checker:
        print(f"SKIPPED: {SYSTEM_PYTHON} has no onnx, so its checker has not seen the models")
    print(f"{peers.passed} of {peers.count} models agree with ONNX Runtime on {peers.rows} rows, "
          f"largest difference {peers.worst:.3g}; {peers.checked} passed the system's onnx checker")
    return 0 if peers.passed == peers.count else 1


sys.exit(main())
