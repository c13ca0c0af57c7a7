"""A Slurm cluster of virtual nodes on this machine, and jobs on it, for the tests."""
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
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


def stacks_of(process):
    """Of its threads, where gdb is installed; what the kernel says of it otherwise."""
    if shutil.which("gdb"):
        return ["gdb", "-p", str(process), "-batch", "-ex", "thread apply all backtrace"]
    return ["head", "-n", "50", *(f"/proc/{process}/{name}" for name in ("wchan", "syscall", "status"))]


class Cluster(unittest.TestCase):
    """Tests that share a cluster of their own. Where a test fails on a job, the job is still there when
    the test ends: then all that is known of it goes to stderr, and it is cancelled, so that the next
    test finds the nodes free. When they do not become free, all other tests fail at once."""

    is_lost = False

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

    def setUp(self):
        self.assertFalse(self.is_lost, "an earlier test has left nodes that do not become free")
        self.addCleanup(self.clear)

    def clear(self):
        jobs = self.command("squeue", "-h", "-o", "%A", "--states=PENDING,RUNNING").split()
        if not jobs:
            return
        print(f"\n{self.id()} leaves jobs {' '.join(jobs)}", self.account(jobs), sep="\n",
              file=sys.stderr, flush=True)
        self.said_by("scancel", "--signal=KILL", "--full", *jobs)
        self.said_by("scancel", *jobs)
        type(self).is_lost = True
        harness.wait_for(self.is_idle, pause=0.2, limit=120, failure="the nodes do not become free")
        type(self).is_lost = False

    def is_idle(self):
        return self.command("sinfo", "-h", "--partition=all", "--states=idle", "-o", "%D") == str(NODES)

    def account(self, jobs):
        """What Slurm, its daemons, the jobs and the ranks say."""
        files = [*self.cluster.glob("log/*"), *harness.folder.glob("*.out")]
        questions = [*(["scontrol", "show", "job", job] for job in jobs), ["squeue"], ["squeue", "--steps"],
                     ["sinfo", "-R"], ["scontrol", "show", "node"], ["tail", "-n", "30", *files],
                     *map(stacks_of, self.processes())]
        return "\n".join(self.said_by(*words) for words in questions)

    def said_by(self, *words):
        """What a command says, also when it fails or hangs."""
        done = subprocess.run(["timeout", "60", *words], text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment)
        return f"$ {' '.join(map(str, words))}\n{done.stdout}"

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
                             ("PENDING", "RUNNING", "COMPLETING"), pause=0.2,
                         failure=f"job {job} does not end")
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

    def processes(self):
        """Those of the program in all jobs, with the environment of each."""
        found = {}
        for process in filter(str.isdigit, os.listdir("/proc")):
            environment = environment_of(process) if interrupted.is_called(process, "twoview") else {}
            if environment.get("SLURM_CONF") == self.environment["SLURM_CONF"]:
                found[int(process)] = environment
        return found

    def ranks(self, job):
        """The ranks of a job, or of a task of an array (JOB_TASK), on all of its nodes."""
        found = []
        for process, environment in self.processes().items():
            name = environment.get("SLURM_JOB_ID")
            if "SLURM_ARRAY_JOB_ID" in environment:
                name = "{SLURM_ARRAY_JOB_ID}_{SLURM_ARRAY_TASK_ID}".format(**environment)
            if name == job:
                found.append(process)
        return found
