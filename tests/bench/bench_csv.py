#!/usr/bin/env python3
"""bench_csv.py GENERATE READ PEERS_PYTHON: reads one CSV file with mlops, pandas, polars and DuckDB in
turn, each in a process of its own at two threads, and prints medians, spread, peak memory and ratios.
MLOPS_BENCH_MB is the size of the file (200), MLOPS_BENCH_ROUNDS the number of turns (5)."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PEER = """
import json, resource, sys, time
which, path = sys.argv[1:]
module = __import__(which)
usage = resource.getrusage(resource.RUSAGE_SELF)
before = usage.ru_utime + usage.ru_stime
start = time.perf_counter()
if which == 'pandas':
    rows = len(module.read_csv(path))
elif which == 'polars':
    rows = module.read_csv(path).height
else:
    connection = module.connect(config={'threads': 2})
    connection.execute('set enable_progress_bar = false')
    connection.execute("create table t as select * from read_csv('%s')" % path)
    rows = connection.execute('select count(*) from t').fetchone()[0]
seconds = time.perf_counter() - start
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({'cpu': usage.ru_utime + usage.ru_stime - before, 'seconds': seconds, 'rows': rows, 'version': module.__version__,
                  'peak_kb': usage.ru_maxrss}))
"""


def run(command):
    environment = dict(os.environ, POLARS_MAX_THREADS='2', OMP_NUM_THREADS='2')
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout) if done.returncode == 0 else None


def is_installed(python, name):
    return os.path.exists(python) and subprocess.run(
        [python, '-c', 'import ' + name], capture_output=True).returncode == 0


def measure(commands, rounds):
    """In turn, so that a busy machine is busy for all of them."""
    results = {}
    for _ in range(rounds):
        for name, command in commands.items():
            result = run(command)
            if result:
                results.setdefault(name, []).append(result)
    return results


def main():
    generate, read, python = sys.argv[1:]
    megabytes = int(os.environ.get('MLOPS_BENCH_MB', '200'))
    rounds = int(os.environ.get('MLOPS_BENCH_ROUNDS', '5'))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / 'bench.csv')
        with open(path, 'wb') as out:
            subprocess.run([generate, str(megabytes * 1000000)], stdout=out, check=True)
        commands = {'mlops': [read, path, '2']}
        for name in ('pandas', 'polars', 'duckdb'):
            commands[name] = [python, '-c', PEER, name, path]
            if not is_installed(python, name):
                print(f'# {name} is not installed: tests/peers/setup')
                del commands[name]
        results = measure(commands, rounds)
    ours = statistics.median(r['seconds'] for r in results['mlops'])
    print(f"# {megabytes} MB, {results['mlops'][0]['rows']} rows, 19 columns, 2 threads, "
          f"{rounds} turns, load {os.getloadavg()[0]:.1f}")
    print('# reader  version   seconds (min .. max)      CPU s    peak MB   times mlops')
    for name, runs in results.items():
        seconds = [r['seconds'] for r in runs]
        median = statistics.median(seconds)
        cpu = statistics.median(r['cpu'] for r in runs)
        peak = statistics.median(r['peak_kb'] for r in runs) / 1024
        print(f"{name:9} {runs[0].get('version', ''):9} {median:7.3f} ({min(seconds):.3f} .. "
              f"{max(seconds):.3f}) {cpu:8.2f} {peak:10.0f} {median / ours:10.2f}")


main()
