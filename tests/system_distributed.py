"""The view model with moments spread over the ranks, none of which holds d x d numbers: the same as
with moments that are whole on every rank."""
import unittest

import h5py
import numpy as np

import harness

IMAGES = """\
seed: 4
replicates: 2
source: {type: hdf5, file: images.h5, samples: x, labels: y, scale: 255}
corruption:
  chain: [{type: texture, length: 3, deviation: [0.2, 0.6]}, {type: blur, widths: [0, 1]}]
  sampler: expected
augmentation:
  chain:
    - {type: shift, pixels: 1}
    - {type: noise, deviation: 0.1}
    - {type: corruption, severity: [0, 1]}
  floor: 0.0002
samples: [300, 560]
encoder: {k: [3, 8]}
methods: [SL, RC, JE, PCA]
"""

GENERATED = """\
seed: 5
replicates: 2
source:
  type: mixture
  classes: 4
  separation: 2
  power_law: {features: 100, scale: 4, exponent: 0.6}
augmentation: {chain: [{type: mask, keep: [0.3, 0.8]}]}
samples: [300, 560]
encoder: {k: 5}
methods: [SL, RC, JE, PCA]
"""

DISTRIBUTED = ["--set", "parallel.layout=distributed"]
RELATIVE = 1e-10  # to the largest number of a variable; problems have conditions below 1e4


def write_images(name, rows=700, side=8, seed=7):
    """Of 192 numbers, six blocks of columns."""
    random = np.random.default_rng(seed)
    labels = np.arange(rows) % 5
    images = random.integers(0, 200, (rows, side, side, 3)) + 10 * labels[:, None, None, None]
    with h5py.File(harness.folder / name, "w") as file:
        file["x"], file["y"] = images.astype(np.uint8), labels


class Distributed(unittest.TestCase):
    def compare(self, text, rank_counts, *settings):
        experiment = harness.write("views.yaml", text)
        whole = harness.archive(experiment, "whole.h5", *settings, ranks=1)
        digests = set()
        for ranks in rank_counts:
            spread = harness.archive(experiment, f"spread{ranks}.h5", *settings, *DISTRIBUTED,
                                     ranks=ranks)
            self.assertEqual(harness.attribute(spread, "layout"), "distributed")
            self.compare_archives(whole, spread, ranks)
            digests.add(tuple(spread["moments_sha256"][()].ravel()))
            spread.close()
        self.assertEqual(len(digests), 1)
        whole.close()

    def compare_archives(self, whole, spread, ranks):
        np.testing.assert_array_equal(whole["status"], spread["status"])
        np.testing.assert_array_equal(whole["test_accuracy"], spread["test_accuracy"])
        np.testing.assert_array_equal(whole["test_accuracy_clean"], spread["test_accuracy_clean"])
        for name in ("test_loss", "test_loss_clean", "training_loss", "target_variance", "value",
                     "objective", "feature_mean", "gap", "largest_angle"):
            bound = RELATIVE * np.nanmax(np.abs(whole[name][()]))
            np.testing.assert_allclose(spread[name], whole[name], rtol=0, atol=bound,
                                       err_msg=f"{name} on {ranks} ranks")

    def test_images_of_a_file(self):
        """Of 7 ranks one has no columns."""
        write_images("images.h5")
        self.compare(IMAGES + "test: {fraction: 0.2}\n", (1, 2, 3, 4, 7))

    def test_rows_held_out_in_another_file(self):
        write_images("images.h5")
        write_images("others.h5", rows=200, seed=8)
        self.compare(IMAGES + "test: {file: others.h5}\n", (3,), "--set", "parallel.shards=2")

    def test_scores_on_the_training_rows(self):
        write_images("images.h5")
        self.compare(IMAGES, (2,), "--set", "corruption.clean=true")

    def test_generated_rows(self):
        self.compare(GENERATED + "test: {fraction: 0.3}\n", (1, 2, 4))

    def test_singular_views_are_explained(self):
        """For which a point's sums are made once more."""
        write_images("images.h5", rows=120)
        arguments = ["run", harness.write("singular.yaml", IMAGES), "-o", "singular.h5", "--force",
                     *harness.settings("samples=[20, 30]", "augmentation.floor=0", "augmentation.chain=[{type: flip}]",
                                       "corruption.chain=[{type: blur, widths: [0, 1]}]")]
        told = [harness.twoview(*arguments, *more, ranks=2) for more in ([], DISTRIBUTED)]
        self.assertEqual([done.returncode for done in told], [1, 1])
        self.assertIn("are singular", told[0].stderr)
        self.assertEqual(*(done.stderr.splitlines()[0] for done in told))

    def test_what_cannot_be_distributed(self):
        write_images("images.h5")
        for setting in ("features.pca=9", "corruption.sampler=rows"):
            done = harness.twoview("run", harness.write("no.yaml", IMAGES), "-o", "no.h5",
                                   *DISTRIBUTED, "--set", setting)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("parallel.layout", done.stderr)

    def test_many_inputs_are_distributed(self):
        write_images("images.h5", rows=100, side=27)  # 2187 numbers
        experiment = harness.write("wide.yaml", IMAGES)
        settings = harness.settings("samples=[90]", "encoder.k=3")
        plan = harness.twoview("run", experiment, "--dry-run", *settings).stdout
        self.assertIn("distributed", plan)
        for setting in ("features.pca=9", "corruption.sampler=rows"):
            plan = harness.twoview("run", experiment, "--dry-run", *settings, "--set", setting).stdout
            self.assertIn("replicated, whole", plan)


if __name__ == "__main__":
    unittest.main()
