"""What generated sources draw: the law of mixtures, and what they share with gaussian sources.

Statistical bands are BAND standard errors; seeds are fixed, and a sound generator leaves such a
band with a probability below 1e-6. Rounding is allowed EPS times the numbers' size."""
import re
import unittest

import h5py
import numpy as np

import harness

BAND = 5
EPS = 1e-13
N, CLASSES, VARIANCES = 20000, 8, np.array([4.0, 3.0, 2.0, 1.0, 0.5])
P = len(VARIANCES)

LARGE = f"""\
seed: 11
replicates: 2
source: {{type: mixture, classes: {CLASSES}, separation: 2, spectrum: {list(VARIANCES)}}}
noise: {{components: 1, lambda_max: 1}}
augmentation: {{theta_max: 0.5, alpha: 1}}
samples: {N}
encoder: {{k: 3}}
methods: supervised
archive: {{encoders: none, representations: none, samples: true}}
"""


class Draw:
    """The samples of an experiment, as components and as features."""

    def __init__(self, *arguments, text=LARGE):
        with harness.archive(harness.write("e.yaml", text), "e.h5",
                             *harness.settings(*arguments)) as archive:
            self.clean, self.target = (archive["samples"][name][()] for name in ("clean", "target"))
            self.spectrum = archive["data_spectrum"][()]
            self.names = set(archive)
            if "principal_axes" in archive:
                self.axes = archive["principal_axes"][()]  # component, feature
                self.mean = archive["feature_mean"][()]

    def features(self):
        return self.clean @ self.axes + self.mean


class Mixture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.drawn = Draw()
        cls.together = Draw("source.separation=0")
        # Rows of a class are moved by its mean and by nothing else.
        moved = cls.drawn.features() - cls.together.features()
        cls.label = cls.drawn.target.argmax(-1)
        cls.means = np.array([moved[cls.label == c].mean(0) for c in range(CLASSES)])
        cls.moved = moved

    def close(self, a, b, size):
        self.assertLessEqual(np.abs(a - b).max(), EPS * size)

    def within(self, samples, expected, what):
        """Means over rows against their expectation, by the samples' own standard errors."""
        error = samples.std(0) / np.sqrt(len(samples))
        self.assertTrue(np.all(np.abs(samples.mean(0) - expected) <= BAND * error), what)

    def test_targets_are_one_hot_and_classes_as_likely(self):
        target = self.drawn.target
        self.assertEqual(target.shape, (2, N, CLASSES))
        self.assertTrue(np.all((target == 0) | (target == 1)))
        self.assertTrue(np.all(target.sum(-1) == 1))
        share = 1 / CLASSES
        error = np.sqrt(share * (1 - share) / N)
        self.assertLessEqual(np.abs(target.mean(1) - share).max(), BAND * error)

    def test_classes_follow_no_pattern(self):
        """Classes of neighbouring rows, and of one row in both replicates, are independent."""
        first, second = self.label
        for a, b in ((first[:-1], first[1:]), (second[:-1], second[1:]), (first, second)):
            same = (a == b).astype(float)
            share = 1 / CLASSES
            error = np.sqrt(share * (1 - share) / len(same))
            self.assertLessEqual(abs(same.mean() - share), BAND * error)

    def test_a_class_moves_its_rows_by_its_mean(self):
        for replicate in range(2):  # the means are those of the experiment, not of a replicate
            expected = self.means[self.label[replicate]]
            self.close(self.moved[replicate], expected, 100)
        np.testing.assert_array_equal(self.drawn.target, self.together.target)

    def test_means_spread_as_separation_says(self):
        """m / (separation deviation) are standard normals: their squares sum to a chi-square."""
        g = self.means / (2 * np.sqrt(VARIANCES))
        self.assertLessEqual(abs((g**2).sum() - g.size), BAND * np.sqrt(2 * g.size))
        self.assertLessEqual(abs(g.mean()), BAND / np.sqrt(g.size))
        for other in (0.5, 3):
            moved = Draw(f"source.separation={other}").features() - self.together.features()
            self.close(moved, self.moved * other / 2, 100)

    def test_many_means_spread_in_each_feature(self):
        """Mean squares of 400 means in each feature, relative: standard error sqrt(2/400)."""
        drawn, together = (
            Draw("source.classes=400", "replicates=1", f"source.separation={separation}")
            for separation in (2, 0)
        )
        moved = (drawn.features() - together.features())[0]
        label = drawn.target[0].argmax(-1)
        means = np.array([moved[label == c][0] for c in range(400)])
        ratio = (means**2).mean(0) / (4 * VARIANCES)
        self.assertLessEqual(np.abs(ratio - 1).max(), BAND * np.sqrt(2 / 400))

    def test_population_is_that_of_the_means(self):
        drawn = self.drawn
        self.close(drawn.mean, self.means.mean(0), 100)
        centred = self.means - self.means.mean(0)
        covariance = np.diag(VARIANCES) + centred.T @ centred / CLASSES
        self.close(drawn.axes.T @ np.diag(drawn.spectrum) @ drawn.axes, covariance, 1000)
        self.close(drawn.axes @ drawn.axes.T, np.eye(P), 100)
        self.assertTrue(np.all(np.diff(drawn.spectrum) < 0))

    def test_rows_of_a_class(self):
        features = self.drawn.features()
        for replicate in range(2):
            for c in range(CLASSES):
                x = features[replicate][self.label[replicate] == c] - self.means[c]
                self.within(x, 0, f"mean of class {c}")
                products = x[:, :, None] * x[:, None, :]
                self.within(products, np.diag(VARIANCES), f"covariance of class {c}")

    def test_components_are_uncorrelated(self):
        for x in self.drawn.clean:
            self.within(x, 0, "mean")
            self.within(x[:, :, None] * x[:, None, :], np.diag(self.drawn.spectrum), "covariance")

    def test_replicates_draw_fresh_rows(self):
        first, second = self.drawn.clean
        self.within(first * second, 0, "product of replicates")
        self.assertFalse(np.any(self.together.clean[0] == self.together.clean[1]))

    def test_principal_components_are_the_leading_ones(self):
        kept = Draw("features.pca=2")
        self.assertEqual(kept.clean.shape, (2, N, 2))
        self.close(kept.clean, self.drawn.clean[..., :2], 1000)
        self.close(kept.spectrum, self.drawn.spectrum[:2], 1000)
        self.close(kept.axes, self.drawn.axes[:2], 1000)

    def test_power_law_is_its_spectrum(self):
        mixture = "source={{type: mixture, classes: 3, separation: 1, {}}}"
        law = Draw(mixture.format("power_law: {features: 2, scale: 4, exponent: 2}"))
        listed = Draw(mixture.format("spectrum: [4, 1]"))
        np.testing.assert_array_equal(law.clean, listed.clean)

    def test_dry_run_counts_a_mixture(self):
        harness.write("d.yaml", LARGE)
        width, memory = P + 1 + CLASSES + 1, []
        for n in (4, 4e6, 1e12):  # of the least, nothing is too small to be seen
            done = harness.twoview("run", "--dry-run", "d.yaml",
                                   *harness.settings(f"samples={n:g}"), ranks=2)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"generated, {P} features, {CLASSES} targets", done.stdout)
            memory.append(int(re.search(r"memory per rank .*\((\d+) bytes", done.stdout)[1]))
            self.assertRegex(done.stdout, rf"reduced per rank .*\({8 * 2 * width**2} bytes")
            moments = float(re.search(r"flops +(\S+) for moments", done.stdout)[1])
            expected = 2 * n * (width**2 + 2 * P**2)
            self.assertAlmostEqual(moments / expected, 1, delta=0.005)  # printed with 3 digits
            normals = float(re.search(r"random normals +(\S+)", done.stdout)[1])
            self.assertAlmostEqual(normals / (2 * n * (P + 1)), 1, delta=0.005)
        # What libraries take differs by some pages from run to run.
        self.assertLess(abs(memory[2] - memory[1]), 0.02 * memory[1])


