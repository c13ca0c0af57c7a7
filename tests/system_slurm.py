"""The job scripts, submitted to a real Slurm: a cluster of virtual nodes on this machine."""
import os
import re
import signal
import sys
import time
import unittest

import cluster
import harness
import interrupted

# The small generated experiment, larger, and without its samples in the archive.
EXPERIMENT = harness.GAUSSIAN[: harness.GAUSSIAN.index("archive:")].replace("300", "20000")

# Some seconds of work, to be interrupted.
LONG = interrupted.GENERATED.replace("SAMPLES", "3000000")
LONGER = interrupted.GENERATED.replace("SAMPLES", "80000000")  # however late it is held


class Runs(cluster.Cluster):
    """Jobs that are left alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        harness.write("small.yaml", EXPERIMENT)
        harness.archive("small.yaml", "alone.h5").close()

    def check_run(self, results, ranks, hosts):
        self.assertEqual(interrupted.differences("alone.h5", f"{results}/results.h5"), [])
        self.assertTrue((harness.folder / results / "report.html").exists())
        with harness.h5py.File(harness.folder / results / "results.h5") as archive:
            self.assertEqual(harness.attribute(archive, "ranks"), ranks)
            self.assertEqual(len(set(archive["host"])), hosts)

    def test_one_node(self):
        script = self.copy("run.sbatch", "one")
        self.submit(script)
        self.check_run("one", 2, 1)
        self.assertIn("is complete; there is nothing to resume", self.submit(script))

    def test_several_nodes(self):
        self.submit(self.copy("run.sbatch", "several"), "--nodes=2")
        self.check_run("several", 4, 2)

    def test_a_job_that_is_told_before_it_starts_anything(self):
        script = harness.write("hasty.sbatch", f"""\
            #!/bin/sh
            #SBATCH --ntasks=1
            set -eu
            . {harness.ROOT}/jobs/launch.sh
            kill -USR1 $$
            launch 1 touch started
            """)
        self.submit(script, exit_status=75)
        self.assertFalse((harness.folder / "started").exists())

    def test_a_node_whose_ranks_all_die(self):
        """By itself srun leaves those of the other node waiting until the job's time is over."""
        script = harness.write("bereft.sbatch", f"""\
            #!/bin/sh
            #SBATCH --nodes={cluster.NODES} --ntasks-per-node={cluster.CPUS} --time=60
            set -eu
            . {harness.ROOT}/jobs/launch.sh
            launch 4 sh -c '[ "$(hostname)" = node1 ] || kill -KILL $$; exec sleep {2 * harness.HANG}'
            """)
        self.submit(script, exit_status=137)

    def test_what_a_site_sets_stays(self):
        script = harness.write("set.sbatch", f"""\
            #!/bin/sh
            #SBATCH --ntasks=1
            set -eu
            . {harness.ROOT}/jobs/launch.sh
            launch 1 sh -c 'echo "$SLURM_WAIT $SLURM_PMIX_FENCE"'
            """)
        self.assertEqual(self.submit(script), "60 ring\n")
        self.assertEqual(self.submit(script, SLURM_WAIT="7", SLURM_PMIX_FENCE="mixed"), "7 mixed\n")

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
        tell = harness.write("tell.sbatch", f"""\
            #!/bin/sh
            #SBATCH --nodes={cluster.NODES} --ntasks-per-node={cluster.CPUS}
            set -eu
            . {harness.ROOT}/jobs/launch.sh
            for ranks in 1 3 4; do
              launch $ranks sh -c 'echo "$SLURM_NTASKS $(hostname) $OMPI_COMM_WORLD_SIZE"'
            done
            """)
        said = self.submit(tell, PATH=self.path_without_pmix())
        lines = sorted(said.splitlines())
        expected = sorted(["1 node1 1"] + 2 * ["3 node1 3"] + ["3 node2 3"] + 2 * ["4 node1 4"] +
                          2 * ["4 node2 4"])
        self.assertEqual(lines, expected, said)


