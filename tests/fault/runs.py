"""What must hold of a store's runs when `mlops train` was disturbed in the middle."""

import json
import sqlite3
import subprocess

ARTIFACTS = ["model.onnx", "report.html", "mlops.yaml", "train.log"]


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

    def command(self, folder, *words):
        done = subprocess.run([self.program, *words], cwd=folder, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        demand(done.returncode == 0, f"'mlops {' '.join(words)}' failed: "
               + done.stderr.decode(errors="replace").strip())
        return done.stdout

    def read(self, folder):
        answer = json.loads(self.command(folder, "log", "--json", "--limit", "0"))
        return {run["run"]: run["status"] for run in answer["runs"]}

    def prepare(self, folder):
        self.prepared = self.read(folder)
        demand("finished" in self.prepared.values(), "the setup left no finished run")

    def artifacts(self, folder, run, whole):
        """Reading checks their hashes. Of a disturbed run the log may be short: there is a warning."""
        for path in ARTIFACTS:
            found = self.command(folder, "show", f"{run}:{path}")
            demand(found or not whole, f"{run}:{path} is empty")

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
