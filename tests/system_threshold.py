"""Threshold studies: against plain NumPy, against theory, interrupted, joined, reported, refused."""
import json
import os
import re
import signal
import unittest
import xml.etree.ElementTree

import h5py
import numpy as np

import harness
import interrupted
import reference

METHODS = ["reconstruction", "joint-embedding"]
FOUND, NOT_NEEDED, OUT_OF_REACH, NOT_MONOTONE = range(4)
SCAN = np.geomspace(1e-4, 1e4, 161)  # steps of an eighth

TINY = """\
name: tiny
study: threshold
seed: 3
replicates: 3
source:
  type: gaussian
  spectrum: [4, 3, 2, 1.5]
  teacher: {type: linear, targets: 2, noise: 0.1}
noise: {components: 5, lambda_max: [0.7, 5, 30]}
augmentation: {theta_max: 0.5}
samples: [15, 60, 1000]
encoder: {k: 3}
threshold: {tolerance: 1e-6}
archive: {samples: true}
"""

# k = 10, 30 noise components: s from 4 to 1, theta 0.5 on the signal and U[0.05, 0.5] on the noise,
# Gamma U[3, 10].
EXAMPLE = (harness.ROOT / "jobs/thresholds.yaml").read_text()

# Of that example, with eigenvalues of its own: alpha_RC^2 and alpha_JE^2, and the mean of what an
# independent program measured in 6 draws.
THEORY = np.array([13.890, 0.4916])
MEASURED = {10**4: [13.62, 0.508], 10**6: [13.86, 0.492]}
ROUNDED = np.array([0.005, 0.0005])  # by so much at the most
DRAWS, BAND = 6, 4


def means(values):
    """Over replicates that have a value; NaN of none."""
    counted = np.sum(~np.isnan(values), 0)
    return np.where(counted, np.nansum(values, 0) / np.maximum(counted, 1), np.nan)


class Plain:
    """The leakage of one replicate, noise scale, sample size and method, from samples."""

    def __init__(self, archive, index):
        replicate, magnitude, level, method = index
        n = archive["n"][level]
        self.gamma = archive["gamma_eigenvalues"][replicate, magnitude]
        self.theta = archive["theta_eigenvalues"][replicate]
        samples = archive["samples"]
        clean = samples["clean"][replicate, :n]
        self.x = np.hstack([clean, samples["noise"][replicate, :n] * np.sqrt(self.gamma)])
        self.p, self.method = clean.shape[1], METHODS[method]

    def is_enough(self, alpha2):
        spread = np.concatenate([np.zeros(self.p), self.gamma])
        S = reference.covariance(self.x, self.theta, spread, np.sqrt(alpha2))
        W = reference.encoder(self.method, self.x, None, S, 3)
        return reference.leakage(self.method, W, S, self.p) < 0.5

    def crossing(self, low, high, tolerance):
        while high - low > tolerance * high:
            middle = (low + high) / 2
            low, high = (low, middle) if self.is_enough(middle) else (middle, high)
        return high


