"""Degenerate problems of views are found and said: singular moments, ties, and choices that cannot matter."""
import re
import unittest

import h5py
import numpy as np

import harness

SIZE = 6  # of images: smooth, with a border that does not vary, with a pixel that others determine, standardised
ROWS = 400

EXPERIMENT = """\
name: degenerate
source: {type: hdf5, file: images.h5, samples: smooth, labels: labels}
augmentation:
  chain: [{type: flip, axis: columns}]
samples: [400]
encoder: {k: [5]}
methods: [RC, JE, PCA]
"""
FLIP = "augmentation.chain=[{type: flip, axis: columns}]"
SHIFT = "augmentation.chain=[{type: shift, pixels: 1}]"
NOISE = "augmentation.chain=[{type: noise, deviation: [0.1, 0.2, 0.4]}]"
MIXUP = "augmentation.chain=[{type: mixup, beta: 1}]"
BRIGHTNESS = "augmentation.chain=[{type: brightness, deviation: [0.1, 0.2]}]"
TIED = -3


def write_images():
    random = np.random.default_rng(1)
    axis = np.arange(SIZE)
    kernel = np.exp(-np.subtract.outer(axis, axis) ** 2 / 8)
    covariance = np.kron(kernel, kernel) + 1e-4 * np.eye(SIZE**2)
    smooth = random.normal(size=(ROWS, SIZE**2)) @ np.linalg.cholesky(covariance).T + 0.3
    border, dependent = smooth.reshape(ROWS, SIZE, SIZE).copy(), smooth.copy()
    border[:, 0], border[:, -1] = 0, 0.7
    dependent[:, 7] = dependent[:, 3] + 2 * dependent[:, 5]
    standard = (smooth - smooth.mean(0)) / smooth.std(0)
    with h5py.File(harness.folder / "images.h5", "w") as file:
        for name, data in (("smooth", smooth), ("border", border), ("dependent", dependent),
                           ("standard", standard)):
            file[name] = data.reshape(ROWS, SIZE, SIZE)
        file["labels"] = random.integers(0, 3, ROWS)


