"""The README: its example, run as it stands there, and its tables."""
import os
import re
import shlex
import subprocess
import sys
import unittest

import harness

README = (harness.ROOT / "README.md").read_text()
ROOMS = (harness.ROOT / "src/README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


class Readme(unittest.TestCase):
    def run_here(self, *command):
        path = f"{os.path.dirname(harness.TWOVIEW)}:{os.environ['PATH']}"
        done = subprocess.run(command, cwd=harness.folder, text=True, capture_output=True,
                              env={**os.environ, "PATH": path})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_own_experiment(self):
        make_data, read_archive = blocks("python")
        self.run_here(sys.executable, "-c", make_data)
        harness.write("own.yaml", blocks("yaml")[0])
        for line in blocks("sh")[0].splitlines():
            words = shlex.split(line)
            self.run_here(*([harness.MPI_TEST, *words[2:]] if words[0] == "mpirun" else words))
        self.assertTrue((harness.folder / "report/figure.svg").exists())
        series = self.run_here(sys.executable, "-c", read_archive)
        harness.write("read.c", blocks("c")[0])
        flags = self.run_here("pkg-config", "--cflags", "--libs", "hdf5-openmpi").split()
        self.run_here("mpicc", "-Wall", "-Werror", "read.c", "-o", "read", *flags)
        with harness.h5py.File(harness.folder / "results.h5") as file:
            self.assertEqual(file["distance"].shape, (10, 2, 3, 7, 3))
            expected = file["distance"][:, 1, 1, 6, 2]
        self.assertAlmostEqual(float(self.run_here("./read")), expected[0], delta=1e-5 * expected[0])
        last = float(re.search(r"^3200 +(\S+)$", series, re.M)[1])
        self.assertAlmostEqual(last, expected.mean(), delta=0.05 * expected.mean())  # 2 digits

    def test_keys_of_the_experiment_file_are_all_described(self):
        described = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", README))))
        for experiment in (harness.GAUSSIAN, harness.MIXTURE):
            harness.write("r.yaml", experiment)
            plan = harness.twoview("run", "--dry-run", "r.yaml").stdout
            for key in re.findall(r"(\w+): ", plan[: plan.index("\n\n")]):
                self.assertIn(key, described)

    def test_every_source_file_is_in_the_table_of_rooms(self):
        """Headers alone with their ending, as `fortran.h`."""
        rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", ROOMS, re.M)
        told = {room: sorted(re.findall(r"`([^`]+)`", files)) for room, files in rows}
        rooms = {}
        for folder in ("src", "include/twoview"):
            for path in (harness.ROOT / folder).glob("*/*.[ch]"):
                rooms.setdefault(path.parent.name, []).append(path)
        for room, files in rooms.items():
            sources = {path.stem for path in files if path.suffix == ".c"}
            headers = {path.stem for path in files if path.suffix == ".h"} - sources
            rooms[room] = sorted(sources | {f"{name}.h" for name in headers})
        self.assertEqual(told, rooms)


if __name__ == "__main__":
    unittest.main()
