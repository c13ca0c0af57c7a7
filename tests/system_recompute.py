"""Every score and encoder of an archive, recomputed from the samples in it with plain NumPy."""
import itertools
import unittest

import h5py
import numpy as np

import harness
import reference

SCORE_TOLERANCE = 1e-9  # relative to the clean score
ANGLE_TOLERANCE = 1e-7  # sine of the largest principal angle between row spaces
SEPARATION = 1e-3  # relative, between k-th and next value: below it the subspace is not defined


def sine_of_largest_angle(a, b):
    a, b = np.linalg.qr(a.T)[0], np.linalg.qr(b.T)[0]
    return np.linalg.norm(b - a @ (a.T @ b), 2)


class Recomputation(unittest.TestCase):
    def compare_point(self, archive, index, replicate_rows, method, k):
        replicate, magnitude, alpha_index, level, m = index
        n = archive["n"][level]
        x, z, y = (rows[:n] for rows in replicate_rows)
        gamma = archive["gamma_eigenvalues"][replicate, magnitude]
        theta = archive["theta_eigenvalues"][replicate]
        alpha = archive["alpha"][alpha_index]
        clean, corrupted, W = reference.solve_point(method, x, z, y, theta, gamma, alpha, k)
        where = f"{method} at {index}"
        self.assertEqual(harness.values(archive, "status")[index], 0, where)
        bound = SCORE_TOLERANCE * clean
        self.assertLessEqual(abs(harness.values(archive, "score_clean")[index] - clean), bound, where)
        self.assertLessEqual(abs(harness.values(archive, "score_corrupted")[index] - corrupted), bound,
                             where)
        self.assertLessEqual(
            abs(harness.values(archive, "distance")[index] - abs(clean - corrupted)), 2 * bound, where
        )
        self.compare_encoder(archive, index, method, k, np.hstack([x, z * np.sqrt(gamma)]), W)

    def compare_encoder(self, archive, index, method, k, x, W):
        replicate, magnitude, alpha_index, level, _ = index
        key = method.replace("-", "_")
        where = f"encoder of {method} at {index}"
        stored = archive[f"encoder_{key}"][replicate, magnitude, alpha_index, level]
        gamma = archive["gamma_eigenvalues"][replicate, magnitude]
        theta = archive["theta_eigenvalues"][replicate]
        p = len(theta) - len(gamma)
        spread = np.concatenate([np.zeros(p), gamma])
        S = reference.covariance(x, theta, spread, archive["alpha"][alpha_index])
        if method == "supervised":
            error = np.linalg.norm(stored - W) / np.linalg.norm(W)
            self.assertLessEqual(error, ANGLE_TOLERANCE, where)
        else:
            values = reference.values(method, x, S)
            if len(values) > k and values[k - 1] - values[k] <= SEPARATION * values[k - 1]:
                return
            self.assertLessEqual(sine_of_largest_angle(stored, W), ANGLE_TOLERANCE, where)
        self.encoders_compared += 1
        apart = abs(harness.values(archive, "leakage")[index] - reference.leakage(method, W, S, p))
        self.assertLessEqual(apart, ANGLE_TOLERANCE, where)  # |sin^2 a - sin^2 b| <= |a - b|
        if f"representation_{key}" in archive:  # of all sample sizes, as the encoders are
            shown = archive[f"representation_{key}"][replicate, magnitude, alpha_index, level]
            expected = x[: len(shown)] @ stored.T
            error = np.linalg.norm(shown - expected) / np.linalg.norm(expected)
            self.assertLessEqual(error, 1e-12, where)

    def compare(self, archive, k):
        methods = harness.names(archive["paradigm"])
        shape = harness.values(archive, "score_clean").shape
        self.encoders_compared = 0
        for replicate in range(shape[0]):
            rows = [archive["samples"][name][replicate] for name in ("clean", "noise", "target")]
            for rest in itertools.product(*map(range, shape[1:])):
                self.compare_point(archive, (replicate, *rest), rows, methods[rest[-1]], k)
        # The comparison of encoders must not be skipped everywhere by the separation.
        self.assertGreaterEqual(self.encoders_compared, 0.8 * np.prod(shape))
        archive.close()

    def test_fashion_mnist(self):
        archive = harness.archive(
            harness.ROOT / "jobs/fashion-mnist.yaml", "fashion.h5",
            *harness.settings("replicates=1", "archive.samples=true", "archive.encoders=all",
                              "samples=[100, 1600, 51200]", "archive.representations=none"),
        )
        self.compare(archive, 50)

    def test_generated(self):
        self.compare(harness.archive(harness.write("g.yaml", harness.GAUSSIAN), "g.h5"), 3)

    def test_mixture(self):
        self.compare(harness.archive(harness.write("m.yaml", harness.MIXTURE), "m.h5"), 3)

    def test_principal_components_of_a_mixture(self):
        experiment = harness.write("c.yaml", harness.MIXTURE)
        archive = harness.archive(experiment, "c.h5", "--set", "features.pca=3")
        self.assertEqual(archive["samples/clean"].shape, (2, 300, 3))
        self.compare(archive, 3)

    def test_principal_components_as_a_method(self):
        experiment = harness.write("b.yaml", harness.GAUSSIAN)
        archive = harness.archive(experiment, "b.h5", "--set", "methods=[PCA, SL, RC]", ranks=3)
        self.assertEqual(harness.names(archive["paradigm"]), ["pca", "supervised", "reconstruction"])
        np.testing.assert_array_equal(harness.values(archive, "alpha2_threshold")[..., 0], np.nan)
        rows = archive["encoder_pca"][:]
        for row in rows.reshape(-1, *rows.shape[-2:]):
            np.testing.assert_allclose(row @ row.T, np.eye(len(row)), rtol=0, atol=1e-12)
        self.assertLess(harness.values(archive, "orthonormality")[..., 0].max(), 1e-12)
        # The same at every alignment, as A is.
        np.testing.assert_array_equal(rows[:, :, 0], rows[:, :, -1])
        self.compare(archive, 3)

    def test_more_rows_than_important_components(self):
        experiment = harness.write("k.yaml", harness.GAUSSIAN)
        self.compare(harness.archive(experiment, "k.h5", "--set", "encoder.k=6", ranks=1), 6)

    def test_several_ranks_for_a_point(self):
        experiment = harness.write("p.yaml", harness.GAUSSIAN)
        archive = harness.archive(
            experiment, "p.h5",
            *harness.settings("parallel.ranks_per_point=2", "noise.components=70"), ranks=4,
        )
        self.compare(archive, 3)

    def test_targets_from_hdf5(self):
        random = np.random.default_rng(1)
        with h5py.File(harness.folder / "data.h5", "w") as file:
            x = random.standard_normal((150, 8)) * np.arange(1, 9) + 100
            file["x"] = x
            file["y"] = x @ random.standard_normal((8, 2))
        self.compare(harness.archive(harness.write("h.yaml", harness.HDF5), "h.h5"), 5)


if __name__ == "__main__":
    unittest.main()
