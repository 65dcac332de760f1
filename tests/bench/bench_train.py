#!/usr/bin/env python3
"""Linear trainers against scikit-learn: ratios of fit times, taken in turn in one run.

bench_train.py PROGRAM [ROWSxFEATURES ...]. The peer is the python of tests/peers/venv (see
tests/peers/setup), of $MLOPS_PEERS_PYTHON, or the one that runs this, whichever has scikit-learn.
OPENBLAS_CORETYPE is removed for both sides. It prints figures and never fails on time; a difference
of the objectives over 1e-6 is said.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

THREADS, ROUNDS, REPEATS = 2, 3, 2


def find_peer():
    here = Path(__file__).resolve().parents[1] / "peers/venv/bin/python"
    for python in (os.environ.get("MLOPS_PEERS_PYTHON"), str(here), sys.executable):
        if python and Path(python).exists() and subprocess.run(
                [python, "-c", "import sklearn, threadpoolctl"], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None


PEER = '''
import json, sys, time, resource, warnings
import numpy as np, scipy, sklearn
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from threadpoolctl import threadpool_info
warnings.filterwarnings("ignore")
folder, n, p = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
x = np.fromfile(folder + "/x.f64").reshape(n, p)
classes = np.fromfile(folder + "/classes.u32", dtype=np.uint32)
values = np.fromfile(folder + "/values.f64")
models = {"logistic": lambda: LogisticRegression(max_iter=1000), "ridge": lambda: Ridge(alpha=1.0),
          "least squares": LinearRegression}
cores = sorted({"%s %s" % (i.get("version"), i.get("architecture")) for i in threadpool_info()
                if i["internal_api"] == "openblas"})
print(json.dumps({"versions": "scikit-learn %s, numpy %s, scipy %s" % (
    sklearn.__version__, np.__version__, scipy.__version__), "core": cores}), flush=True)
for line in sys.stdin:
    name = line.strip()
    target = classes if name == "logistic" else values
    start = time.perf_counter()
    model = models[name]().fit(x, target)
    seconds = time.perf_counter() - start
    if name == "logistic":
        z = np.where(classes == 1, 1, -1) * (x @ model.coef_[0] + model.intercept_[0])
        objective = np.logaddexp(0, -z).sum() + 0.5 * (model.coef_ ** 2).sum()
    else:
        objective = ((values - x @ model.coef_ - model.intercept_) ** 2).sum()
        objective += (model.coef_ ** 2).sum() if name == "ridge" else 0
    print(json.dumps({"seconds": seconds, "objective": float(objective)}), flush=True)
'''

TASKS = {"logistic": ("logistic", ["C=1"]), "ridge": ("linear", ["alpha=1"]),
         "least squares": ("linear", ["alpha=0"])}


def ours(program, folder, shape, task):
    trainer, settings = TASKS[task]
    out = subprocess.run([program, "fit", folder, *shape, trainer, str(REPEATS), str(THREADS), *settings],
                         check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def spread(rows):
    times = sorted(row["seconds"] for row in rows)
    return f"{statistics.median(times):.3f} s ({times[0]:.3f} to {times[-1]:.3f}, n {len(times)})"


def measure(program, python, folder, shape):
    subprocess.run([program, "generate", folder, *shape], check=True)
    peer = python and subprocess.Popen([python, "-c", PEER, folder, *shape], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    about = json.loads(peer.stdout.readline()) if peer else None
    if peer:
        print(f"# peer: {about['versions']}; OpenBLAS {', '.join(about['core'])}")
    for task in TASKS:
        mine, theirs = [], []
        for _ in range(ROUNDS):
            mine += ours(program, folder, shape, task)
            if peer:
                for _ in range(REPEATS):
                    peer.stdin.write(task + "\n")
                    peer.stdin.flush()
                    theirs.append(json.loads(peer.stdout.readline()))
        title = f"{task} {shape[0]} x {shape[1]}"
        last = mine[-1]
        if last["core"]:
            print(f"# mlops: {last['level']} kernels; {last['blas']} {last['core']}")
        print(f"{title}: mlops {spread(mine)}, {last['iterations']} iterations, "
              f"+{max(r['added_kb'] for r in mine) // 1024} MB")
        if not peer:
            continue
        ratio = statistics.median(r["seconds"] for r in theirs) / statistics.median(
            r["seconds"] for r in mine)
        gap = last["objective"] / theirs[-1]["objective"] - 1
        print(f"{title}: peer {spread(theirs)}; ratio {ratio:.1f}; objective {gap:+.1e} relative"
              + ("  WORSE" if gap > 1e-6 else ""), flush=True)
    if peer:
        peer.stdin.close()
        peer.wait()


def main():
    os.environ.pop("OPENBLAS_CORETYPE", None)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(THREADS)
    program, shapes = sys.argv[1], sys.argv[2:] or ["1000000x50", "100000x500"]
    python = find_peer()
    if not python:
        print("# scikit-learn is not installed (tests/peers/setup): no ratios")
    print(f"# {THREADS} threads, OPENBLAS_CORETYPE unset for both, load {os.getloadavg()[0]:.1f}")
    for shape in shapes:
        with tempfile.TemporaryDirectory(prefix="mlops-bench-") as folder:
            measure(program, python, folder, shape.split("x"))


main()
