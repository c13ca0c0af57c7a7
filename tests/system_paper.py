"""What the paper's figures show, on Fashion-MNIST as shipped and on generated data."""
import unittest

import numpy as np

import harness

# Distance to optimality at n = 51200 by an independent implementation, for alpha = 0.1, 1, 10.
# Eigenvalues are drawn, so that a factor of a few is luck and an order of magnitude a bug.
MAGNITUDES = {
    (1e3, "supervised"): (1e-4, 1e-4, 8e-6),
    (1e3, "reconstruction"): (4e-6, 2e-6, 5e-8),
    (1e3, "joint-embedding"): (6e-3, 7e-4, 5e-8),
    (1e6, "supervised"): (5e-4, 4e-4, 1e-5),
    (1e6, "reconstruction"): (2e-1, 1.5e-1, 5e-3),
    (1e6, "joint-embedding"): (2e-1, 2e-3, 6e-8),
}


def slope(n, distance):
    return np.polyfit(np.log(n), np.log(distance), 1)[0]


class FashionMnist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with harness.archive(harness.ROOT / "jobs/fashion-mnist.yaml", "fashion.h5") as archive:
            cls.n = archive["n"][()]
            cls.methods = harness.names(archive["paradigm"])
            cls.lambda_max = list(archive["lambda_max"][()])
            cls.distance = harness.values(archive, "distance").mean(0)  # lambda_max, alpha, n, method
            cls.status = harness.values(archive, "status")
            cls.objective = harness.values(archive, "objective")
            cls.optimum = harness.values(archive, "objective_optimum")
            cls.orthonormality = harness.values(archive, "orthonormality")[..., 1:]

    def curve(self, magnitude, alpha, method):
        return self.distance[self.lambda_max.index(magnitude), alpha, :, self.methods.index(method)]

    def test_everything_is_solved(self):
        self.assertEqual(self.status.shape, (5, 2, 3, 10, 3))
        self.assertTrue(np.all(self.status == 0))
        gap = np.abs(self.objective - self.optimum)
        self.assertTrue(np.all(gap <= 1e-10 * np.abs(self.optimum)))
        self.assertLessEqual(self.orthonormality.max(), 1e-10)

    def test_magnitudes(self):
        for (magnitude, method), expected in MAGNITUDES.items():
            for alpha in range(3):
                ratio = self.curve(magnitude, alpha, method)[-1] / expected[alpha]
                self.assertTrue(0.1 < ratio < 10, f"{method}, {magnitude:g}, alpha {alpha}")

    def test_supervised_falls_like_one_over_n(self):
        for magnitude in self.lambda_max:
            for alpha in range(3):
                fall = slope(self.n, self.curve(magnitude, alpha, "supervised"))
                self.assertAlmostEqual(fall, -1, delta=0.15)

    def test_joint_embedding_is_flat_below_its_threshold_and_falls_above(self):
        for magnitude in self.lambda_max:
            self.assertGreater(slope(self.n, self.curve(magnitude, 0, "joint-embedding")), -0.2)
            self.assertLess(slope(self.n, self.curve(magnitude, 2, "joint-embedding")), -0.9)

    def test_reconstruction_falls_under_weak_noise_and_not_under_strong(self):
        for alpha in range(3):
            self.assertLess(slope(self.n, self.curve(1e3, alpha, "reconstruction")), -0.9)
            self.assertGreater(slope(self.n, self.curve(1e6, alpha, "reconstruction")), -0.2)


class Generated(unittest.TestCase):
    """Ten important and 30 noise components: each method against its own threshold."""

    @classmethod
    def setUpClass(cls):
        cls.archive = harness.archive(harness.ROOT / "jobs/gaussian.yaml", "gaussian.h5")
        cls.addClassCleanup(cls.archive.close)

    def test_leakage_and_distance_change_at_the_threshold(self):
        leakage = harness.values(self.archive, "leakage")
        distance = harness.values(self.archive, "distance")
        alpha2 = self.archive["alpha"][()] ** 2
        below = above = 0
        for r, g, m in np.ndindex(5, 2, 2):
            threshold = harness.values(self.archive, "alpha2_threshold")[r, g, m + 1]
            for a, value in enumerate(alpha2):
                curve = distance[r, g, a, :, m + 1]
                at_largest_n = leakage[r, g, a, -1, m + 1]
                if value < 0.8 * threshold:  # well below: noise stays, whatever n
                    below += 1
                    self.assertGreater(at_largest_n, 0.5)
                    self.assertGreater(curve[-1], 0.1 * curve[0])
                elif value > 1.25 * max(threshold, 0.1):  # well above: noise goes
                    above += 1
                    self.assertLess(at_largest_n, 0.01)
                    self.assertLess(curve[-1], 0.01 * curve[0])
        self.assertGreater(below, 20)
        self.assertGreater(above, 40)


if __name__ == "__main__":
    unittest.main()
