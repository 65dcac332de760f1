#!/usr/bin/env python3
"""model_predict.py PROGRAM [ROWS]: our linear model against ONNX Runtime's, turn by turn.

PROGRAM is build/tests/bench/model_predict. Both get the same columns of doubles in memory and give
labels and probabilities. Prints the best of each in three turns and the ratios.
"""

import json
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime

COLUMNS, TURNS, RUNS = 30, 3, 7


def theirs(folder, rows, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(folder + "/model.onnx", options)
    data = numpy.fromfile(folder + "/columns.f64").reshape(COLUMNS, rows)
    feed = {f"x{i}": data[i].reshape(-1, 1) for i in range(COLUMNS)}
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        session.run(None, feed)
        times.append((time.perf_counter() - start) * 1e3)
    return min(times)


def main():
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 200000
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(TURNS):
            lines = subprocess.run([sys.argv[1], folder, str(rows)], check=True, text=True,
                                   capture_output=True).stdout.splitlines()
            for line in map(json.loads, lines):
                key = "mlops", line["threads"]
                best[key] = min(best.get(key, 1e9), line["best_ms"])
            for threads in (1, 2):
                key = "onnxruntime", threads
                best[key] = min(best.get(key, 1e9), theirs(folder, rows, threads))
    for threads in (1, 2):
        a, b = best["mlops", threads], best["onnxruntime", threads]
        print(f"{threads} threads, {rows} rows: mlops {a:.1f} ms, "
              f"onnxruntime {onnxruntime.__version__} {b:.1f} ms, ratio {b / a:.1f}")


main()
