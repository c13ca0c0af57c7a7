"""Interrupted runs continue, on any number of ranks, and end with what an undisturbed run has."""
import os
import random
import re
import signal
import subprocess
import unittest

import h5py
import numpy as np

import harness
import interrupted

ENDLESS = interrupted.GENERATED.replace("SAMPLES", "100000000000")

DATA_SET = """\
replicates: 2
source: {type: hdf5, file: rows.h5, samples: x, targets: y}
features: {pca: 5}
noise: {components: 6, lambda_max: [1, 10]}
augmentation: {theta_max: 1, alpha: [0.3, 3]}
samples: [100, 30000]
encoder: {k: 4}
archive: {encoders: all, representations: all}
"""

VIEWS = """\
replicates: 2
source: {type: hdf5, file: images.h5, samples: x, labels: y, scale: 255}
test: {fraction: 0.4}
corruption: {chain: [{type: texture, length: 3, deviation: [0.2, 0.6]}], sampler: expected}
augmentation: {chain: [{type: shift, pixels: 1}, {type: noise, deviation: 0.1}]}
samples: [300, 1800]
encoder: {k: 4}
parallel: {layout: distributed}
"""


def write_rows(count=30000, first=0):
    numbers = np.random.default_rng(0)
    with h5py.File(harness.folder / "rows.h5", "w") as file:
        x = numbers.normal(size=(count, 8)) * np.arange(1, 9)
        x[0] += first
        file["x"], file["y"] = x + 5, x[:, :2] + numbers.normal(size=(count, 2))


