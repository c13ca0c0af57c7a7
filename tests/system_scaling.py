"""The scaling study: what it prints for archives and refuses, and that its model counts right."""
import csv
import os
import re
import unittest
import xml.etree.ElementTree

import numpy as np

import harness

RANKS = (1, 2, 3, 4)
COUNTS = re.compile(r"^largest difference from counts in the archives: flops (\S+), "
                    r"bytes sent ([^:\n]+)(.*)$", re.M)
EPSILON = 2.0**-52


class Scaling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        harness.write("s.yaml", harness.GAUSSIAN)
        for ranks in RANKS:
            cls.run_on(ranks, f"s{ranks}.h5", "samples=[50, 20000]")
        for ranks in (1, 2, 3):
            cls.run_on(ranks, f"w{ranks}.h5", f"samples=[50, {6000 * ranks}]")

    @staticmethod
    def run_on(ranks, output, *settings, experiment="s.yaml"):
        options = harness.settings("archive.samples=false", *settings)
        harness.archive(experiment, output, *options, ranks=ranks).close()

    def scaling(self, *arguments):
        done = harness.twoview("scaling", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refuses(self, arguments, exit_status, *fragments):
        done = harness.twoview("scaling", *arguments)
        self.assertEqual(done.returncode, exit_status, done.stdout)
        self.assertEqual(done.stdout, "")
        for fragment in fragments:
            self.assertIn(fragment, done.stderr)

    @staticmethod
    def table(said):
        """Lines of the table: ranks, hosts, seconds, speed-up, efficiency, shares, the rest."""
        lines = re.findall(r"^ *\d+ +\d+ +\S+ +\S+ +\S+ +\S+ % .*$", said, re.M)
        return np.array([[float(word) for word in line.replace("%", "").split()] for line in lines])

    @staticmethod
    def seconds(name):
        with harness.h5py.File(harness.folder / name) as file:
            return file["seconds"][()]

    def test_strong(self):
        said = self.scaling("s3.h5", "s1.h5", "s4.h5", "s2.h5")
        self.assertIn("small: strong scaling, 4 archives", said)
        table = self.table(said)
        self.assertEqual(list(table[:, 0]), list(RANKS))
        self.assertTrue(np.all(table[:, 1] == 1))
        for row, ranks in zip(table, RANKS):
            with harness.h5py.File(harness.folder / f"s{ranks}.h5") as file:
                seconds, flops, sent = (file[name][()] for name in ("seconds", "flops", "sent"))
            slowest = seconds.max(0)
            total = slowest.sum()
            speed_up = self.seconds("s1.h5").max(0).sum() / total
            np.testing.assert_allclose(row[2], total, rtol=1e-3)
            np.testing.assert_allclose(row[3], speed_up, atol=6e-4)
            np.testing.assert_allclose(row[4], speed_up / ranks, atol=6e-4)
            np.testing.assert_allclose(row[5:9], 100 * slowest / total, atol=0.06)
            np.testing.assert_allclose(row[9], total / seconds.mean(0).sum(), atol=6e-4)
            np.testing.assert_allclose(row[10], flops.sum(1).max() / flops.sum(1).mean(), atol=6e-4)
            np.testing.assert_allclose(row[11], flops.sum() / ranks / total / 1e9, atol=6e-4)
            self.assertEqual(row[12], sent.sum(1).max())

    def test_weak(self):
        said = self.scaling("w1.h5", "w2.h5", "w3.h5")
        self.assertIn("small: weak scaling, 3 archives", said)
        moments = [self.seconds(f"w{ranks}.h5")[:, 2].max() for ranks in (1, 2, 3)]
        np.testing.assert_allclose(self.table(said)[:, 4], moments[0] / np.array(moments),
                                   atol=6e-4)

    def test_files(self):
        self.scaling("s1.h5", "s2.h5", "s3.h5", "-o", "study")
        folder = harness.folder / "study"
        rows = list(csv.DictReader((folder / "scaling.csv").open()))
        self.assertEqual([row["ranks"] for row in rows], ["1", "2", "3"])
        total = self.seconds("s2.h5").max(0).sum()
        self.assertAlmostEqual(float(rows[1]["seconds"]), total, delta=4 * EPSILON * total)
        self.assertEqual(float(rows[0]["model_communication_seconds"]), 0)
        text = "".join(xml.etree.ElementTree.parse(folder / "scaling.svg").getroot().itertext())
        for label in ("ranks", "speed-up", "efficiency", "ideal", "model", "measured"):
            self.assertIn(label, text)
        self.assertNotIn("<title>", (folder / "scaling.svg").read_text())  # of gnuplot's
        self.assertEqual((folder / "scaling.pdf").read_bytes()[:5], b"%PDF-")

    def test_without_gnuplot(self):
        done = harness.twoview("scaling", "s1.h5", "s2.h5", "-o", "plain", env={"PATH": "/nowhere"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("gnuplot is not installed", done.stdout)

    def test_figure_that_cannot_be_drawn(self):
        script = harness.write("gnuplot", "#!/bin/sh\nexit 3")
        script.chmod(0o755)
        done = harness.twoview("scaling", "s1.h5", "s2.h5", "-o", "failed",
                               env={"PATH": f"{harness.folder}:{os.environ['PATH']}"})
        script.unlink()
        self.assertEqual(done.returncode, 1)
        self.assertIn("gnuplot failed on failed/scaling.gp (exit 3)", done.stderr)
        self.assertIn("\nfailed/scaling.csv\nno figure: gnuplot failed", done.stdout)

    def test_model(self):
        said = self.scaling("s1.h5", "s2.h5", "--latency", "2e-6", "--bandwidth", "1e9")
        self.assertIn("model, not a measurement; assumes latency 2e-06 s and bandwidth 1e+09 B/s",
                      said)
        model = said[said.index("model, not") :]
        lines = re.findall(r"^ +(\d+) +(\S+) +(\S+) +(\S+) %", model, re.M)
        self.assertEqual([int(line[0]) for line in lines], [1, 2, 4, 8, 10, 100, 1000, 10000])
        total = self.seconds("s1.h5").max(0).sum()
        np.testing.assert_allclose(float(lines[0][1]), total, rtol=1e-3)
        self.assertEqual(float(lines[0][3]), 0)
        self.assertIn("communication takes over", model)
        self.assertIn("takes over (more than half of the time) on 2 ranks",
                      self.scaling("s1.h5", "s2.h5", "--latency", "1"))
        self.assertIn("takes over on no number of ranks",
                      self.scaling("s1.h5", "s2.h5", "--latency", "0", "--bandwidth", "inf"))

    def expect_counts(self, names, flops_tolerance):
        flops, sent, warning = COUNTS.search(self.scaling(*names)).groups()
        self.assertEqual(float(sent), 0)
        self.assertLessEqual(float(flops), flops_tolerance)
        self.assertEqual(warning, "")

    def test_model_counts_what_the_ranks_have_counted(self):
        """Bytes, and flops of moments, are whole numbers and equal. A rank adds its problems' flops
        one by one, at most 16 points and 4 clean problems here, each addition rounded."""
        self.expect_counts([f"s{ranks}.h5" for ranks in RANKS], 20 * EPSILON)
        cases = {"few": ("parallel.shards=3", "samples=[40, 1000]"),
                 "pairs": ("parallel.ranks_per_point=2", "noise.components=40"),
                 "spread": ("parallel.layout=distributed", "noise.components=300", "samples=2000")}
        for name, settings in cases.items():
            for ranks in RANKS:
                self.run_on(ranks, f"{name}{ranks}.h5", *settings)
            with self.subTest(name):
                self.expect_counts([f"{name}{ranks}.h5" for ranks in RANKS], 20 * EPSILON)

    def test_model_counts_of_a_data_set(self):
        """Which rows are drawn decides whose flops they are: 800 +- sqrt(800 0.75 0.95) on 4 ranks,
        5 standard deviations of which are 15 per cent. Drawing all leaves nothing to chance."""
        data = harness.ROOT / "jobs/fashion-mnist.yaml"
        images = harness.FASHION / "t10k-images-idx3-ubyte.gz"
        labels = harness.FASHION / "t10k-labels-idx1-ubyte.gz"
        files = (f"source.images={images}", f"source.labels={labels}", "replicates=1")
        for name, samples, tolerance in (("some", 3200, 0.15), ("all", 10000, 100 * EPSILON)):
            for ranks in RANKS:
                self.run_on(ranks, f"{name}{ranks}.h5", *files, f"samples=[{samples}]",
                            experiment=data)
            self.expect_counts([f"{name}{ranks}.h5" for ranks in RANKS], tolerance)

    def test_model_counts_of_components(self):
        """Found in passes over the rows; of their Gram matrix, on one rank, there is no model."""
        random = np.random.default_rng(1)
        with harness.h5py.File(harness.folder / "data.h5", "w") as file:
            file["x"], file["y"] = random.normal(size=(150, 90)), random.normal(size=(150, 2))
        experiment = harness.write("data.yaml", harness.HDF5)
        for solver in ("subspace", "rows"):
            for ranks in RANKS:
                self.run_on(ranks, f"{solver}{ranks}.h5", f"features.solver={solver}", "features.pca=7",
                            "samples=[150]", "replicates=1", experiment=experiment)
        self.expect_counts([f"subspace{ranks}.h5" for ranks in RANKS], 100 * EPSILON)
        self.refuses(["rows1.h5", "rows2.h5"], 1, "rows1.h5: its principal components are from the Gram matrix")

    def test_a_resumed_run_is_refused(self):
        """It counts the work of its last session, here none of the moments' flops."""
        resumed = harness.folder / "resumed.h5"
        resumed.write_bytes((harness.folder / "s2.h5").read_bytes())
        with harness.h5py.File(resumed, "r+") as file:
            file.attrs["sessions"] = 2
            file["flops"][:, 1] = 0
        harness.seal(resumed)
        self.refuses(["s1.h5", "resumed.h5"], 1,
                     "resumed.h5: the archive of a run that was resumed (attribute 'sessions' is 2)")

    def test_refusals(self):
        self.refuses(["s1.h5"], 2, "two archives or more")
        self.refuses([], 2, "two archives or more")
        self.refuses(["s1.h5", "s2.h5", "--latency", "fast"], 2, "--latency 'fast'")
        self.refuses(["s1.h5", "s2.h5", "--bandwidth", "0"], 2, "--bandwidth '0'")
        self.refuses(["s1.h5", "none.h5"], 1, "none.h5", "No such file")
        self.run_on(2, "other.h5", "samples=[50, 20000]", "encoder.k=2")
        self.refuses(["s1.h5", "other.h5"], 1, "other.h5: another experiment than that of s1.h5")
        self.run_on(2, "same.h5", "samples=[50, 20000]")
        self.refuses(["s1.h5", "s2.h5", "same.h5"], 1, "as many ranks as", "same.h5", "(2)")
        self.run_on(4, "neither.h5", "samples=[50, 50000]")
        self.refuses(["s1.h5", "neither.h5"], 1, "neither.h5: ", "neither the same work")
        self.refuses(["s1.h5", "s2.h5", "neither.h5"], 1, "neither.h5: ", "as the others")
        self.refuses(["w1.h5", "w2.h5", "s4.h5"], 1, "s4.h5: ", "as the others")


if __name__ == "__main__":
    unittest.main()
