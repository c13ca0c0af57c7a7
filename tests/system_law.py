"""The law sampler from outside: against rows, on any number of ranks, and at sizes beyond all rows.

Seeds are fixed. Two samples of R numbers: P(D > c sqrt(2/R)) = 2 exp(-2 c^2) (Kolmogorov, Smirnov);
c = 3.2 makes that below 3e-9, and the comparisons made here, fewer than 300, 1e-6. Means over
replicates are held within BAND of their own standard errors."""
import re
import unittest

import h5py
import numpy as np

import harness

R, KS_FACTOR, BAND = 2000, 3.2, 6
ROWS = 500

GRID = """
noise: {{components: {q}, lambda_max: 8, sampler: {sampler}}}
augmentation: {{theta_max: 0.5, alpha: [0.3, 2]}}
samples: {sizes}
encoder: {{k: 2}}
archive: {{encoders: none, representations: none}}
"""
SOURCES = {
    "gaussian": "{type: gaussian, spectrum: [4, 2, 1], teacher: {targets: 2, noise: 0.3}}",
    "mixture": "{type: mixture, classes: 4, separation: 1.5, spectrum: [4, 3, 2]}",
    "data": "{type: hdf5, file: data.h5, samples: x, labels: y}",
}
ASYMPTOTIC = """\
seed: 6
replicates: 40
source: {type: gaussian, spectrum: [4, 3, 2], teacher: {noise: 0.5}}
noise: {components: 8, lambda_max: 10, sampler: law}
augmentation: {theta_max: 0.5, alpha: [0.01, 3]}
samples: {from: 1e3, to: 1e12, factor: 10}
encoder: {k: 3}
"""


def distance_of_samples(a, b):
    """Largest difference of two samples' distribution functions."""
    both = np.sort(np.concatenate([a, b]))
    below = [np.searchsorted(np.sort(x), both, side="right") / len(x) for x in (a, b)]
    return np.abs(below[0] - below[1]).max()


def experiment(source, sampler, q, sizes, replicates=R, as_=""):
    text = f"seed: 5\nreplicates: {replicates}\nsource: {SOURCES[source][:-1]}{as_}}}"
    return harness.write("law.yaml", text + GRID.format(sampler=sampler, q=q, sizes=sizes))


