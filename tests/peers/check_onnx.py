#!/usr/bin/env python3
"""check_onnx.py MODEL.onnx [DATA.csv PREDICTIONS.csv]: does ONNX Runtime say what we say?

The model must pass onnx's checker and give, in ONNX Runtime, the same label and the same
probabilities (to 1e-5) in every row of DATA as PREDICTIONS holds: columns `label` and
`probability_<class>` in order of the classes, or `prediction` for a regression. Exit 0 if so, 1 if
not, 77 if onnxruntime or onnx is not installed. With the model alone, only the checker is asked,
and onnxruntime is not needed.
"""

import csv
import datetime
import sys

TOLERANCE = 1e-5
MISSING = {"", "NA", "N/A", "NaN", "null"}


def number(text):
    """A cell as the number that a model reads: booleans 0 and 1, times in seconds since 1970."""
    if text in MISSING:
        return float("nan")
    if text in ("true", "false"):
        return float(text == "true")
    try:
        return float(text)
    except ValueError:
        time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        if time.tzinfo is None:
            time = time.replace(tzinfo=datetime.timezone.utc)
        return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).total_seconds()


def columns(path):
    with open(path, newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def feed(numpy, session, data):
    """The inputs by name, each [N, 1]."""
    inputs = {}
    for one in session.get_inputs():
        cells = data[one.name]
        if one.type == "tensor(string)":
            values = numpy.array(["" if c in MISSING else c for c in cells], dtype=object)
        else:
            values = numpy.array([number(c) for c in cells], dtype=numpy.float64)
        inputs[one.name] = values.reshape(-1, 1)
    return inputs


def compare(numpy, name, theirs, ours):
    theirs, ours = numpy.asarray(theirs, dtype=float), numpy.asarray(ours, dtype=float)
    if theirs.shape != ours.shape:
        return f"{name}: {theirs.shape} there, {ours.shape} here"
    bad = ~(numpy.abs(theirs - ours) <= TOLERANCE * (1 + numpy.abs(theirs)))
    bad &= ~(numpy.isnan(theirs) & numpy.isnan(ours))
    if bad.any():
        row = int(numpy.argwhere(bad)[0][0])
        return f"{name}: {int(bad.sum())} differ, first in row {row + 1}: {theirs[row]}, {ours[row]}"
    worst = numpy.nanmax(numpy.abs(theirs - ours)) if theirs.size else 0
    print(f"{name}: {len(theirs)} rows agree, largest difference {worst:.3g}")
    return None


def main():
    if len(sys.argv) not in (2, 4):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        import onnx
        if len(sys.argv) == 4:
            import numpy
            import onnxruntime
    except ImportError as missing:
        print(f"SKIPPED: {missing.name} is not installed; run tests/peers/setup")
        return 77
    onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)
    if len(sys.argv) == 2:
        return 0
    session = onnxruntime.InferenceSession(sys.argv[1])
    data, ours = columns(sys.argv[2]), columns(sys.argv[3])
    names = [output.name for output in session.get_outputs()]
    theirs = dict(zip(names, session.run(None, feed(numpy, session, data))))
    problems = []
    if "prediction" in theirs:
        problems.append(compare(numpy, "prediction", theirs["prediction"].reshape(-1),
                                [float(x) for x in ours["prediction"]]))
    else:
        keys = [name for name in ours if name.startswith("probability_")]
        table = numpy.array([[float(x) for x in ours[key]] for key in keys]).T
        problems.append(compare(numpy, "probabilities", theirs["probabilities"], table))
        wrong = [i for i, (a, b) in enumerate(zip(theirs["label"], ours["label"])) if a != b]
        if wrong or len(theirs["label"]) != len(ours["label"]):
            problems.append(f"label: {len(wrong)} differ, first in row {wrong[:1]}")
        else:
            print(f"label: {len(ours['label'])} rows agree")
    problems = [problem for problem in problems if problem]
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
