"""The job scripts, submitted to a real Slurm: a cluster of virtual nodes on this machine."""
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import unittest

import harness

NODES, CPUS = 2, 2

# The small generated experiment, larger, and without its samples in the archive.
EXPERIMENT = harness.GAUSSIAN[: harness.GAUSSIAN.index("archive:")].replace("300", "20000")


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


class Slurm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.folder / "slurm"
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
        cls.addClassCleanup(cls.run_script, "slurm-down.sh", cls.cluster)
        done = cls.run_script("slurm-up.sh", cls.cluster, free_ports(), NODES, CPUS)
        if done.returncode:
            raise AssertionError(done.stderr)
        harness.write("small.yaml", EXPERIMENT)

    @classmethod
    def run_script(cls, name, *arguments):
        return subprocess.run(["sh", harness.ROOT / "tests" / name, *map(str, arguments)],
                              env=cls.environment, text=True, capture_output=True, timeout=120)

    def copy(self, script, results, **knobs):
        """A copy with its knobs turned, as a user would."""
        knobs = {"experiment": "small.yaml", "results": results, "twoview": harness.TWOVIEW,
                 "launcher": harness.ROOT / "jobs/launch.sh", **knobs}
        head, body = re.match(r"((?:.*\n){10})(.*)", (harness.ROOT / "jobs" / script).read_text(),
                              re.S).groups()
        for knob, value in knobs.items():
            head, count = re.subn(rf"^{knob}=\S+", f"{knob}={value}", head, flags=re.M)
            self.assertEqual(count, 1, f"{knob} is not among the first lines of {script}")
        return harness.write(script, head + body)

    def submit(self, script, **environment):
        done = subprocess.run(["sbatch", "-W", "-o", "job.out", script], cwd=harness.folder,
                              env={**self.environment, **environment}, text=True,
                              capture_output=True, timeout=120)
        said = (harness.folder / "job.out").read_text()
        self.assertEqual(done.returncode, 0, done.stderr + said)
        return said

    def ranks_and_hosts(self, said):
        return [tuple(map(int, line)) for line in
                re.findall(r"^ *(\d+) +(\d+) +\S+ +\S+ +\S+ +\S+ % ", said, re.M)]

    def check_archives(self, results):
        job = set()
        for ranks in (1, 2, 4):
            with harness.h5py.File(harness.folder / results / f"ranks-{ranks}.h5") as file:
                self.assertEqual(harness.attribute(file, "ranks"), ranks)
                job.add(harness.attribute(file, "slurm_job_id"))
        self.assertEqual(len(job), 1)
        for name in ("scaling.csv", "scaling.svg", "scaling.pdf"):
            self.assertTrue((harness.folder / results / name).exists(), name)

    def test_strong_scaling(self):
        said = self.submit(self.copy("strong-scaling.sbatch", "strong"))
        self.assertIn("small: strong scaling, 3 archives", said)
        self.assertEqual(self.ranks_and_hosts(said), [(1, 1), (2, 1), (4, 2)])
        self.check_archives("strong")

    def test_weak_scaling(self):
        said = self.submit(self.copy("weak-scaling.sbatch", "weak", samples=5000))
        self.assertIn("small: weak scaling, 3 archives", said)
        self.check_archives("weak")
        for ranks in (1, 2, 4):
            with harness.h5py.File(harness.folder / f"weak/ranks-{ranks}.h5") as file:
                self.assertEqual(list(file["n"]), [5000 * ranks])

    def test_archives_that_exist_are_kept(self):
        script = self.copy("strong-scaling.sbatch", "again")
        self.assertEqual(self.submit(script).count("48 solutions"), 3)
        (harness.folder / "again/ranks-2.h5").unlink()
        said = self.submit(script)
        self.assertEqual(said.count("48 solutions"), 1)
        self.assertIn("again/ranks-2.h5: 16 points", said)
        self.assertIn("strong scaling, 3 archives", said)

    def test_mpirun_where_slurm_has_no_pmix(self):
        """A srun that knows of no PMIx stands before the real one; mpirun needs that one."""
        path = harness.folder / "bin"
        path.mkdir()
        real = shutil.which("srun", path=self.environment["PATH"])
        (path / "srun").write_text(
            f'#!/bin/sh\nif [ "$*" = --mpi=list ]; then echo none; else exec {real} "$@"; fi\n')
        (path / "srun").chmod(0o755)
        tell = harness.write("tell.sbatch", f"""\
            #!/bin/sh
            #SBATCH --nodes={NODES} --ntasks-per-node={CPUS}
            set -eu
            . {harness.ROOT}/jobs/launch.sh
            for ranks in 1 3 4; do
              launch $ranks sh -c 'echo "$SLURM_NTASKS $(hostname) $OMPI_COMM_WORLD_SIZE"'
            done
            """)
        said = self.submit(tell, PATH=f"{path}:{self.environment['PATH']}")
        lines = sorted(said.splitlines())
        expected = sorted(["1 node1 1"] + 2 * ["3 node1 3"] + ["3 node2 3"] + 2 * ["4 node1 4"] +
                          2 * ["4 node2 4"])
        self.assertEqual(lines, expected, said)


if __name__ == "__main__":
    reason = reason_to_skip()
    if reason:
        print(reason)
        sys.exit(77)
    unittest.main()