class Gaussian(unittest.TestCase):
    SOURCE = f"source={{type: gaussian, spectrum: {list(VARIANCES)}}}"

    def test_mixture_without_separation_is_gaussian(self):
        gaussian, mixture = Draw(self.SOURCE), Draw("source.separation=0")
        self.assertLessEqual(np.abs(gaussian.clean - mixture.clean).max(), EPS * 100)
        self.assertLessEqual(np.abs(gaussian.spectrum - mixture.spectrum).max(), EPS * 100)
        self.assertNotIn("principal_axes", gaussian.names)

    def test_noise_of_targets_is_their_own(self):
        """Its variance, 4, is what least squares on the features leaves."""
        noisy = Draw(self.SOURCE[:-1] + ", teacher: {type: linear, targets: 2, noise: 2}}")
        for x, y in zip(noisy.clean, noisy.target):
            rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
            self.assertLessEqual(np.abs(rest.var(0) / 4 - 1).max(), BAND * np.sqrt(2 / N))

    def test_principal_components_are_the_first_features(self):
        gaussian, kept = Draw(self.SOURCE), Draw(self.SOURCE, "features.pca=2")
        np.testing.assert_array_equal(kept.clean, gaussian.clean[..., :2])
        np.testing.assert_array_equal(kept.spectrum, VARIANCES[:2])


class Scales(unittest.TestCase):
    def test_weak_features_are_flagged(self):
        """Features of 1e-8 beside an augmentation of .5: rows of RC and JE for them are lost in the
        rounding of those for noise. Their values are there, as are those of SL, which has none."""
        experiment = harness.write("w.yaml", harness.GAUSSIAN)
        weak = harness.settings("source.spectrum=[4e-16, 3e-16, 2e-16, 1e-16]", "encoder.k=6")
        done = harness.twoview("run", experiment, "-o", "w.h5", "--force", *weak)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("48 solutions, 32 of them inaccurate (see 'residual')", done.stdout)
        with h5py.File(harness.folder / "w.h5") as archive:
            methods = harness.names(archive["paradigm"])
            for i, method in enumerate(methods):
                is_weak = method != "supervised"
                np.testing.assert_array_equal(harness.values(archive, "status")[..., i],
                                              -2 if is_weak else 0)
                self.assertTrue(np.all((harness.values(archive, "residual")[..., i] > 1e-6) == is_weak))
            for name in ("score_corrupted", "distance", "objective", "leakage"):
                self.assertTrue(np.all(np.isfinite(archive[name][()])), name)
        self.said_twice("32 of them inaccurate")

    def said_twice(self, words):
        for command in (("info", "--verify"), ("report",)):
            done = harness.twoview(*command, "w.h5")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(words, done.stdout)


if __name__ == "__main__":
    unittest.main()