class Law(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        random = np.random.default_rng(7)
        label = random.integers(0, 3, ROWS)
        with h5py.File(harness.folder / "data.h5", "w") as file:
            file["x"] = random.normal(size=(ROWS, 3)) * [3, 2, 1] + label[:, None]
            file["y"] = label

    def agrees_with_rows(self, source, q, sizes):
        law, rows = (
            harness.archive(experiment(source, sampler, q, sizes), f"{sampler}.h5")
            for sampler in ("law", "rows")
        )
        self.assertFalse(harness.values(law, "status").any() or harness.values(rows, "status").any())
        for name in ("distance", "leakage", "score_clean"):
            a, b = law[name][()].reshape(R, -1), rows[name][()].reshape(R, -1)
            self.assertTrue(np.all(np.isfinite(a)) or name == "leakage")
            for i in np.flatnonzero(np.isfinite(b).all(0)):
                apart = distance_of_samples(a[:, i], b[:, i])
                self.assertLessEqual(apart, KS_FACTOR * np.sqrt(2 / R), f"{source}, {name}, {i}")

    def test_gaussian_agrees_with_rows(self):
        self.agrees_with_rows("gaussian", 4, [5, 30, 400])
        self.agrees_with_rows("gaussian", 1, [20])

    def test_mixture_agrees_with_rows(self):
        self.agrees_with_rows("mixture", 3, [6, 100])

    def test_data_agree_with_rows(self):
        self.agrees_with_rows("data", 3, [8, 100])

    def test_moments_do_not_depend_on_ranks(self):
        for source in SOURCES:
            archives = [
                harness.archive(experiment(source, "law", 4, [3, 40, 400], 2), f"on{ranks}.h5",
                                ranks=ranks)
                for ranks in (1, 2, 3)
            ]
            for other in archives[1:]:
                np.testing.assert_array_equal(archives[0]["moments_sha256"],
                                              other["moments_sha256"])
                np.testing.assert_allclose(archives[0]["score_corrupted"],
                                           other["score_corrupted"], rtol=1e-10)

    def falls_like_one_over_n(self, n, distance):
        """n times the distance has one mean at all n."""
        scaled = n * distance  # replicate, n
        mean, error = scaled.mean(0), scaled.std(0) / np.sqrt(len(scaled))
        middle = np.average(mean, weights=error**-2)
        self.assertLessEqual((np.abs(mean - middle) / error).max(), BAND)

    def test_sizes_without_samples(self):
        """Supervised learning falls for any alignment, the others above their thresholds alone.
        Distances are more than rounding errors where they are above 1e-13 of the scores."""
        with harness.archive(harness.write("a.yaml", ASYMPTOTIC), "a.h5") as archive:
            self.assertEqual(harness.attribute(archive, "noise_sampler"), "law")
            self.assertNotIn("source_as", archive.attrs)
            threshold = harness.values(archive, "alpha2_threshold")[:, 0]  # replicate, method
            self.assertTrue(np.all((threshold[:, 1:] > 0.01**2) & (threshold[:, 1:] < 3**2)))
            n = archive["n"][()].astype(float)
            distance = harness.values(archive, "distance")[:, 0]  # replicate, alpha, n, method
        for below in (distance[:, 0, :, 0], distance[:, 1, :, 0]):
            self.falls_like_one_over_n(n[1:], below[:, 1:])
        for method in (1, 2):
            self.falls_like_one_over_n(n[3:7], distance[:, 1, 3:7, method])
            fallen = distance[:, 1, -1, method].mean() / distance[:, 1, 3, method].mean()
            self.assertLess(fallen, 10 * n[3] / n[-1])
            flat = distance[:, 0, :, method]
            # What is left to change fluctuates by some 1/sqrt(n).
            change = np.abs(flat[:, -2] / flat[:, -1] - 1)
            self.assertLess(change.max(), 100 / np.sqrt(n[-2]))

    def test_plan_does_not_depend_on_the_size(self):
        harness.write("a.yaml", ASYMPTOTIC)
        plans = []
        for n in ("1e6", "1e15"):
            done = harness.twoview("run", "--dry-run", "a.yaml", "--set", f"samples={n}")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("replicated, whole on every rank; drawn by the law sampler", done.stdout)
            plans.append(re.findall(r"^(?:flops|random normals|reduced).*", done.stdout, re.M))
        self.assertEqual(len(plans[0]), 3)
        self.assertEqual(plans[0], plans[1])

    def test_population(self):
        """Clean scores are those of the whole data set at any size; noise fades like 1/n."""
        sizes = [ROWS, 10**6, 10**9]
        law = harness.archive(experiment("data", "law", 3, sizes, 40, ", as: population"), "p.h5")
        rows = harness.archive(experiment("data", "rows", 3, [ROWS], 40), "r.h5")
        self.assertEqual(harness.attribute(law, "source_as"), "population")
        self.assertEqual(harness.attribute(rows, "source_as"), "sample")
        self.assertIn("as: population", harness.attribute(law, "experiment"))
        clean = harness.values(law, "score_clean")
        expected = np.broadcast_to(harness.values(rows, "score_clean"), clean.shape)
        np.testing.assert_allclose(clean, expected, rtol=1e-12)
        n = law["n"][()].astype(float)
        self.falls_like_one_over_n(n[1:], harness.values(law, "distance")[:, 0, 0, 1:, 0])

    def test_rows_of_a_population_are_counted(self):
        done = harness.twoview("run", experiment("data", "law", 3, [ROWS + 1], 1))
        self.assertEqual(done.returncode, 2)
        self.assertIn("larger than the data set of 500 samples", done.stderr)
        self.assertIn("'source: {as: population}'", done.stderr)
        done = harness.twoview("run", experiment("data", "law", 3, [5, 20], 1, ", as: population"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("law.yaml:6: samples: a population of 3 components and 3", done.stderr)

    def test_scaling_needs_rows(self):
        for ranks in (1, 2):
            harness.archive(experiment("gaussian", "law", 3, [100], 1), f"scaled{ranks}.h5",
                            ranks=ranks).close()
        done = harness.twoview("scaling", "scaled1.h5", "scaled2.h5", "-o", "scaling")
        self.assertEqual(done.returncode, 1)
        self.assertIn("drawn by the law sampler (noise.sampler)", done.stderr)


if __name__ == "__main__":
    unittest.main()
