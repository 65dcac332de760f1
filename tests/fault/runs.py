"""What must hold of a store's runs when `mlops train` was disturbed in the middle."""

import json
import re
import sqlite3
import subprocess

ARTIFACTS = ["model.onnx", "report.html", "evaluation.json", "mlops.yaml", "train.log"]
SAME = ["command", "project", "task", "model", "seed", "params", "metrics"]
SAME_ARTIFACTS = ["report.html", "evaluation.json", "mlops.yaml"]
# What differs between two runs of the same: ids and hashes, readable names, durations.
OWN = re.compile(r"\b[0-9a-f]{7,}\b|\b[a-z]+-[a-z]+\b|[0-9.]+ [nµm]?s a row"
                 r'|"seconds_per_row": [-+.0-9e]+')


class Failure(Exception):
    pass


def demand(condition, what):
    if not condition:
        raise Failure(what)


class Runs:
    """The runs of a prepared store are what may never change; each later look() adds to them."""

    def __init__(self, program, environment):
        self.program = program
        self.environment = environment
        self.prepared = {}
        self.rows = {}
        self.wanted = None

    def command(self, folder, *words):
        done = subprocess.run([self.program, *words], cwd=folder, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        demand(done.returncode == 0, f"'mlops {' '.join(words)}' failed: "
               + done.stderr.decode(errors="replace").strip())
        return done.stdout

    def read(self, folder):
        answer = json.loads(self.command(folder, "log", "--json", "--limit", "0"))
        self.rows = {run["run"]: run for run in answer["runs"]}
        return {run: row["status"] for run, row in self.rows.items()}

    def content(self, folder, run):
        """What must be the same in every finished run, so that nothing is left out silently."""
        content = {key: self.rows[run][key] for key in SAME}
        for path in SAME_ARTIFACTS:
            text = self.command(folder, "show", f"{run}:{path}").decode()
            content[path] = OWN.sub("~", text)
        return content

    def prepare(self, folder):
        self.prepared = self.read(folder)
        finished = [run for run, status in self.prepared.items() if status == "finished"]
        demand(finished, "the setup left no finished run")
        self.wanted = self.content(folder, finished[0])

    def artifacts(self, folder, run, whole):
        """Reading checks their hashes. Of a disturbed run the log may be short: there is a warning."""
        for path in ARTIFACTS:
            found = self.command(folder, "show", f"{run}:{path}")
            demand(found or not whole, f"{run}:{path} is empty")
        content = self.content(folder, run)
        for key, wanted in self.wanted.items():
            demand(content[key] == wanted,
                   f"{key} of run {run}: " + self.difference(wanted, content[key]))

    @staticmethod
    def difference(wanted, found):
        if isinstance(wanted, dict) and isinstance(found, dict):
            return str([(key, wanted.get(key), found.get(key))
                        for key in sorted({*wanted, *found}) if wanted.get(key) != found.get(key)])
        wanted, found = str(wanted).splitlines(), str(found).splitlines()
        lines = [pair for pair in zip(wanted, found) if pair[0] != pair[1]]
        return f"{len(wanted)} lines, then {len(found)}; {str(lines[:1])[:400]}"

    def disturbed(self, folder, code, told):
        """After the fault. code: of the exit, negative for a signal; told: what stderr had."""
        now = self.read(folder)
        for run, status in self.prepared.items():
            demand(now.get(run) == status, f"run {run} was {status}, is {now.get(run)}")
        new = {run: status for run, status in now.items() if run not in self.prepared}
        demand(len(new) <= 1, f"one command, {len(new)} runs")
        allowed = {"finished"}
        if code < 0:
            allowed = {"finished", "crashed"}
        elif code > 0:
            # Finished: the answer could not be given, but what it is about is recorded.
            allowed = {"finished", "failed"}
            if "could not be recorded" in told:
                allowed.add("crashed")
        for run, status in new.items():
            demand(status in allowed, f"exit {code}, but run {run} is {status}: {told.strip()}")
        demand(new or code != 0, "exit 0, but there is no run")
        return now

    def undisturbed(self, folder, before):
        """After the second run; before: what disturbed() has given."""
        now = self.read(folder)
        for run, status in before.items():
            demand(now.get(run) == status, f"run {run} was {status}, is {now.get(run)}")
        new = [run for run in now if run not in before]
        demand([now[run] for run in new] == ["finished"], f"after the second run: {now}")
        finished = [run for run, status in now.items() if status == "finished"]
        demand(len(finished) >= 2, f"finished runs are missing: {now}")
        for run in finished:
            if run not in self.prepared:
                self.artifacts(folder, run, run in new)
        with sqlite3.connect(f"{folder}/.mlops/mlops.db") as database:
            found = database.execute("PRAGMA integrity_check").fetchone()[0]
        database.close()
        demand(found == "ok", f"the database: {found}")
