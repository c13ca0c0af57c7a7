"""Files that the program writes, in surroundings that are broken or hostile: names as long as they may be,
links and pipes in the way, what a killed run has left, files that may not grow."""
import os
import pathlib
import resource
import signal
import socket
import unittest

import harness
import interrupted

SMALL = harness.settings("archive={encoders: none, representations: none, samples: false}")
OFTEN = ["--checkpoint-every", "0.001"]
NAME, PATH = 255, 4095  # bytes of the longest name of a file, and of the longest path


def plant(kind, path):
    """Something else of the name of a file that is to be written."""
    victim = harness.folder / "victim"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(path.parent)  # names of sockets are short
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
        os.chdir(here)
    else:
        victim.write_text("precious")
        (os.symlink if kind == "link" else os.link)(victim, path)


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.experiment = harness.write("e.yaml", harness.GAUSSIAN)
        for ranks in (1, 2):
            harness.archive(cls.experiment, f"{ranks}.h5", *SMALL, ranks=ranks).close()
        for i in range(2):
            harness.archive(cls.experiment, f"part{i}.h5", "--set", f"first_replicate={i}", "--set",
                            "replicates=1").close()

    def expect(self, code, *arguments, **options):
        done = harness.twoview(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr

    def test_the_longest_name(self):
        """Also of what stands beside it: part, checkpoint, folder of the report."""
        name = "n" * (NAME - 3) + ".h5"
        for ranks in (None, 3):
            self.expect(0, "run", self.experiment, "-o", name, "--force", *SMALL, *OFTEN, ranks=ranks)
        self.expect(3, "run", self.experiment, "-o", name, "--force", *SMALL, "--max-time", "0.001")
        self.expect(0, "run", self.experiment, "-o", name, "--force", "--resume", *SMALL, ranks=2)
        self.expect(0, "info", "--verify", name)
        self.expect(0, "report", name)
        self.expect(0, "merge", "part0.h5", "part1.h5", "-o", name, "--force")
        self.expect(0, "scaling", "1.h5", "2.h5", "-o", "s" * NAME)
        self.assertFalse(list(harness.folder.glob("nn*.part")))
        for command in (["run", self.experiment], ["run", self.experiment, "--dry-run"],
                        ["merge", "part0.h5", "part1.h5"]):
            self.assertIn("too long", self.expect(1, *command, "-o", "n" + name))

    def test_the_longest_paths(self):
        """A path works, or is refused before any work, by a plan too."""
        folder, lengths, codes = str(harness.folder), (231, 1030, PATH - 80, PATH - 20, PATH), []
        for length in lengths:
            deep = folder
            while len(deep) + 220 < length:
                deep += "/" + "d" * 200
            deep += "/" + "e" * (length - len(deep) - len("//a.h5"))
            pathlib.Path(deep).mkdir(parents=True)
            dry, alone, several = (
                harness.twoview("run", self.experiment, "-o", f"{deep}/a.h5", "--force", *SMALL, *more)
                for more in (["--dry-run"], [], OFTEN))
            codes.append(alone.returncode)
            self.assertEqual((dry.returncode, several.returncode), 2 * (alone.returncode,), alone.stderr)
            self.assertFalse([name for name in os.listdir(deep) if name != "a.h5"])
            if alone.returncode:
                self.assertRegex(dry.stderr, "too long a path .* go into its folder")
                continue
            self.expect(0, "run", self.experiment, "-o", f"{deep}/a.h5", "--force", *SMALL, ranks=3)
            self.expect(0, "report", f"{deep}/a.h5")
            self.expect(0, "merge", "part0.h5", "part1.h5", "-o", f"{deep}/a.h5", "--force")
            self.expect(0, "scaling", "1.h5", "2.h5", "-o", deep)
        self.assertEqual(codes, [0, 0, 0, 2, 2])

    def test_links_are_not_followed(self):
        """Planted at every file that is written beside the output that the user names."""
        self.expect(0, "report", "1.h5", "-o", "page")
        self.expect(0, "scaling", "1.h5", "2.h5", "-o", "model")
        files = {name: ["report", "1.h5", "-o"] for name in os.listdir(harness.folder / "page")}
        files |= {name: ["scaling", "1.h5", "2.h5", "-o"] for name in os.listdir(harness.folder / "model")}
        self.assertEqual(len(files), 15)
        for kind in ("link", "hard link"):
            for name, command in files.items():
                folder = harness.folder / f"{kind} at {name}"
                folder.mkdir()
                plant(kind, folder / name)
                self.expect(0, *command, folder)
                self.assertEqual((harness.folder / "victim").read_text(), "precious")
            for end in ("", ".part", ".previous", ".resumed"):
                output = f"{kind}{end}.h5"
                plant(kind, harness.folder / f"{output}.checkpoint{end}")
                self.expect(0, "run", self.experiment, "-o", output, "--force", *SMALL, *OFTEN, ranks=2)
                self.assertEqual((harness.folder / "victim").read_text(), "precious")

    def test_what_is_no_regular_file_is_refused(self):
        """At once, and before any work, wherever a file is expected."""
        for kind in ("pipe", "folder", "socket"):
            other = harness.folder / f"{kind}.h5"
            plant(kind, other)
            for command in (["run", other, "-o", "x.h5"], ["theory", other], ["report", other],
                            ["info", other], ["info", "--verify", other], ["info", "--accept", other],
                            ["merge", "part0.h5", other, "-o", "x.h5"], ["scaling", "1.h5", other]):
                self.assertRegex(self.expect(1, *command),
                                 f"{kind}.h5: (not a regular file but a {kind}|Is a directory|.*a folder)")
            for ranks in (None, 2):
                for more in ([], ["--force"], ["--resume"], ["--resume", "--force"], ["--dry-run"]):
                    done = harness.twoview("run", self.experiment, "-o", other, *more, ranks=ranks)
                    self.assertIn(done.returncode, (1, 2))
                    self.assertRegex(done.stderr, f"{kind}.h5: .*(regular file|Is a directory|a folder)")

    def test_folders_in_the_way_of_checkpoints(self):
        for end in ("", ".part", ".previous", ".resumed"):
            output = f"way{end}.h5"
            plant("folder", harness.folder / f"{output}.checkpoint{end}")
            for more in ([], ["--dry-run"]):
                self.assertIn(f"{output}.checkpoint{end}: is a folder, in the way",
                              self.expect(1, "run", self.experiment, "-o", output, *more))

    def test_parts_of_dead_runs_are_removed(self):
        """Not those of runs that live, on other machines too, nor what was kept for the user."""
        endless = harness.write("endless.yaml",
                                interrupted.GENERATED.replace("SAMPLES", "100000000000"))
        parts, runs = [], []
        for i in range(2):
            known = set(harness.folder.glob("left.h5.*.part"))
            runs.append(interrupted.start("run", endless, "-o", "left.h5", ranks=None))
            harness.wait_for(lambda: set(harness.folder.glob("left.h5.*.part")) - known)
            parts += set(harness.folder.glob("left.h5.*.part")) - known
        runs[0].send_signal(signal.SIGKILL)
        runs[0].communicate()
        host, place, process, end = parts[0].name.removeprefix("left.h5.").replace("-", ".").split(".")
        others = [harness.folder / f"left.h5.{host}-{other}-{process}.part" for other in ("01234567", "89abcdef")]
        others += [harness.folder / name for name in (f"left.h5.{host}-{place}-{process}.whole.part",
                                                      f"left2.h5.{host}-{place}-{process}.part")]
        for other in others:
            other.write_text("kept")
        self.expect(0, "run", self.experiment, "-o", "left.h5", "--resume", *SMALL)
        self.assertFalse(parts[0].exists())
        self.assertTrue(all(path.exists() for path in [parts[1], *others]))
        runs[1].send_signal(signal.SIGKILL)
        runs[1].communicate()
        self.expect(0, "run", self.experiment, "-o", "left.h5", "--resume", *SMALL)  # is complete
        self.assertFalse(parts[1].exists())

    def test_files_that_may_not_grow(self):
        """Whether the shell ignores the signal of that or not."""
        for limit in (100, 20000, 60000):
            for is_deadly in (False, True):  # Python ignores SIGXFSZ, and gives it back when told to
                options = {"restore_signals": is_deadly,
                           "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))}
                said = self.expect(1, "merge", "part0.h5", "part1.h5", "-o", "grown.h5", **options)
                self.assertRegex(said, "twoview: grown.h5: .*cannot be written.*File too large")
                (harness.folder / "whole.h5").write_bytes((harness.folder / "1.h5").read_bytes())
                said = self.expect(1, "info", "--accept", "whole.h5", **options)
                self.assertIn("whole.h5: cannot be written: File too large", said)
        self.expect(1, "scaling", "1.h5", "2.h5", "-o", "small", preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (100, 100)))
        self.assertFalse([*harness.folder.glob("grown.h5*"), *harness.folder.glob("small/*")])


if __name__ == "__main__":
    unittest.main()
