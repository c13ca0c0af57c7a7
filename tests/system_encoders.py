"""Nested encoders: every k of a list as in an experiment of its own."""
import json
import unittest

import numpy as np

import harness

KS = (1, 3, 4)
SL, RC, JE = "supervised", "reconstruction", "joint-embedding"


def run(experiment, k, ranks=None, *settings):
    name = f"k{'-'.join(map(str, k))}.h5" if isinstance(k, tuple) else f"k{k}.h5"
    value = list(k) if isinstance(k, tuple) else k
    return harness.archive(experiment, name, "--set", f"encoder.k={value}", *settings, ranks=ranks)


class Encoders(unittest.TestCase):
    def expect_each(self, experiment, quantities, ranks=None):
        """The numbers of each k are those of a run with that k alone, to the rounding of another order of
        operations: 1e-9 relative, where eigenproblems have conditions below 1e4."""
        with run(experiment, KS, ranks) as all_of_them:
            found = {name: all_of_them[name][()] for name in quantities}
            self.assertEqual(list(all_of_them["k"]), list(KS))
        for i, k in enumerate(KS):
            with run(experiment, k) as alone:
                for name in quantities:
                    np.testing.assert_allclose(np.take(found[name], [i], axis=-2), alone[name][()],
                                               rtol=1e-9, atol=1e-12, err_msg=f"{name}, k = {k}")

    def test_grid(self):
        quantities = ("score_clean", "score_corrupted", "distance", "leakage", "objective",
                      "objective_optimum", "status", "alpha2_threshold")
        for ranks, layout in ((None, "replicated"), (3, "replicated"), (2, "distributed")):
            experiment = harness.write("grid.yaml", harness.GAUSSIAN
                                       + f"parallel: {{layout: {layout}, ranks_per_point: {ranks or 1}}}\n")
            self.expect_each(experiment, quantities, ranks)

    def test_more_rows_than_features(self):
        """Some rows hold noise then: the leakage is 1, a multiple eigenvalue, and no solution fails. Bisection
        for it failed in one of 20 solutions."""
        experiment = harness.write("wide.yaml", """\
source:
  type: gaussian
  power_law: {features: 10, scale: 3, exponent: 1}
  teacher: {type: linear}
noise: {components: 30, lambda_max: 1, sampler: law}
augmentation: {theta_max: 0.5, alpha: 1}
samples: [1000]
encoder: {k: [20, 30, 40]}
methods: [RC, JE, PCA]
replicates: 100
""")
        with harness.archive(experiment, "wide.h5") as archive:
            self.assertTrue((archive["status"][()] == 0).all())
            np.testing.assert_allclose(archive["leakage"][()], 1, rtol=40 * np.finfo(float).eps * 40)

    def test_thresholds(self):
        experiment = harness.write("threshold.yaml", """\
study: threshold
source: {type: gaussian, spectrum: [4, 3, 2, 1], teacher: {type: linear}}
noise: {components: 5, lambda_max: [1, 10]}
augmentation: {theta_max: 0.5}
samples: [50, 300]
encoder: {k: 2}
""")
        self.expect_each(experiment, ("alpha2_measured", "alpha2_predicted", "alpha2_threshold"))

    def test_encoders_are_the_largest(self):
        experiment = harness.write("grid.yaml", harness.GAUSSIAN)
        with run(experiment, KS) as nested, run(experiment, max(KS)) as alone:
            for name in ("encoder_reconstruction", "encoder_joint_embedding"):
                np.testing.assert_array_equal(nested[name][()], alone[name][()])

    def test_every_command_takes_them(self):
        experiment = harness.write("grid.yaml", harness.GAUSSIAN)
        parts = []
        for first in (0, 2):
            run(experiment, KS, None, "--set", f"first_replicate={first}").close()
            (harness.folder / "k1-3-4.h5").rename(harness.folder / f"part{first}.h5")
            parts.append(f"part{first}.h5")
        done = harness.twoview("merge", *parts, "-o", "all.h5", "--force")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = harness.twoview("info", "--verify", "all.h5")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        done = harness.twoview("report", "all.h5", "-o", "report")
        self.assertEqual(done.returncode, 0, done.stderr)
        for k in KS:
            self.assertIn(f"encoders of k = {k} rows", done.stdout)
            self.assertTrue((harness.folder / f"report/k{k}/report.html").exists())
            self.assertIn(f"k{k}/report.html", (harness.folder / "report/report.html").read_text())
        done = harness.twoview("theory", experiment, "--set", "encoder.k=[1, 2]", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([theory["k"] for theory in json.loads(done.stdout)], [1, 2])

    def test_stale_reports_are_deleted(self):
        """Of other encoders; what else stands in their folders stays."""
        experiment = harness.write("grid.yaml", harness.GAUSSIAN)
        run(experiment, KS).close()
        run(experiment, 3).close()
        folder = harness.folder / "stale"
        for name in ("k1-3-4.h5", "k3.h5"):
            done = harness.twoview("report", name, "-o", "stale")
            self.assertEqual(done.returncode, 0, done.stderr)
            if name == "k1-3-4.h5":
                self.assertIn("k = 4", (folder / "k4/report.html").read_text())
                (folder / "k4/own.txt").write_text("kept")
        self.assertEqual([path.name for path in folder.glob("k*")], ["k4"])
        self.assertEqual([path.name for path in (folder / "k4").iterdir()], ["own.txt"])

    def test_the_plan_counts_them(self):
        experiment = harness.write("grid.yaml", harness.GAUSSIAN)
        done = harness.twoview("run", experiment, "--dry-run", "--set", "encoder.k=[1, 2, 3]")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("(144 solutions) of d = 9 inputs, k = 1, 2, 3\n", done.stdout)

    def test_report_of_one_is_unchanged(self):
        """Its table is that of a run with that k alone."""
        experiment = harness.write("grid.yaml", harness.GAUSSIAN)
        run(experiment, KS).close()
        run(experiment, 3).close()
        texts = []
        for name, folder in (("k1-3-4.h5", "nested/k3"), ("k3.h5", "alone")):
            done = harness.twoview("report", name, "-o", folder.split("/")[0])
            self.assertEqual(done.returncode, 0, done.stderr)
            texts.append(next((harness.folder / folder).glob("*.csv")).read_text().splitlines())
        self.assertEqual(texts[0][0], texts[1][0])
        for nested, alone in zip(*(text[1:] for text in texts)):
            nested, alone = nested.split(","), alone.split(",")
            self.assertEqual(nested[:5], alone[:5])
            np.testing.assert_allclose(np.array(nested[5:], float), np.array(alone[5:], float),
                                       rtol=1e-6, atol=1e-12)


if __name__ == "__main__":
    unittest.main()
