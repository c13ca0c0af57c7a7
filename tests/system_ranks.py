"""The same experiment on several numbers of ranks."""
import unittest

import h5py
import numpy as np

import harness

SCORE_TOLERANCE = 1e-12  # relative to the clean score


class Ranks(unittest.TestCase):
    def same_on(self, rank_counts, experiment, *arguments):
        first = harness.archive(experiment, "ranks1.h5", *arguments, ranks=1)
        for ranks in rank_counts:
            other = harness.archive(experiment, f"ranks{ranks}.h5", *arguments, ranks=ranks)
            self.assertEqual(harness.attribute(other, "ranks"), ranks)
            names = {"gamma_eigenvalues", "theta_eigenvalues", "data_spectrum"}
            for name in names | {"feature_mean", "principal_axes"} & set(first):
                np.testing.assert_array_equal(first[name][()], other[name][()])
            for name in first["samples"]:
                np.testing.assert_array_equal(first["samples"][name], other["samples"][name])
            self.compare_scores(first, other, ranks)
            other.close()
        first.close()

    def compare_scores(self, first, other, ranks):
        bound = SCORE_TOLERANCE * first["score_clean"][()]
        for name in ("score_clean", "score_corrupted", "distance"):
            difference = np.abs(first[name][()] - other[name][()])
            self.assertTrue(np.all(difference <= bound), f"{name} on {ranks} ranks")
        np.testing.assert_array_equal(first["status"], other["status"])
        np.testing.assert_array_equal(first["moments_sha256"], other["moments_sha256"])
        np.testing.assert_array_equal(first["alpha2_threshold"], other["alpha2_threshold"])

    def test_generated(self):
        self.same_on([2, 3, 4, 7], harness.write("g.yaml", harness.GAUSSIAN))

    def test_mixture(self):
        experiment = harness.write("m.yaml", harness.MIXTURE)
        self.same_on([2, 3, 4], experiment)
        self.same_on([3], experiment, "--set", "features.pca=2", "--set", "parallel.shards=5")

    def test_ranks_without_a_shard(self):
        experiment = harness.write("e.yaml", harness.GAUSSIAN)
        self.same_on([4, 5], experiment, "--set", "parallel.shards=3")

    def test_groups_of_two_and_more(self):
        experiment = harness.write("t.yaml", harness.GAUSSIAN)
        self.same_on([3, 4], experiment,
                     *harness.settings("parallel.ranks_per_point=2", "noise.components=60"))

    def test_distributed(self):
        self.same_on([2, 3, 4, 7], harness.write("d.yaml", harness.GAUSSIAN),
                     *harness.settings("parallel.layout=distributed", "noise.components=300",
                                       "samples=[600, 1300]"))

    def test_data_sets(self):
        """Rows of one far from the others, and fewer rows than features."""
        random = np.random.default_rng(4)
        far = random.normal(size=(700, 8))
        far[0] += 1e6
        for x, components in ((far, 8), (random.normal(size=(140, 300)), 20)):
            with h5py.File(harness.folder / "data.h5", "w") as file:
                file["x"], file["y"] = x, random.normal(size=(len(x), 2))
            self.same_on([2, 3, 4, 7], harness.write("h.yaml", harness.HDF5),
                         "--set", f"features.pca={components}")

    def same_twice(self, ranks, *keys):
        """Everything that stands over replicates, which is all but times, hosts and the like."""
        experiment = harness.write("w.yaml", harness.GAUSSIAN)
        settings = harness.settings("replicates=1", "samples=[600]", "noise.lambda_max=3",
                                    "augmentation.alpha=0.5", *keys)
        first, second = (harness.archive(experiment, f"twice{i}.h5", *settings, ranks=ranks)
                         for i in range(2))
        found = [name for name, dataset in first.items() if isinstance(dataset, h5py.Dataset)
                 and any(first["replicate"] in each.values() for each in dataset.dims)]
        self.assertLessEqual({"distance", "residual", "encoder_reconstruction"}, set(found))
        for name in found:
            np.testing.assert_array_equal(first[name], second[name], f"{name} on {ranks} ranks")
        first.close()
        second.close()

    def test_the_same_ranks_give_the_same_bits(self):
        for ranks in (3, 5, 6):
            self.same_twice(ranks, f"parallel.ranks_per_point={ranks}", "noise.components=200")
            self.same_twice(ranks, "parallel.layout=distributed", "noise.components=300")

    def test_fashion_mnist(self):
        self.same_on([2, 3, 4, 7], harness.ROOT / "jobs/fashion-mnist.yaml",
                     *harness.settings("replicates=1", "archive.samples=true",
                                       "samples=[100, 3200]"))


if __name__ == "__main__":
    unittest.main()
