"""A Slurm cluster of virtual nodes on this machine, and jobs on it, for the tests."""
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import unittest

import harness
import interrupted

NODES, CPUS = 2, 2


def reason_to_skip():
    for program in ("munged", "slurmctld", "slurmd", "sbatch", "unshare"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{program} is not installed (Debian: slurm-wlm munge)"
    return "" if os.geteuid() == 0 else "a Slurm with nodes of its own needs root"


def are_free(ports):
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return False
    return True


def free_ports():
    while True:
        first = random.randrange(20000, 30000)
        if are_free(range(first, first + 1 + NODES)):
            return first


def environment_of(process):
    """As it was when the process began; empty when it is gone."""
    try:
        words = pathlib.Path(f"/proc/{process}/environ").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return dict(word.split("=", 1) for word in words.split("\0") if "=" in word)


class Cluster(unittest.TestCase):
    """Tests that share a cluster of their own."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.folder / f"slurm-{cls.__name__}"
        cls.environment = {
            **os.environ,
            "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
            "SLURM_CONF": str(cls.cluster / "slurm.conf"),
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_rmaps_base_oversubscribe": "1",
            "OMPI_MCA_hwloc_base_binding_policy": "none",
            "OMPI_MCA_mpi_yield_when_idle": "1",
            "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
        }
        cls.addClassCleanup(cls.take_down)
        done = cls.run_script("slurm-up.sh", cls.cluster, free_ports(), NODES, CPUS)
        if done.returncode:
            raise AssertionError(done.stderr)

    @classmethod
    def run_script(cls, name, *arguments):
        return subprocess.run(["sh", harness.ROOT / "tests" / name, *map(str, arguments)],
                              env=cls.environment, text=True, capture_output=True,
                              timeout=harness.HANG)

    @classmethod
    def take_down(cls):
        done = cls.run_script("slurm-down.sh", cls.cluster)
        if done.returncode:
            raise AssertionError(done.stderr)

    def copy(self, script, results, lines=(), **knobs):
        """A copy with its knobs turned and other `#SBATCH` lines, as a user would."""
        head, body = re.match(r"((?:.*\n){10})(.*)", (harness.ROOT / "jobs" / script).read_text(),
                              re.S).groups()
        usual = {"experiment": "small.yaml", "launcher": harness.ROOT / "jobs/launch.sh"}
        knobs = {"results": results, "twoview": harness.TWOVIEW,
                 **{knob: value for knob, value in usual.items() if f"\n{knob}=" in head}, **knobs}
        for knob, value in knobs.items():
            head, count = re.subn(rf"^{knob}=\S+", f"{knob}={value}", head, flags=re.M)
            self.assertEqual(count, 1, f"{knob} is not among the first lines of {script}")
        for old, new in lines:
            self.assertEqual(head.count(old), 1, f"{old} is not among the first lines of {script}")
            head = head.replace(old, new)
        return harness.write(f"{results}-{script}", head + body)

    def command(self, *words, **environment):
        done = subprocess.run(words, cwd=harness.folder, text=True, capture_output=True,
                              timeout=harness.HANG, env={**self.environment, **environment})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def path_without_pmix(self):
        """A srun that knows of no PMIx stands before the real one; mpirun needs that one."""
        path = harness.folder / "bin"
        path.mkdir(exist_ok=True)
        real = shutil.which("srun", path=self.environment["PATH"])
        (path / "srun").write_text(
            f'#!/bin/sh\nif [ "$*" = --mpi=list ]; then echo none; else exec {real} "$@"; fi\n')
        (path / "srun").chmod(0o755)
        return f"{path}:{self.environment['PATH']}"

    def state(self, job, field):
        return re.search(rf"\b{field}=(\S+)", self.command("scontrol", "-o", "show", "job",
                                                            job)).group(1)

    def wait_for_end(self, job):
        """Of a job in all of its sessions: the state that it is left in."""
        harness.wait_for(lambda: self.state(job, "JobState") not in
                             ("PENDING", "RUNNING", "COMPLETING"), pause=0.2)
        return self.state(job, "JobState")

    def start(self, script, *options, **environment):
        """A job, its number, and what it will say."""
        output = harness.folder / f"{script.stem}.out"
        output.unlink(missing_ok=True)
        job = self.command("sbatch", "--parsable", "-o", output, *options, script, **environment)
        return job, output

    def submit(self, script, *options, exit_status=0, **environment):
        """A job, to its end; what it said."""
        job, output = self.start(script, *options, **environment)
        self.wait_for_end(job)
        said = output.read_text()
        self.assertEqual(self.state(job, "ExitCode"), f"{exit_status}:0", said)
        return said

    def ranks(self, job):
        """The ranks of a job, or of a task of an array (JOB_TASK), on all of its nodes."""
        found = []
        for process in filter(str.isdigit, os.listdir("/proc")):
            environment = environment_of(process) if interrupted.is_called(process, "twoview") else {}
            name = environment.get("SLURM_JOB_ID")
            if "SLURM_ARRAY_JOB_ID" in environment:
                name = "{SLURM_ARRAY_JOB_ID}_{SLURM_ARRAY_TASK_ID}".format(**environment)
            if environment.get("SLURM_CONF") == self.environment["SLURM_CONF"] and name == job:
                found.append(int(process))
        return found