class Resume(unittest.TestCase):
    def files(self, stem):
        return sorted(path.name for path in harness.folder.glob(stem + ".h5*"))

    def forget(self, stem):
        for name in self.files(stem):
            (harness.folder / name).unlink()

    def go_on_until_done(self, experiment, output, *settings, limits=4 * ["0.01"] + 96 * ["2.5"],
                         numbers=(2, 3, 1, 4, 2, 7)):
        """Sessions on changing numbers of ranks (None: without mpirun): too short for more than a few
        batches, then of half a second (two are the least that is kept for saving)."""
        for session, ranks, limit in zip(range(100), 50 * numbers, limits):
            done = harness.twoview("run", experiment, "-o", output, "--resume", "--max-time", limit,
                                   *settings, ranks=ranks)
            if done.returncode == 0:
                return session
            self.assertIn(done.returncode, (3,) if float(limit) < 2 else (3, 75), done.stderr)
            self.assertIn(f"{output}.checkpoint holds what is done", done.stderr)
        raise AssertionError("it never ends")

    def check(self, text, *settings, same_grids=True):
        experiment = harness.write("piecewise.yaml", text)
        harness.archive(experiment, "whole.h5", *settings).close()
        self.forget("pieces")
        sessions = self.go_on_until_done(experiment, "pieces.h5", *settings)
        self.assertGreaterEqual(sessions, 3)
        self.assertEqual(interrupted.differences("whole.h5", "pieces.h5", same_grids), [])
        self.assertEqual(self.files("pieces"), ["pieces.h5"])
        with h5py.File(harness.folder / "pieces.h5") as archive:
            self.assertEqual(archive.attrs["sessions"], sessions + 1)

    def test_generated(self):
        self.check(interrupted.GENERATED.replace("SAMPLES", "300000"))

    def test_distributed(self):
        self.check(interrupted.GENERATED.replace("SAMPLES", "100000"), "--set",
                   "parallel.layout=distributed", "--set", "replicates=1", same_grids=False)

    def test_data_set(self):
        write_rows()
        self.check(DATA_SET)

    def test_components_in_passes(self):
        """Sessions of a batch for each rank, which end within one pass after the other: of two shards; and of
        twenty, of which the first is so far from the others that the mean moves after the first pass."""
        numbers = np.random.default_rng(1)
        for shards, sessions, ranks in ((2, 14, (2, 1, 3)), (20, 8, (7, 6))):
            x = numbers.normal(size=(1000, 60)) * np.geomspace(1, 0.5, 60) + 5
            if shards == 20:
                x[:50] -= 400
            with h5py.File(harness.folder / "rows.h5", "w") as file:
                file["x"], file["y"] = x, x[:, :2] + numbers.normal(size=(1000, 2))
            experiment = harness.write("passes.yaml", DATA_SET.replace("30000", "900"))
            settings = harness.settings("features.solver=subspace", f"parallel.shards={shards}")
            with harness.archive(experiment, "whole.h5", *settings) as archive:
                self.assertGreater(archive.attrs["principal_passes"], 5)
            self.forget("pieces")
            done = self.go_on_until_done(experiment, "pieces.h5", *settings, numbers=ranks,
                                         limits=sessions * ["0.01"] + (100 - sessions) * ["2.5"])
            self.assertGreaterEqual(done, sessions)
            self.assertEqual(interrupted.differences("whole.h5", "pieces.h5", same_grids=True), [])

    def test_distributed_views(self):
        with h5py.File(harness.folder / "images.h5", "w") as file:
            images = np.random.default_rng(0).integers(0, 256, (3000, 8, 8, 3))
            file["x"], file["y"] = images.astype(np.uint8), images[:, 0, 0, 0] // 64
        self.check(VIEWS, same_grids=False)

    LAW = ["--set", "noise.sampler=law", "--set", "archive.representations=none"]

    def test_law_beside_a_data_set(self):
        write_rows()
        self.check(DATA_SET, *self.LAW)

    def test_a_time_limit_without_time_for_work_is_reported(self):
        """Again and again: how much is needed, and with a status of its own. What a signal ends is
        not of that kind, whatever the limit."""
        experiment = harness.write("endless.yaml", ENDLESS)
        self.forget("hopeless")
        for ranks in (1, 2, 3):
            done = harness.twoview("run", experiment, "-o", "hopeless.h5", "--resume", "--max-time", "1",
                                   ranks=ranks)
            self.assertEqual(done.returncode, 3, done.stderr)
            told = re.search(r"no progress: of 1 s .* starting took (\S+) s and (\S+) s are kept for "
                             r"saving, .* give more than (\S+) s", done.stderr)
            starting, kept, needed = map(float, told.groups())
            self.assertGreaterEqual(kept, 2)
            self.assertGreaterEqual(needed, 0.98 * (starting + kept))  # two and three digits

    def get_further(self, name, experiment, steps, *settings):
        """One session for each step, and one that finds all done, and does none of it again."""
        self.go_on_until_done(experiment, f"short-{name}.h5", *settings, numbers=(None, None, None, 2),
                              limits=(steps + 1) * ["0.01"])
        with h5py.File(harness.folder / f"short-{name}.h5") as archive:
            self.assertEqual(archive["flops"][()].sum(), 0)

    def test_the_shortest_sessions_get_further(self):
        """Each ends a batch, an increment or a solution at least, whatever the time."""
        write_rows(600)
        stored = harness.write("stored.yaml", DATA_SET)
        spread = harness.write("spread.yaml", interrupted.GENERATED.replace(", SAMPLES", ""))
        few = ["--set", "replicates=1", "--set", "noise.lambda_max=1", "--set", "samples=[500]",
               "--set", "parallel.shards=2"]
        solves = 1 + 2  # clean, and of each alignment
        self.get_further("data", stored, 2 * 2 + solves, *few)  # two passes, two batches each
        write_rows(600, first=1e6)
        self.get_further("far", stored, 3 * 2 + solves, *few)  # the first one twice
        write_rows(600)
        self.get_further("law", stored, 2 * 2 + 1 + solves, *few, *self.LAW)
        self.get_further("spread", spread, 1 + solves, *few, "--set", "parallel.layout=distributed")

    def test_the_shortest_sessions_get_further_in_a_search(self):
        text = interrupted.GENERATED.replace(", alpha: [0.5, 2]", "").replace(", SAMPLES", "")
        experiment = harness.write("sought.yaml", text[:text.index("archive:")])
        settings = ["--set", "study=threshold", "--set", "threshold.tolerance=0.1",
                    "--set", "methods=[joint-embedding]", "--set", "replicates=1",
                    "--set", "noise.lambda_max=10", "--set", "samples=[500]",
                    "--set", "parallel.shards=1"]
        with harness.archive(experiment, "sought.h5", *settings) as archive:
            solutions = int(archive["alpha2_evaluations"][()].sum())
        self.get_further("sought", experiment, 1 + 1 + solutions + 1, *settings)  # batch, clean, point
        self.assertEqual(interrupted.differences("sought.h5", "short-sought.h5"), [])

    def test_mixture(self):
        self.check(harness.MIXTURE[: harness.MIXTURE.index("archive:")].replace("300", "200000"))

    # ---- Signals ----

    def stopped_by(self, *signals, to="rank", ranks=2):
        """An endless run, sent the signals one after the other; each but the last lets it go on."""
        self.forget("endless")
        launched = interrupted.start("run", harness.write("endless.yaml", ENDLESS), "-o", "endless.h5",
                                     ranks=ranks)
        harness.wait_for(lambda: len(interrupted.ranks_of(launched)) == ranks)
        checkpoint = harness.folder / "endless.h5.checkpoint"
        harness.wait_for(lambda: interrupted.watch_signals(interrupted.ranks_of(launched)))
        for number in signals:
            self.assertIsNone(launched.poll())
            checkpoint.unlink(missing_ok=True)
            victims = interrupted.ranks_of(launched) if to == "rank" else \
                interrupted.launcher_of(launched)
            os.kill(victims[-1], number)
            harness.wait_for(checkpoint.exists)
        error = launched.communicate(timeout=harness.HANG)[1]
        self.assertIn("endless.h5.checkpoint holds what is done", error)
        return launched.returncode

    def test_signal_to_one_rank_stops_all(self):
        self.assertEqual(self.stopped_by(signal.SIGUSR1), 75)
        self.assertEqual(self.stopped_by(signal.SIGTERM, ranks=3), 75)

    def test_signal_to_the_launcher(self):
        self.assertEqual(self.stopped_by(signal.SIGUSR1, to="launcher"), 75)
        # mpirun gives a second after SIGTERM, and then its own exit code.
        self.assertNotEqual(self.stopped_by(signal.SIGTERM, to="launcher"), 0)

    def test_an_interrupt_without_a_launcher(self):
        """As from a terminal: a job in the background of a shell would ignore it."""
        self.forget("typed")
        launched = interrupted.start(
            "run", harness.write("endless.yaml", ENDLESS), "-o", "typed.h5", ranks=None,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        harness.wait_for(lambda: interrupted.watch_signals([launched.pid]))
        launched.send_signal(signal.SIGINT)
        error = launched.communicate(timeout=harness.HANG)[1]
        self.assertEqual(launched.returncode, 75, error)
        self.assertIn("typed.h5.checkpoint holds what is done", error)
        self.assertTrue((harness.folder / "typed.h5.checkpoint").exists())

    def watched(self, output, *settings, ranks=None, **options):
        """An endless run that watches signals already."""
        self.forget(output)
        launched = interrupted.start("run", harness.write("endless.yaml", ENDLESS), "-o",
                                     f"{output}.h5", *settings, ranks=ranks, **options)
        count = ranks or 1
        of_run = lambda: interrupted.ranks_of(launched) if ranks else [launched.pid]
        harness.wait_for(lambda: len(of_run()) == count)
        harness.wait_for(lambda: interrupted.watch_signals(of_run()))
        return launched

    def test_every_deadly_signal_saves(self):
        """From before MPI starts on; those that tell of faults of the program itself aside."""
        faults = {signal.SIGKILL, signal.SIGSTOP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE,
                  signal.SIGILL, signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP}
        harmless = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH, signal.SIGTSTP,
                    signal.SIGTTIN, signal.SIGTTOU, signal.SIGXFSZ, signal.SIGUSR2}
        default = lambda: [signal.signal(number, signal.SIG_DFL) for number in
                           (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE)]
        deadly = sorted(set(signal.Signals) - faults - harmless)
        self.assertGreaterEqual(len(deadly), 15)
        for number in deadly:
            launched = self.watched("deadly", preexec_fn=default)
            launched.send_signal(number)
            error = launched.communicate(timeout=harness.HANG)[1]
            self.assertEqual(launched.returncode, 75, (number, error))
            self.assertIn("twoview: asked to stop; saves what is done", error)
            self.assertEqual(self.files("deadly"), ["deadly.h5.checkpoint"], number)

    def test_readers_that_leave(self):
        """Of the log, while the run goes on, and of the summary, after it."""
        launched = self.watched("unread", "--set", "samples=[1e6]", "--set", "replicates=1", "--set",
                                "noise.lambda_max=1", "--checkpoint-every", "0.001")
        launched.stderr.close()
        launched.stdout.close()
        self.assertIn(launched.wait(timeout=harness.HANG), (1, 75))
        self.assertIn(self.files("unread")[0], ("unread.h5", "unread.h5.checkpoint"))
        launched = self.watched("unheard")
        launched.stderr.close()
        launched.send_signal(signal.SIGPIPE)
        self.assertEqual(launched.wait(timeout=harness.HANG), 75)
        self.assertEqual(self.files("unheard"), ["unheard.h5.checkpoint"])

    def test_a_signal_is_not_waited_for_by_a_slow_disk(self):
        """A launcher that kills soon after finds a whole checkpoint under its name."""
        held = harness.write("held", "")
        launched = self.watched("slow", ranks=2, env=dict(
            os.environ, LD_PRELOAD=os.environ["HOLD_FSYNC"], HELD_DISK=str(held)))
        os.kill(interrupted.ranks_of(launched)[-1], signal.SIGTERM)
        harness.wait_for((harness.folder / "slow.h5.checkpoint").exists)
        self.assertIsNone(launched.poll())
        for rank in interrupted.ranks_of(launched):
            os.kill(rank, signal.SIGKILL)
        interrupted.wait_for_silence(launched)
        told = harness.twoview("info", "slow.h5.checkpoint")
        self.assertEqual(told.returncode, 0, told.stderr)
        whole = [name for name in self.files("slow") if not name.endswith(".part")]
        self.assertEqual(whole, ["slow.h5.checkpoint"])

    def test_save_and_go_on(self):
        self.assertEqual(self.stopped_by(signal.SIGUSR2, signal.SIGUSR2, signal.SIGTERM), 75)

    # ---- What is refused, and what is survived ----

    def interrupt(self, stem, sessions=2):
        """An unfinished run: with its checkpoint and the one before it."""
        self.forget(stem)
        experiment = harness.write("stopped.yaml", interrupted.GENERATED.replace("SAMPLES", "3000000"))
        for _ in range(sessions):
            done = harness.twoview("run", experiment, "-o", f"{stem}.h5", "--resume", "--max-time",
                                   "0.01", ranks=2)
            self.assertEqual(done.returncode, 3, done.stderr)
        return experiment

    def refuse(self, exit_code, *expected, arguments):
        done = harness.twoview("run", *arguments, ranks=2)
        self.assertEqual(done.returncode, exit_code, done.stderr)
        for text in expected:
            self.assertIn(text, done.stderr)

    def test_checkpoints_are_not_forgotten_nor_mixed_up(self):
        experiment = self.interrupt("kept", 1)
        self.refuse(2, "continue with --resume", arguments=[experiment, "-o", "kept.h5"])
        self.refuse(2, "'seed: 7' there, 'seed: 8' here",
                    arguments=[experiment, "-o", "kept.h5", "--resume", "--set", "seed=8"])
        self.assertEqual(self.files("kept"), ["kept.h5.checkpoint"])
        done = harness.twoview("run", experiment, "-o", "kept.h5", "--force", "--set",
                               "samples=[100]", ranks=2)
        self.assertEqual((done.returncode, self.files("kept")), (0, ["kept.h5"]), done.stderr)

    def test_what_changes_no_number_is_no_other_run(self):
        """A name, a folder of the data, samples that are archived as well, ranks for each point."""
        write_rows(600)
        experiment = harness.write("moving.yaml", DATA_SET)
        whole = ["--set", "samples=[500]"]
        harness.archive(experiment, "unmoved.h5", *whole).close()
        self.forget("moved")
        self.refuse(3, arguments=[experiment, *whole, "-o", "moved.h5", "--max-time", "0.01"])
        (harness.folder / "elsewhere").mkdir()
        (harness.folder / "rows.h5").rename(harness.folder / "elsewhere/rows.h5")
        changed = harness.settings("name=other", "source.file=elsewhere/rows.h5",
                                   "archive.samples=true", "parallel.ranks_per_point=1")
        self.refuse(2, "'seed: 1' there, 'seed: 8' here", arguments=[
            experiment, *whole, *changed, "-o", "moved.h5", "--resume", "--set", "seed=8"])
        self.refuse(0, "continuing from its checkpoint",
                    arguments=[experiment, *whole, *changed, "-o", "moved.h5", "--resume"])
        self.assertEqual(interrupted.differences("unmoved.h5", "moved.h5"), ["samples"])
        self.refuse(0, arguments=[experiment, *whole, *changed, "-o", "moved.h5", "--resume",
                                  "--set", "name=third"])

    def test_a_checkpoint_tells_how_far_the_run_is(self):
        """From the first shard on, of sums, of the law's increments, and of points."""
        experiment = harness.write("far.yaml", interrupted.GENERATED.replace(", SAMPLES", ""))
        few = ["--set", "parallel.shards=2", "--set", "archive.representations=none"]
        told = []
        for name, settings in (("rows", []), ("law", ["--set", "noise.sampler=law"])):
            self.forget(name)
            for _ in range(200):
                done = harness.twoview("run", experiment, "-o", f"{name}.h5", "--resume", "--max-time",
                                       "0.01", *few, *settings, "--set", "samples=[500]", "--set",
                                       "replicates=1")
                if done.returncode == 0:
                    break
                said = harness.twoview("info", f"{name}.h5.checkpoint").stdout
                told += re.findall(r"^  (.*(?:summed|drawn|inputs|points solved|complete).*)$", said, re.M)
        for text in ("moments: 0 of 2 shards summed, 1 begun", "moments: 1 of 2 shards summed, 1 begun",
                     "moments: complete", "1 of 1 increments of moments drawn",
                     "1 of 1 solutions on clean inputs", "1 of 4 points solved",
                     "3 of 4 points solved"):
            self.assertIn(text, told)

    def test_finished_run_is_left_alone(self):
        experiment = harness.write("stopped.yaml", harness.GAUSSIAN)
        harness.archive(experiment, "finished.h5").close()
        before = (harness.folder / "finished.h5").stat()
        done = harness.twoview("run", experiment, "-o", "finished.h5", "--resume", ranks=2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("finished.h5: is complete; there is nothing to resume", done.stdout)
        self.assertEqual((harness.folder / "finished.h5").stat(), before)
        self.refuse(2, "is of another experiment",
                    arguments=[experiment, "-o", "finished.h5", "--resume", "--set", "seed=4"])

    def test_another_run_takes_the_place_of_a_finished_one(self):
        """Interrupted, it goes on with --force and --resume, whatever is said of the finished one."""
        experiment = harness.write("stopped.yaml", harness.GAUSSIAN)
        harness.archive(experiment, "second.h5", "--set", "seed=4").close()
        harness.archive(experiment, "place.h5").close()
        second = [experiment, "-o", "place.h5", "--set", "seed=4"]
        self.refuse(3, arguments=[*second, "--force", "--max-time", "0.01"])
        self.refuse(0, arguments=[experiment, "-o", "place.h5", "--resume"])
        self.assertEqual(self.files("place"), ["place.h5", "place.h5.checkpoint"])
        self.refuse(2, "add --force to replace it", arguments=[*second, "--resume"])
        self.refuse(0, "continuing from its checkpoint", arguments=[*second, "--resume", "--force"])
        self.assertEqual(self.files("place"), ["place.h5"])
        self.assertEqual(interrupted.differences("second.h5", "place.h5"), [])

    def test_changed_data_are_noticed(self):
        """By a run that is interrupted, by one that is finished, and not when they are gone."""
        write_rows(600)
        experiment = harness.write("changing.yaml", DATA_SET)
        settings = ["--set", "samples=[500]", "--resume", "-o"]
        self.refuse(3, "holds what is done",
                    arguments=[experiment, "--max-time", "0.01", *settings, "half.h5"])
        harness.archive(experiment, "done.h5", "--set", "samples=[500]").close()
        with h5py.File(harness.folder / "rows.h5", "a") as file:
            file["x"][3, 4] += 1
        self.refuse(2, "'rows.h5: ", "' there, 'rows.h5: ", arguments=[experiment, *settings, "half.h5"])
        self.refuse(2, "done.h5: exists and was made from another rows.h5 (SHA-256 ",
                    arguments=[experiment, *settings, "done.h5"])
        before = (harness.folder / "done.h5").read_bytes()
        self.refuse(0, arguments=[experiment, "--force", *settings, "done.h5"])
        self.assertNotEqual((harness.folder / "done.h5").read_bytes(), before)
        (harness.folder / "rows.h5").unlink()
        self.refuse(0, arguments=[experiment, *settings, "done.h5"])

    def test_changed_textures_are_noticed(self):
        np.save(harness.folder / "textures.npy", np.ones((9, 8)))
        write_rows(600)
        chain = "[{type: blend, weight: 0.5, with: {type: npy, samples: textures.npy}}, {type: noise, deviation: 1}]"
        experiment = harness.write("textured.yaml", "source: {type: hdf5, file: rows.h5, samples: x, targets: y}\n"
                                   f"augmentation: {{chain: {chain}}}\nsamples: [500]\nencoder: {{k: 2}}\n")
        self.refuse(3, "holds what is done", arguments=[experiment, "--max-time", "0.01", "-o", "part.h5"])
        harness.archive(experiment, "whole.h5").close()
        np.save(harness.folder / "textures.npy", np.full((9, 8), 2.0))
        self.refuse(2, "'textures.npy: ", "' there, 'textures.npy: ", arguments=[experiment, "--resume", "-o", "part.h5"])
        self.refuse(2, "whole.h5: exists and was made from another textures.npy (SHA-256 ",
                    arguments=[experiment, "--resume", "-o", "whole.h5"])

    def test_damage(self):
        experiment = self.interrupt("damaged")
        path = harness.folder / "damaged.h5.checkpoint"
        previous = harness.folder / "damaged.h5.checkpoint.previous"
        good, older = path.read_bytes(), previous.read_bytes()
        told = harness.twoview("info", path)
        self.assertEqual(told.returncode, 0, told.stderr)
        for text in ("checkpoint of an interrupted run", 'name: "interrupted"', "have the digests"):
            self.assertIn(text, told.stdout)
        chance = random.Random(5)
        arguments = [experiment, "-o", "damaged.h5", "--resume", "--max-time", "0.01"]
        for change in range(12):
            broken = bytearray(good)
            if change == 0:
                broken = bytearray()
            elif change < 4:
                del broken[chance.randrange(len(broken)):]
            else:
                # Header, first array, index; what lies between the arrays of two ranks is nothing.
                start = [0, 1 << 16, len(broken) - 80][change % 3]
                broken[start + chance.randrange(80)] ^= 1 << chance.randrange(8)
            path.write_bytes(broken)
            previous.write_bytes(older)
            self.assertEqual(harness.twoview("info", path).returncode, 1)
            self.refuse(3, "damaged.h5.checkpoint: ", "continuing from the one before it",
                        arguments=arguments)
        path.write_bytes(b"twoview checkpoint 1\n")
        previous.write_bytes(older[:-1])
        self.refuse(1, "damaged.h5.checkpoint: is damaged", "damaged.h5.checkpoint.previous: is damaged",
                    "with --force and without --resume", arguments=arguments)

    # ---- Full disks: small file systems in memory ----

    def test_full_disk_while_a_checkpoint_is_written(self):
        disk = harness.small_disk(self, "disk", "100m")
        experiment = self.interrupt("disk/full", 1)
        kept = (disk / "full.h5.checkpoint").read_bytes()
        room = 512 * (disk / "full.h5.checkpoint").stat().st_blocks + 100000
        subprocess.run(["mount", "-o", f"remount,size={room}", disk], check=True)
        arguments = ["run", experiment, "-o", "disk/full.h5", "--resume"]
        done = harness.twoview(*arguments, "--max-time", "0.01", ranks=2)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("full.h5.checkpoint.part: cannot be written: No space left", done.stderr)
        self.assertEqual(os.listdir(disk), ["full.h5.checkpoint"])
        self.assertEqual((disk / "full.h5.checkpoint").read_bytes(), kept)
        subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        done = harness.twoview(*arguments, ranks=1)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(disk), ["full.h5"])

    def test_full_disk_while_the_archive_is_written(self):
        disk = harness.small_disk(self, "small", "6m")
        experiment = harness.write("large.yaml", interrupted.GENERATED.replace("SAMPLES", "50000"))
        settings = ["--set", "archive.samples=true", "--checkpoint-every", "0.001"]
        harness.archive(experiment, "whole.h5", *settings).close()
        arguments = ["run", experiment, "-o", "small/large.h5", "--resume", *settings]
        done = harness.twoview(*arguments, ranks=2)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("is the disk full?", done.stderr)
        self.assertEqual(sorted(os.listdir(disk)),
                         ["large.h5.checkpoint", "large.h5.checkpoint.previous"])
        subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        done = harness.twoview(*arguments, ranks=3)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(interrupted.differences("whole.h5", "small/large.h5"), [])

    def test_kills(self):
        experiment = harness.write("kill.yaml", interrupted.GENERATED.replace("SAMPLES", "1000000"))
        harness.archive(experiment, "alone.h5").close()
        interrupted.kill_and_resume(experiment, "alone.h5", 6, random.Random(3), 1.5)


if __name__ == "__main__":
    unittest.main()
