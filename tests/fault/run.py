#!/usr/bin/env python3
"""Fails or kills a command at its N-th allocation, open, write, sync, rename or new folder.

run.py [options] -- PROGRAM [ARGUMENT...]

The command runs in a fresh copy of a folder that --setup has prepared. For every N until no fault
fires (or for --most of them, spread evenly): the exit code is 0 or 3, an error is one line (and a
hint), no temporary file is left (unless it was killed), the --between command succeeds, the second,
undisturbed run succeeds and leaves none either, and the --check command then finds the result in
order.

With --moments M it is instead killed at M moments spread over its run time, not at calls.

With --runs MLOPS the command is one that records a run, and the setup has recorded one: runs.py says
what must hold of them between the two runs and afterwards.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runs import Failure, Runs, demand

KINDS = ["allocate", "open", "write", "sync", "rename", "folder"]
TEMPORARY = ".mlops-tmp-"


def leftovers(folder):
    return [str(p.relative_to(folder)) for p in Path(folder).rglob(TEMPORARY + "*")]


class Loop:
    def __init__(self, options, scratch):
        self.options = options
        self.scratch = Path(scratch)
        self.template = self.scratch / "template"
        self.work = self.scratch / "work"
        self.log = self.scratch / "log"
        self.program = shutil.which(options.command[0]) or options.command[0]
        self.program = os.path.realpath(self.program)
        self.environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        self.environment.pop("MLOPS_FSYNC", None)
        self.template.mkdir()
        if options.setup:
            self.shell(options.setup, self.template, "setup")
        self.runs = options.runs and Runs(os.path.realpath(options.runs), self.environment)
        self.seen = {}
        self.failures = 0
        if self.runs:
            self.runs.prepare(self.template)

    def shell(self, command, folder, what):
        done = subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        demand(done.returncode == 0, f"{what} failed: {done.stdout.strip()}")

    def fresh(self):
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.template, self.work, symlinks=True)
        self.log.unlink(missing_ok=True)
        self.seen = self.runs.prepared if self.runs else {}

    def run(self, variables):
        environment = dict(self.environment)
        if variables:
            environment.update(variables, LD_PRELOAD=self.options.shim,
                               FAULT_PROGRAM=self.program, FAULT_LOG=str(self.log))
        return subprocess.run([self.program] + self.options.command[1:], cwd=self.work,
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, errors="replace", timeout=self.options.timeout)

    def count(self, kind, scope):
        """How many calls there are in an undisturbed run."""
        self.fresh()
        done = self.run({"FAULT_KIND": kind, "FAULT_AT": "0", "FAULT_SCOPE": scope})
        demand(done.returncode == 0, f"the undisturbed run failed: {done.stderr.strip()}")
        log = self.log.read_text() if self.log.exists() else ""
        found = re.search(r"^count (\d+)$", log, re.M)
        demand(found, "the shim did not count; is the program linked dynamically?")
        self.look(0, "")
        self.second_run()
        return int(found.group(1))

    def second_run(self):
        done = self.run(None)
        demand(done.returncode == 0, f"the second run failed: {done.stderr.strip()}")
        demand(not leftovers(self.work), f"left after the second run: {leftovers(self.work)}")
        if self.options.check:
            self.shell(self.options.check, self.work, "the check")
        if self.runs:
            self.runs.undisturbed(self.work, self.seen)

    def between(self):
        if self.options.between:
            self.shell(self.options.between, self.work, "the check after the fault")

    def look(self, code, told):
        if self.runs:
            self.seen = self.runs.disturbed(self.work, code, told)

    def judge(self, done, mode):
        if mode == "kill":
            demand(done.returncode in (-signal.SIGKILL, 0),
                   f"exit code {done.returncode}: {done.stderr.strip()}")
            return
        lines = done.stderr.strip().splitlines()
        demand(done.returncode in (0, 3), f"exit code {done.returncode}: {done.stderr.strip()}")
        if done.returncode == 3:
            errors = [line for line in lines if "error: " in line]
            others = [line for line in lines if line not in errors
                      and not line.startswith("hint: ") and "warning: " not in line]
            demand(len(errors) == 1, f"not one line of error: {lines}")
            demand(not others, f"more than an error and a hint: {lines}")
        demand(not leftovers(self.work), f"left behind: {leftovers(self.work)}")
        if done.returncode == 0 and self.options.check:
            self.shell(self.options.check, self.work, "the check after a harmless fault")

    def once(self, kind, scope, mode, at):
        """One fault; False if the program did not get that far."""
        self.fresh()
        done = self.run({"FAULT_KIND": kind, "FAULT_AT": str(at), "FAULT_MODE": mode,
                         "FAULT_SCOPE": scope, **self.errno(kind)})
        fired = self.log.exists() and "fired" in self.log.read_text()
        if not fired:
            demand(done.returncode == 0, f"no fault, but {done.stderr.strip()}")
            return False
        self.judge(done, mode)
        self.look(done.returncode, done.stderr)
        self.between()
        self.second_run()
        return True

    def errno(self, kind):
        if self.options.errno and kind != "allocate":
            return {"FAULT_ERRNO": str(self.options.errno)}
        return {}

    def places(self, total):
        most = self.options.most
        if most and total > most:
            return sorted({1 + i * (total - 1) // (most - 1) for i in range(most)})
        part, parts = map(int, self.options.part.split("/"))
        return range(part, total + 3, parts)  # and a little beyond: threads may make it vary

    def failed(self, what):
        """One finding often comes with others: some are shown before it is over."""
        print(f"failed: {what}", file=sys.stderr)
        self.failures += 1
        demand(self.failures < self.options.failures, "too many failures")

    def all(self):
        runs = 0
        for kind in self.options.kinds.split(","):
            total = self.count(kind, self.options.scope)
            for mode in self.options.modes.split(","):
                fired = 0
                for at in self.places(total):
                    try:
                        fired += self.once(kind, self.options.scope, mode, at)
                    except (Failure, subprocess.TimeoutExpired) as failure:
                        self.failed(f"{kind} {at} of {total}, {mode}: {failure}")
                print(f"{kind:9} {mode:6} {fired:5} faults of {total} calls")
                runs += fired
        demand(runs or not self.options.expect, "no fault fired at all")

    def moments(self):
        """Killed after a time, not at a call."""
        whole = self.options.timeout
        for _ in range(3):  # the shortest, so that the moments lie within
            self.fresh()
            start = time.monotonic()
            demand(self.run(None).returncode == 0, "the undisturbed run failed")
            whole = min(whole, time.monotonic() - start)
        chance = random.Random(self.options.seed)
        killed = tried = 0
        while killed < self.options.moments and tried < 4 * self.options.moments:
            tried += 1
            self.fresh()
            delay = chance.uniform(0, whole)
            process = subprocess.Popen([self.program] + self.options.command[1:], cwd=self.work,
                                       env=self.environment, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(delay)
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            killed += process.wait() == -signal.SIGKILL
            try:
                self.look(process.returncode, "")
                self.between()
                self.second_run()
            except (Failure, subprocess.TimeoutExpired) as failure:
                self.failed(f"killed after {delay * 1e3:.2f} ms ({tried}): {failure}")
        print(f"killed {killed} of {tried} times within {whole * 1e3:.1f} ms")
        demand(killed == self.options.moments, "it ended before it could be killed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shim", help="the shared library of shim.c")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--modes", default="fail,sticky,kill")
    parser.add_argument("--scope", default="program", choices=["program", "any"])
    parser.add_argument("--errno", type=int, help="for all but allocate; EIO unless given")
    parser.add_argument("--setup", help="shell command that prepares the folder")
    parser.add_argument("--between", help="shell command that must succeed after the fault")
    parser.add_argument("--check", help="shell command that must succeed afterwards")
    parser.add_argument("--runs", metavar="MLOPS", help="look after the runs with this program")
    parser.add_argument("--part", metavar="I/N", default="1/1", help="every N-th fault from I on")
    parser.add_argument("--memory", action="store_true",
                        help="work in memory if there is /dev/shm: syncs take no time there")
    parser.add_argument("--failures", type=int, default=10, help="end after so many (10)")
    parser.add_argument("--most", type=int, help="faults of a kind and mode")
    parser.add_argument("--moments", type=int, help="kill at so many moments instead")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--expect", action="store_true", help="fail if no fault fires")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    memory = options.memory and os.access("/dev/shm", os.W_OK)
    options.shim = options.shim and os.path.abspath(options.shim)
    try:
        with tempfile.TemporaryDirectory(
                prefix="mlops-fault-", dir="/dev/shm" if memory else None) as scratch:
            loop = Loop(options, scratch)
            loop.moments() if options.moments else loop.all()
            demand(not loop.failures, f"{loop.failures} failures")
    except Failure as failure:
        print(f"{' '.join(options.command)}: {failure}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