class Threshold(unittest.TestCase):
    def test_numpy_finds_the_same(self):
        with harness.archive(harness.write("tiny.yaml", TINY), "tiny.h5") as archive:
            self.assertEqual(harness.names(archive["paradigm"]), METHODS)
            measured = harness.values(archive, "alpha2_measured")
            status = harness.values(archive, "alpha2_status")
            self.assertEqual(measured.shape, (3, 3, 3, 2))
            for index in np.ndindex(measured.shape):
                self.compare(Plain(archive, index), measured[index], status[index])
            self.assertGreater(np.sum(status == NOT_NEEDED), 5)
            self.assertGreater(np.sum(status == FOUND), 20)

    def compare(self, plain, measured, status):
        """All crossings that a scan shows; where it is one, that is what was measured."""
        if plain.is_enough(0):
            self.assertEqual((status, measured), (NOT_NEEDED, 0))
            return
        enough = [False, *map(plain.is_enough, SCAN)]
        edges = [0, *SCAN]
        falls = [plain.crossing(edges[i], edges[i + 1], 1e-7)
                 for i in range(len(SCAN)) if enough[i + 1] and not enough[i]]
        self.assertEqual(len(falls), 1)
        self.assertEqual(status, FOUND)
        self.assertLessEqual(abs(measured - falls[0]), (1e-6 + 1e-7) * falls[0])

    # ---- Theory ----

    def ratios(self, output, *settings):
        with harness.archive(harness.write("e.yaml", EXAMPLE), output, *settings) as archive:
            self.assertEqual(harness.names(archive["paradigm"]), METHODS)
            self.assertEqual(np.count_nonzero(harness.values(archive, "alpha2_status")), 0)
            self.assertLess(harness.values(archive, "alpha2_evaluations").mean(), 20)
            measured = harness.values(archive, "alpha2_measured")[:, 0]
            return measured / harness.values(archive, "alpha2_threshold")[:, 0][:, None]

    def test_prediction(self):
        """Of the mean of 60 replicates, within 3 per cent for JE, at any n, and 5 for RC, of which
        chance has less than half; RC at n = 400 is beyond what first order in 1/n tells, and nothing
        is said."""
        with harness.archive(harness.write("e.yaml", EXAMPLE), "p.h5", "--set", "replicates=60",
                             "--set", "samples=[400, 1e3, 3e3, 1e4, 1e5, 1e6]") as archive:
            measured = harness.values(archive, "alpha2_measured")[:, 0]
            predicted = harness.values(archive, "alpha2_predicted")[:, 0]
        silent = np.zeros((6, 2), bool)
        silent[0, 0] = True
        self.assertTrue(np.all(np.isnan(predicted) == silent))
        ratio = measured / predicted
        chance = ratio.std(0, ddof=1) / np.sqrt(len(ratio))
        apart = np.abs(measured.mean(0) / predicted.mean(0) - 1)
        limit = np.array([0.05, 0.03])
        self.assertTrue(np.all((chance < limit / 2) | silent), chance)
        self.assertTrue(np.all((apart < limit) | silent), apart)

    def test_theory_as_n_grows(self):
        found = self.ratios("law.h5", "--set", "samples=[1e4, 1e6, 1e8]")
        self.assertEqual(found.shape, (20, 3, 2))
        self.assertLessEqual(np.abs(found[:, 2] - 1).max(), 0.002)
        for level, n in enumerate([10**4, 10**6]):
            expected = np.array(MEASURED[n]) / THEORY
            spread = found[:, level].std(axis=0, ddof=1) * np.sqrt(1 / len(found) + 1 / DRAWS)
            difference = np.abs(found[:, level].mean(axis=0) - expected)
            self.assertTrue(np.all(difference <= BAND * spread + ROUNDED / THEORY), (n, difference))
        # it does not pass by accident: at n = 1e4 both are off the asymptote
        self.assertGreater(found[:, 0, 1].mean(), 1.015)

    def test_command_theory_says_the_same(self):
        experiment = harness.write("e.yaml", EXAMPLE)
        small = ["--set", "samples=[400]", "--set", "replicates=3"]
        said = json.loads(harness.twoview("theory", experiment, "--json", *small).stdout)
        with harness.archive(experiment, "e.h5", *small) as archive:
            archived = harness.values(archive, "alpha2_threshold")
        for replicate, expected in zip(said["replicates"], archived):
            found = replicate["magnitudes"][0]
            self.assertEqual([found["alpha2_reconstruction"], found["alpha2_joint_embedding"]],
                             list(expected[0]))
        text = harness.twoview("theory", experiment).stdout
        self.assertIn("threshold alpha^2 as n grows", text)
        self.assertNotIn("recovers", text)

    def test_rows_agree_with_theory(self):
        found = self.ratios("rows.h5", "--set", "noise.sampler=rows", "--set", "samples=[1e6]",
                            "--set", "replicates=2")
        self.assertLessEqual(np.abs(found - 1).max(), 0.01)

    # ---- Ranks, interruptions, parts ----

    def test_any_number_of_ranks(self):
        experiment = harness.write("e.yaml", EXAMPLE)
        settings = ["--set", "replicates=2", "--set", "samples=[400, 1e5]"]
        harness.archive(experiment, "one.h5", *settings, ranks=1).close()
        for ranks in (2, 3):
            harness.archive(experiment, "more.h5", *settings, ranks=ranks).close()
            self.assertEqual(interrupted.differences("one.h5", "more.h5"), [])
        # together the ranks sum in another order: crossings move by rounding, and so the interval
        # in which they are enclosed stays or is the next one
        harness.archive(experiment, "groups.h5", *settings, "--set", "parallel.ranks_per_point=2",
                        ranks=4).close()
        with h5py.File(harness.folder / "one.h5") as a, h5py.File(harness.folder / "groups.h5") as b:
            x, y = harness.values(a, "alpha2_measured"), harness.values(b, "alpha2_measured")
            self.assertLessEqual(np.abs(y / x - 1).max(), 2e-4)

    def test_interrupted(self):
        """A signal to one rank, then sessions of two seconds (two more are the least that is kept for
        saving) on changing numbers of ranks: no search is in vain."""
        experiment = harness.write("e.yaml", EXAMPLE)
        settings = ["--set", "replicates=3", "--set", "threshold.tolerance=1e-12"]
        harness.archive(experiment, "whole.h5", *settings).close()
        launched = interrupted.start("run", experiment, "-o", "pieces.h5", *settings,
                                     "--checkpoint-every", "0.1", ranks=2)
        harness.wait_for((harness.folder / "pieces.h5.checkpoint").exists)
        os.kill(interrupted.ranks_of(launched)[-1], signal.SIGUSR1)
        error = launched.communicate(timeout=harness.HANG)[1]
        self.assertEqual(launched.returncode, 75, error)
        for sessions, ranks in zip(range(2, 40), [3, 1, 2] * 13):
            done = harness.twoview("run", experiment, "-o", "pieces.h5", *settings, "--resume",
                                   "--max-time", "4", ranks=ranks)
            if done.returncode == 0:
                break
            self.assertIn(done.returncode, (3, 75), done.stderr)
        self.assertEqual(interrupted.differences("whole.h5", "pieces.h5"), [])
        with h5py.File(harness.folder / "pieces.h5") as archive:
            self.assertEqual(archive.attrs["sessions"], sessions)

    def test_parts_are_joined(self):
        experiment = harness.write("e.yaml", EXAMPLE)
        small = ["--set", "samples=[400, 1e4]"]
        harness.archive(experiment, "all.h5", *small, "--set", "replicates=3").close()
        for first, count in ((0, 1), (1, 2)):
            harness.archive(experiment, f"part{first}.h5", *small, "--set", f"replicates={count}",
                            "--set", f"first_replicate={first}").close()
        done = harness.twoview("merge", "part0.h5", "part1.h5", "-o", "joined.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(harness.folder / "all.h5") as a, h5py.File(harness.folder / "joined.h5") as b:
            for name in ("alpha2_measured", "alpha2_status", "alpha2_evaluations"):
                np.testing.assert_array_equal(a[name][()], b[name][()])
        for name in ("all.h5", "joined.h5"):
            done = harness.twoview("info", "--verify", name)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("12 thresholds", done.stdout)

    # ---- What is written and said ----

    def test_what_makes_no_sense_is_left_out(self):
        with harness.archive(harness.write("tiny.yaml", TINY), "tiny.h5") as archive:
            self.assertEqual(harness.attribute(archive, "study"), "threshold")
            for name in ("alpha", "score_clean", "status", "encoder_row", "encoder_reconstruction"):
                self.assertNotIn(name, archive)
            self.assertEqual(archive["alpha2_measured"].dims[2].keys(), ["n"])
        done = harness.twoview("info", "tiny.h5")
        self.assertRegex(done.stdout, r"alpha2_measured +3 x 3 x 3 x 1 x 2 +least alpha\^2")

    def test_report(self):
        with harness.archive(harness.write("tiny.yaml", TINY), "tiny.h5") as archive:
            measured = harness.values(archive, "alpha2_measured")
        done = harness.twoview("report", "tiny.h5", "-o", "report")
        self.assertEqual(done.returncode, 0, done.stderr)
        line = re.search(r"^30 +joint-embedding +1000 +(\S+) \[(\S+), (\S+)\] ", done.stdout, re.M)
        values = measured[:, 2, 2, 1]
        np.testing.assert_allclose([float(each) for each in line.groups()],
                                   [values.mean(), values.min(), values.max()], rtol=1e-5)
        self.assertRegex(done.stdout, r"alpha2_status 1 for \d+ of them: no alignment is needed")
        folder = harness.folder / "report"
        rows = [row.split(",") for row in (folder / "thresholds.csv").read_text().splitlines()]
        self.assertEqual(rows[0], ["replicate", "lambda_max", "n", "method", "alpha2_measured",
                                   "alpha2_status", "alpha2_evaluations", "alpha2_predicted",
                                   "alpha2_threshold"])
        self.assertEqual([float(row[4]) for row in rows[1:]], list(measured.ravel()))
        svg = "".join(xml.etree.ElementTree.parse(folder / "figure.svg").getroot().itertext())
        for label in ("Joint embedding (JE)", "Reconstruction (RC)", "n to infinity", "= 30"):
            self.assertIn(label, svg)
        self.assertEqual((folder / "figure.pdf").read_bytes()[:5], b"%PDF-")
        self.assertIn("<svg", (folder / "report.html").read_text())

    def test_panels_have_the_same_kind_of_axis(self):
        """RC's thresholds are decades apart, JE's are not, and some are 0."""
        small = harness.write("axes.yaml", harness.GAUSSIAN.replace(", alpha: [0.5, 2]", "").replace(
            "{encoders: all, representations: all, samples: true}", "{encoders: none, representations: none}"))
        for magnitudes, is_logarithmic in (("[1, 10]", False), ("[1, 10, 1000]", True)):
            harness.archive(small, "axes.h5", *harness.settings(
                "study=threshold", "methods=[reconstruction, joint-embedding]",
                f"noise.lambda_max={magnitudes}")).close()
            harness.twoview("report", "axes.h5", "-o", "axes")
            script = (harness.folder / "axes/figure.gp").read_text()
            self.assertEqual(script.count("\nset logscale y"), 2 * is_logarithmic)
            for low in re.findall(r"^set yrange \[(\S+):", script, re.M):
                self.assertEqual(float(low) > 0, is_logarithmic)  # a linear axis shows 0

    def test_figures_data(self):
        """Means, ranges and asymptotes of the figure, block by block."""
        with harness.archive(harness.write("tiny.yaml", TINY), "tiny.h5") as archive:
            measured, predicted, theory = (harness.values(archive, f"alpha2_{name}") for name in
                                           ("measured", "predicted", "threshold"))
        harness.twoview("report", "tiny.h5", "-o", "report")
        blocks = (harness.folder / "report/figure.tsv").read_text().split("\n\n\n")[1:]
        self.assertEqual(len(blocks), 6)
        for block, (magnitude, method) in zip(blocks, np.ndindex(3, 2)):
            values = measured[:, magnitude, :, method]
            expected = np.array([[15, 60, 1000], values.mean(0), values.min(0), values.max(0),
                                 means(np.maximum(predicted[:, magnitude, :, method], 0)),
                                 3 * [np.maximum(theory[:, magnitude, method], 0).mean()]]).T
            found = np.array([row.split() for row in block.splitlines()[1:]], float)
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=0)

    def test_all_average_what_is_not_needed_as_0(self):
        """RC needs no alignment in some replicates: measured, predicted and asymptotic means agree, in
        the table, on the page, in the figure's data and in theory. At n = 1e8 samples add some
        (1 + sqrt(30)) sqrt(2/n) (1 + alpha^2) to each."""
        experiment = harness.write("e.yaml", EXAMPLE)
        settings = harness.settings("noise.lambda_max=0.8", "samples=[1e8]")
        with harness.archive(experiment, "e.h5", *settings) as archive:
            measured = harness.values(archive, "alpha2_measured")[:, 0, 0]
            found = [harness.values(archive, f"alpha2_{name}")[:, 0]
                     for name in ("measured", "predicted", "threshold")]
            expected = np.array([np.maximum(x, 0).reshape(-1, 2).mean(0) for x in found])
            self.assertLess(harness.values(archive, "alpha2_threshold")[:, 0, 0].min(), -0.1)
        self.assertGreater(np.count_nonzero(measured[:, 0] == 0), 3)
        self.assertGreater(np.count_nonzero(measured[:, 0]), 3)
        bound = (1 + np.sqrt(30)) * np.sqrt(2e-8) * 2
        self.assertLessEqual(np.ptp(expected, axis=0).max(), bound)
        table = harness.twoview("report", "e.h5", "-o", "report").stdout
        page = (harness.folder / "report/report.html").read_text()
        rows = np.loadtxt(harness.folder / "report/figure.tsv").reshape(2, 6)
        np.testing.assert_allclose(rows[:, [1, 4, 5]], expected.T, rtol=1e-7)
        for m, method in enumerate(METHODS):
            line = re.search(rf"^0.8 +{method} .*$", table, re.M)[0]
            means_of_line = np.array(re.findall(r"(\S+) \[", line), float)
            np.testing.assert_allclose(means_of_line, expected[:, m], rtol=1e-5)
            for mean in re.findall(r"\S+ \[", line):
                self.assertIn(f"<td>{mean}", page)
        said = json.loads(harness.twoview("theory", experiment, "--json", *settings).stdout)
        means_of_theory = [said["summary"][0][f"alpha2_{method.replace('-', '_')}"]["mean"]
                           for method in METHODS]
        np.testing.assert_allclose(means_of_theory, expected[2], rtol=1e-12)

    def test_labels_tell_values_apart(self):
        harness.archive(harness.write("tiny.yaml", TINY), "tiny.h5", *harness.settings(
            "noise.lambda_max=[1.00001, 1.00002]", "samples=[1000001, 1000002]",
            "noise.sampler=law", "archive.samples=false")).close()
        table = harness.twoview("report", "tiny.h5", "-o", "report").stdout
        for value in ("1.00001", "1.00002"):
            self.assertRegex(table, rf"(?m)^{value} +reconstruction +1000001 ")
            self.assertRegex(table, rf"(?m)^{value} +reconstruction +1000002 ")
            for name in ("figure.svg", "spectra.svg", "report.html", "figure.tsv", "thresholds.csv"):
                self.assertIn(value, (harness.folder / "report" / name).read_text(), name)

    def test_report_of_one_replicate_without_need(self):
        harness.archive(harness.write("tiny.yaml", TINY), "tiny.h5", "--set", "replicates=1", "--set",
                        "noise.lambda_max=1e-3").close()
        done = harness.twoview("report", "tiny.h5", "-o", "report")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\n0.001 +reconstruction +15 +0 +\S+ +0\n")

    def test_plan(self):
        harness.write("e.yaml", EXAMPLE)
        plan = harness.twoview("run", "--dry-run", "e.yaml").stdout
        self.assertRegex(plan, r"points +240 \(480 thresholds, some 18 solutions each\)")
        self.assertIn("threshold: {tolerance: 0.0001}", plan)
        small = ["--set", "replicates=5", "--set", "samples=[400, 1e5]"]
        plan = harness.twoview("run", "--dry-run", "e.yaml", *small).stdout
        planned = float(re.search(r"flops .*, (\S+) for solutions", plan)[1])
        with harness.archive("e.yaml", "e.h5", *small) as archive:
            done = archive["flops"][:, harness.names(archive["stage"]).index("solves")].sum()
        self.assertLess(abs(planned / done - 1), 0.15)  # a search takes two or three more or less

    def test_nothing_to_find(self):
        """An important component that is next to nothing: the encoder always has noise in it."""
        experiment = harness.write("tiny.yaml", TINY)
        done = harness.twoview("run", experiment, "-o", "never.h5",
                               "--set", "source.spectrum=[4, 3, 1e-320]", ranks=2)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no threshold was found; 'alpha2_status' gives the reason", done.stderr)
        with h5py.File(harness.folder / "never.h5") as archive:
            self.assertTrue(np.all(harness.values(archive, "alpha2_status") == OUT_OF_REACH))
            self.assertTrue(np.all(np.isnan(harness.values(archive, "alpha2_measured"))))
        said = harness.twoview("info", "--verify", "never.h5").stdout
        self.assertIn("54 thresholds, 54 of them not found (see 'alpha2_status')", said)
        done = harness.twoview("report", "never.h5", "-o", "never")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("spectra", done.stdout)  # no axis shows them

    def test_refusals(self):
        experiment = harness.write("tiny.yaml", TINY)
        for setting, words in (("augmentation.alpha=[1]", "is what 'study: threshold' finds"),
                               ("methods=[supervised]", "'supervised' has no threshold"),
                               ("methods=[PCA, JE]", "'pca' has no threshold"),
                               ("archive.encoders=all", "keeps no encoders"),
                               ("encoder.k=5", "k = 5 rows for 4 features"),
                               ("study=grid", "augmentation.alpha: is missing")):
            done = harness.twoview("run", experiment, "--dry-run", "--set", setting)
            self.assertEqual(done.returncode, 2, setting)
            self.assertIn(words, done.stderr)
        harness.archive(experiment, "tiny.h5").close()
        done = harness.twoview("scaling", "tiny.h5", "tiny.h5")
        self.assertEqual(done.returncode, 1)
        self.assertIn("compare archives of 'study: grid'", done.stderr)


if __name__ == "__main__":
    unittest.main()