class Degeneracy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        write_images()
        cls.experiment = harness.write("degenerate.yaml", EXPERIMENT)

    def run_with(self, *settings, ranks=None):
        return harness.twoview("run", self.experiment, "--force", "-o", "d.h5", *harness.settings(*settings),
                               ranks=ranks)

    def statuses(self, *settings, ranks=None):
        """Of the methods, at all points; and what is said."""
        done = self.run_with(*settings, ranks=ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(harness.folder / "d.h5") as archive:
            return archive["status"][()].reshape(-1, 3), done.stdout

    # ---- Singular moments ----

    def test_constant_features_are_named_with_the_floor_that_mends_them(self):
        for ranks in (None, 2, 3):
            done = self.run_with(FLIP, "source.samples=border", ranks=ranks)
            self.assertEqual(done.returncode, 1)
            self.assertIn("1 of 1 points cannot be solved", done.stderr)
            self.assertIn("features 0, 1, 2, 3, 4 and 7 more (counted from 0) are the same in all views",
                          done.stderr)
            self.assertEqual(done.stderr.count("twoview: "), 1)
            floor = re.search(r"augmentation.floor to (\S+) or more", done.stderr)[1]
            # rounding of (512 + d) eps of the largest mean square, 1e-6 of what is left of it
            largest = np.max(np.mean(self.images("border") ** 2, 0))
            wanted = (512 + SIZE**2) * np.finfo(float).eps * largest / 1e-6
            self.assertTrue(wanted <= float(floor) <= 2 * wanted, floor)
            statuses, _ = self.statuses(FLIP, "source.samples=border", f"augmentation.floor={floor}",
                                        ranks=ranks)
            self.assertTrue(np.isin(statuses, (0, TIED)).all())

    def test_features_that_vary_less_than_their_means_are_rounded(self):
        """An offset is what is to be taken away, not the features."""
        with h5py.File(harness.folder / "offset.h5", "w") as file:
            file["x"] = np.random.default_rng(2).normal(size=(100, 3)) + [0, 1e9, 1e9]
        done = self.run_with("source={type: hdf5, file: offset.h5, samples: x}", "samples=[100]", "encoder.k=[1]",
                             "augmentation.chain=[{type: noise, deviation: 0.1}]")
        self.assertEqual(done.returncode, 1)
        self.assertIn("features 1 and 2 (counted from 0) are the same in all views but for the rounding of their means",
                      done.stderr)

    def images(self, name):
        with h5py.File(harness.folder / "images.h5") as file:
            return file[name][()].reshape(ROWS, -1)

    def test_a_feature_that_others_determine_is_named(self):
        """What is left of its variance is rounding, with which the factorisation succeeds."""
        done = self.run_with("augmentation.chain=[{type: multiply, deviation: 0.1, per: sample}]",
                             "source.samples=dependent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("feature 7 (counted from 0) depends linearly on those before", done.stderr)

    def test_few_samples(self):
        """n samples and their mirror images vary in n - 1 symmetric and n antisymmetric directions."""
        done = self.run_with(FLIP, "samples=[10]")
        self.assertEqual(done.returncode, 1)
        self.assertIn("n = 10", done.stderr)
        self.assertIn(f"and {SIZE**2 - 19 - 5} more (counted from 0) depend linearly", done.stderr)

    def test_some_points_fail(self):
        done = self.run_with(FLIP, "samples=[10, 11, 400]", "methods=[RC, PCA]")
        self.assertEqual(done.returncode, 0)
        self.assertIn("6 solutions, 4 of them failed", done.stdout)
        self.assertEqual(len(re.findall("2 of 3 points cannot be solved", done.stderr)), 1)

    # ---- Ties ----

    def test_a_flip_alone(self):
        for ranks in (None, 2, 3):
            for chain in (FLIP, "augmentation.chain=[{type: flip, axis: columns, probability: 0.3}]"):
                statuses, said = self.statuses(chain, ranks=ranks)
                self.assertEqual(statuses.tolist(), [[0, TIED, 0]])
                self.assertIn("3 solutions, 1 of them tied at k", said)
                self.assertRegex(said, "joint-embedding: 1 of 1 encoders are tied .*finite group .*floor")
        statuses, said = self.statuses(FLIP, "augmentation.floor=1e-3")
        self.assertEqual(statuses.tolist(), [[0, 0, 0]])
        self.assertNotIn("tied", said)

    def test_more_rows_than_directions(self):
        """Images and their mirror images agree in the 18 symmetric directions."""
        statuses, said = self.statuses(FLIP, "encoder.k=[17,18,19]")
        self.assertEqual(statuses.tolist(), [[0, TIED, 0], [0, 0, 0], [TIED, TIED, 0]])
        self.assertRegex(said, "reconstruction: 1 of 3 .* k = 19 .*lower encoder.k")

    def test_mixup_alone(self):
        statuses, said = self.statuses(MIXUP)
        self.assertEqual(statuses.tolist(), [[0, TIED, 0]])
        self.assertRegex(said, "joint-embedding: .*agree equally in all directions")

    def test_values_below_0_are_noise_of_sampled_views(self):
        strong = "augmentation.chain=[{type: noise, deviation: 5}]"
        words = "joint-embedding: 1 of 1 encoders keep values below 0, which measure the noise of sampled views"
        for views, k, is_negative in (("2", 30, True), ("2", 2, False), ("exact", 30, False)):
            settings = (strong, f"augmentation.views={views}", f"encoder.k={k}")
            _, said = self.statuses(*settings)
            self.assertEqual(words in said, is_negative, settings)
            done = harness.twoview("theory", self.experiment, *harness.settings(*settings))
            self.assertEqual("joint-embedding keeps values below 0" in done.stdout, is_negative, done.stdout)

    def test_no_tie(self):
        for chain in (SHIFT, NOISE):
            statuses, said = self.statuses(chain)
            self.assertFalse(statuses.any())
            self.assertNotIn("tied", said)

    # ---- What cannot matter ----

    def test_strengths_that_cannot_matter(self):
        """Additive noise, masks, all but the first; but not two kinds of noise of which one grows."""
        mixed = "augmentation.chain=[{type: brightness, deviation: 0.5}, {type: noise, deviation: [0.1, 0.2]}]"
        after = "augmentation.chain=[{type: noise, deviation: 0.1}, {type: mask, keep: [1, 0.5, 0.8]}]"
        some = "augmentation.chain=[{type: noise, deviation: [0, 0.1, 0.2]}, {type: multiply, deviation: [0.2, 0, 0]}]"
        for chain, which in ((NOISE, "1, 2 and 3"), ("augmentation.chain=[{type: mask, keep: [0.5, 0.8]}]", "1 and 2"),
                             (some, "2 and 3"), (after, None), (mixed, None),
                             (SHIFT.replace("1}", "[1, 2]}"), None)):
            _, said = self.statuses(chain)
            found = re.search("joint-embedding: at severity 0 strengths (.*) do the same", said)
            self.assertEqual(found and found[1], which, chain)

    def test_methods_that_learn_the_same(self):
        words = "reconstruction, joint-embedding and pca learn the same at every point"
        mask = "augmentation.chain=[{type: mask, keep: 0.5}]"
        for settings, same in (((NOISE,), True), ((mask, "source.samples=standard"), True), ((mask,), False),
                               ((SHIFT,), False)):
            _, said = self.statuses(*settings)
            self.assertEqual(words in said, same, settings)

    def test_what_is_tied_is_not_the_same(self):
        """One sample has no variance: every encoder of PCA is as good."""
        settings = NOISE, "samples=[1]"
        _, said = self.statuses(*settings)
        self.assertIn("pca: 3 of 3 encoders are tied", said)
        self.assertNotIn("learn the same", said)
        said = harness.twoview("theory", self.experiment, *harness.settings(*settings)).stdout
        self.assertIn("degenerate: 1 sample of 36 features", said)
        self.assertIn("pca is tied at k = 5", said)
        self.assertNotIn("learn the same,", said)


if __name__ == "__main__":
    unittest.main()