class Interrupted(cluster.Cluster):
    """Jobs that are asked to leave, and go back into the queue. Their ranks stop themselves as soon as
    they listen, so that there is always something left to do, and go on when they are let."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        experiment = harness.write("long.yaml", LONG)
        harness.archive(experiment, "undisturbed.h5").close()

    def signal(self, ranks, number):
        for rank in ranks:
            try:
                os.kill(rank, number)
            except ProcessLookupError:
                pass

    def stopping(self, task=""):
        """The program, whose ranks stop themselves in the first session of a job, or of one task of an
        array."""
        program = harness.write(f"stopping{task}", f"""\
            #!/bin/sh
            [ "${{SLURM_RESTART_COUNT:-0}} ${{SLURM_ARRAY_TASK_ID:-}}" != "0 {task}" ] ||
              export LD_PRELOAD={os.environ["HOLD_START"]}
            exec {harness.TWOVIEW} "$@"
            """)
        program.chmod(0o755)
        return program

    def hold(self, job, count):
        """The ranks of a job that has just started, when all of them have stopped."""
        harness.wait_for(lambda: list(map(interrupted.state_of, self.ranks(job))) == count * ["T"],
                             pause=0.1)
        ranks = self.ranks(job)
        self.addCleanup(self.signal, ranks, signal.SIGCONT)
        return ranks

    def hold_in_steps(self, ranks, end):
        """Thrice, as a rank may be saving once, so that a step seems to last a fifth of the time that is
        left; twice that is left then, and a rank leaves when it is less than thrice."""
        self.addCleanup(self.signal, ranks, signal.SIGCONT)
        fifth = (end - time.time()) / 5
        for _ in range(3):
            self.signal(ranks, signal.SIGSTOP)
            time.sleep(fifth)
            self.signal(ranks, signal.SIGCONT)
            time.sleep(0.3)

    def let_go(self, ranks, after=None):
        """Ranks go on, where a signal is to be `after` it has reached one of them."""
        if after:
            harness.wait_for(lambda: any(interrupted.signal_mask(rank, "ShdPnd") & 1 << after - 1
                                             for rank in ranks))
        self.signal(ranks, signal.SIGCONT)

    def check_completed(self, job, output, results, undisturbed="undisturbed.h5"):
        state, said = self.wait_for_end(job), output.read_text()
        self.assertEqual(state, "COMPLETED", said)
        self.assertEqual(said.count("there is no checkpoint; starting from the beginning"), 1, said)
        restarts = int(self.state(job, "Restarts"))
        self.assertGreaterEqual(restarts, 1, said)
        self.assertEqual(said.count("continuing from its checkpoint"), restarts, said)
        self.assertEqual(interrupted.differences(undisturbed, f"{results}/results.h5"), [])
        with harness.h5py.File(harness.folder / results / "results.h5") as archive:
            self.assertEqual(harness.attribute(archive, "sessions"), restarts + 1)
            self.assertEqual(harness.attribute(archive, "slurm_job_id"), job)
            self.assertEqual(harness.attribute(archive, "slurm_restart_count"), str(restarts))
        self.assertTrue((harness.folder / results / "report.html").exists())
        return said

    def check_requeued(self, job, output, results, undisturbed="undisturbed.h5"):
        """By itself, when the program had left."""
        said = self.check_completed(job, output, results, undisturbed)
        self.assertRegex(said, f"(?s)holds what is done.*job {job}: goes back into the queue")

    def preemptible(self, results, lines=(), experiment="long.yaml", **knobs):
        return self.copy("preemptible.sbatch", results, lines, experiment=experiment,
                         **{"twoview": self.stopping(), **knobs})

    def told(self, results, *options, **environment):
        """A job whose shell is sent SIGUSR1."""
        job, output = self.start(self.preemptible(results), *options, **environment)
        ranks = self.hold(job, 2 * (2 if options else 1))
        self.command("scancel", "--batch", "--signal=USR1", job)
        self.let_go(ranks, after=signal.SIGUSR1)
        self.check_requeued(job, output, results)

    def test_signal(self):
        self.told("told", "--nodes=2")

    def test_signal_under_mpirun(self):
        self.told("told-mpirun", PATH=self.path_without_pmix())

    def test_signal_to_ranks_that_do_not_listen_yet(self):
        text = f"""\
            #!/bin/sh
            #SBATCH --ntasks=1 --requeue --open-mode=append
            set -eu
            . {harness.ROOT}/jobs/launch.sh
            launch_or_requeue 1 1 sh -c '[ "${{SLURM_RESTART_COUNT:-0}}" = 1 ] || kill -USR1 $$'
            """
        jobs = [self.start(harness.write("srun.sbatch", text)),
                self.start(harness.write("mpirun.sbatch", text), PATH=self.path_without_pmix())]
        for job, output in jobs:
            self.assertEqual(self.wait_for_end(job), "COMPLETED", output.read_text())
            self.assertEqual(self.state(job, "Restarts"), "1")

    def test_a_controller_that_does_not_answer_for_a_moment(self):
        script = harness.write("unanswered.sbatch", f"""\
            #!/bin/sh
            #SBATCH --ntasks=1 --requeue --open-mode=append
            set -eu
            . {harness.ROOT}/jobs/launch.sh
            squeue() {{ return 1; }}
            launch_or_requeue 1 1 sh -c '[ "${{SLURM_RESTART_COUNT:-0}}" = 1 ] || exit 75'
            """)
        job, output = self.start(script)
        self.assertEqual(self.wait_for_end(job), "COMPLETED", output.read_text())
        self.assertEqual(self.state(job, "Restarts"), "1")

    def test_time_limits(self):
        """A job of a minute sees the end by itself: held in a step, it takes the next one to last as
        long, and leaves before. One of two minutes is sent Slurm's signal, 60 to 90 seconds before the
        end."""
        late_lines = [("--time=01:00:00", "--time=1"), (" --signal=B:USR1@120", "")]
        early_lines = [("--time=01:00:00", "--time=2"), ("USR1@120", "USR1@60")]
        harness.archive(harness.write("longer.yaml", LONGER), "longer.h5").close()
        late, late_output = self.start(self.preemptible("late", late_lines, "longer.yaml",
                                                        twoview=harness.TWOVIEW))
        harness.wait_for(lambda: late_output.exists() and
                             "starting from the beginning" in late_output.read_text())
        late_ranks = self.ranks(late)
        self.assertEqual(len(late_ranks), 2)
        early, early_output = self.start(self.preemptible("early", early_lines))
        end = time.mktime(time.strptime(self.state(late, "EndTime"), "%Y-%m-%dT%H:%M:%S"))
        self.assertEqual(cluster.environment_of(late_ranks[0])["SLURM_JOB_END_TIME"], f"{end:.0f}")
        self.hold_in_steps(late_ranks, end)
        self.let_go(self.hold(early, 2), after=signal.SIGUSR1)
        self.check_requeued(early, early_output, "early")
        self.check_requeued(late, late_output, "late", "longer.h5")

    def test_preemption(self):
        """Slurm sends SIGTERM, and puts the job back into the queue by itself."""
        job, output = self.start(self.preemptible("preempted"), "--nodes=2")
        ranks = self.hold(job, 4)
        self.command("sbatch", "-o", "urgent.out", "--partition=urgent", "--nodes=2",
                     "--ntasks-per-node=2", "--wrap=true")
        harness.wait_for(lambda: self.state(job, "JobState") != "RUNNING", pause=0.1)
        self.let_go(ranks)
        said = self.check_completed(job, output, "preempted")
        self.assertIn("DUE TO PREEMPTION", said)
        self.assertNotIn("goes back into the queue", said)

    def test_cancelled_jobs_stay_cancelled(self):
        job, output = self.start(self.preemptible("cancelled"))
        ranks = self.hold(job, 2)
        self.command("scancel", job)
        self.let_go(ranks)
        self.assertEqual(self.wait_for_end(job), "CANCELLED")
        harness.wait_for((harness.folder / "cancelled/results.h5.checkpoint").exists)
        self.assertEqual(self.state(job, "JobState"), "CANCELLED")
        self.assertNotIn("goes back into the queue", output.read_text())

    def test_no_more_restarts_than_allowed(self):
        job, output = self.start(self.preemptible("once", restarts=0))
        ranks = self.hold(job, 2)
        self.command("scancel", "--batch", "--signal=USR1", job)
        self.let_go(ranks, after=signal.SIGUSR1)
        self.assertEqual(self.wait_for_end(job), "FAILED")
        self.assertEqual(self.state(job, "ExitCode"), "75:0")
        self.assertIn("not done after 0 restarts; submit it again", output.read_text())
        self.assertTrue((harness.folder / "once/results.h5.checkpoint").exists())

    # ---- Arrays ----

    def submit_array(self, results, tasks, experiment, **knobs):
        """The array, and what depends on it."""
        array = self.copy("array.sbatch", results, [("--array=0-9%4", f"--array=0-{tasks - 1}%2")],
                          experiment=experiment, **knobs)
        merge = self.copy("merge.sbatch", results)
        said = self.command("sh", harness.ROOT / "jobs/submit-array.sh", array, merge)
        return re.fullmatch(r"array (\d+), then (\d+)", said).groups()

    def test_array(self):
        """Its last task bears the number of the whole array, and alone is started again."""
        harness.archive("long.yaml", "whole.h5", "--set", "replicates=3").close()
        array, merge = self.submit_array("array", 3, "long.yaml", twoview=self.stopping(2))
        ranks = self.hold(f"{array}_2", 2)
        self.assertEqual(self.state(merge, "JobState"), "PENDING")
        self.command("scancel", "--batch", "--signal=USR1", f"{array}_2")
        self.let_go(ranks, after=signal.SIGUSR1)
        self.assertEqual(self.wait_for_end(merge), "COMPLETED")
        self.assertEqual(interrupted.differences("whole.h5", "array/results.h5"), ["parts"])
        for task, sessions in enumerate([1, 1, 2]):
            self.assertEqual(self.state(f"{array}_{task}", "Restarts"), str(sessions - 1))
            with harness.h5py.File(harness.folder / f"array/part-{task}.h5") as archive:
                self.assertEqual(harness.attribute(archive, "sessions"), sessions)
                self.assertEqual(list(archive["replicate"]), [task])
        self.assertEqual(len(list((harness.folder / "array").glob("*.html"))), 1)

    def test_array_with_a_task_that_fails(self):
        array, merge = self.submit_array("failing", 1, "nowhere.yaml")
        self.assertEqual(self.wait_for_end(merge), "CANCELLED")
        self.assertEqual(self.state(f"{array}_0", "JobState"), "FAILED")


if __name__ == "__main__":
    reason = cluster.reason_to_skip()
    if reason:
        print(reason)
        sys.exit(77)
    unittest.main()
