"""Scores on rows held out, in the component model: computed again from the rows, which a run of more samples
archives."""
import unittest

import h5py
import numpy as np

import harness

N, HELD = 300, 100
CLASSES = harness.GAUSSIAN.replace("{type: linear, targets: 2, noise: 0.1}", "{type: classes, targets: 3}")


def table(experiment, name, *settings, ranks=None):
    with harness.archive(experiment, name, *settings, ranks=ranks) as archive:
        return {key: archive[key][()] for key in archive if isinstance(archive[key], h5py.Dataset)}


def rows_of(experiment, replicate):
    """All rows in nested order: inputs without noise, standard normals, targets."""
    with harness.archive(experiment, "all.h5", "--set", f"samples=[{N + HELD}]",
                         "--set", "archive.representations=none") as archive:
        samples = archive["samples"]
        return samples["clean"][replicate], samples["noise"][replicate], samples["target"][replicate]


def probe(z, y, z_test, y_test, has_intercept):
    """Loss and accuracy of a probe fitted to the first rows on the others, and what the loss is relative to."""
    mean, target_mean = (z.mean(0), y.mean(0)) if has_intercept else (0, 0)
    weights = np.linalg.lstsq(z - mean, y - target_mean, rcond=None)[0]
    predicted = (z_test - mean) @ weights + target_mean
    return (((y_test - predicted) ** 2).sum(1).mean(), (predicted.argmax(1) == y_test.argmax(1)).mean(),
            ((y_test - target_mean) ** 2).sum(1).mean())


class HeldOut(unittest.TestCase):
    def expect_scores(self, experiment, has_intercept):
        """Loss and variance to 1e-9 of the variance: conditions are below 1e5 here. Accuracies are the same
        counts."""
        base = harness.write("base.yaml", experiment)
        found = table(base, "test.h5", "--set", "test.fraction=0.25",
                      "--set", f"probe.intercept={str(has_intercept).lower()}")
        verified = harness.twoview("info", "--verify", "test.h5")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        for r in range(2):
            clean, normals, y = rows_of(base, r)
            for m, lambda_max in enumerate((1, 10)):
                noise = normals * np.sqrt(found["gamma_eigenvalues"][r, m])
                for name, x in (("", np.hstack([clean, noise])), ("_clean", np.hstack([clean, 0 * noise]))):
                    for i, method in enumerate(("supervised", "reconstruction", "joint_embedding")):
                        for alpha in range(2):
                            encoder = found[f"encoder_{method}"][r, m, alpha, 1]
                            z = x @ encoder.T
                            loss, accuracy, variance = probe(z[:N], y[:N], z[N:], y[N:], has_intercept)
                            at = (r, m, alpha, 1, 0, i)
                            self.assertAlmostEqual(found["test_loss" + name][at], loss, delta=1e-9 * variance)
                            self.assertAlmostEqual(found["target_variance"][at], variance, delta=1e-9 * variance)
                            if np.isin(y, (0, 1)).all():  # classes
                                self.assertEqual(found["test_accuracy" + name][at], accuracy)

    def test_archives_of_shares_are_read(self):
        """The experiment that an archive holds says no more of a share than its size, whatever the source."""
        for source in ("type: gaussian, spectrum: [4, 2, 1], teacher: {type: classes, targets: 3}",
                       "type: gaussian, power_law: {features: 4}",
                       "type: mixture, power_law: {features: 4}, classes: 3, separation: 2"):
            experiment = harness.write("share.yaml", f"""\
source: {{{source}}}
test: {{fraction: 0.2}}
augmentation: {{chain: [{{type: noise, deviation: 0.5}}]}}
samples: 50
encoder: {{k: 2}}
""")
            with harness.archive(experiment, "share.h5") as archive:
                settings = archive["experiment"].attrs
                self.assertEqual([key for key in settings if key.startswith("test.")], ["test.fraction"])
            for command in (("info", "--verify", "share.h5"), ("report", "share.h5", "-o", "share")):
                done = harness.twoview(*command)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_of_generated_rows(self):
        self.expect_scores(harness.GAUSSIAN, has_intercept=False)
        self.expect_scores(CLASSES, has_intercept=True)

    def test_of_a_data_set(self):
        """Places in the nested order are the same, however many rows are sampled."""
        rng = np.random.default_rng(1)
        with h5py.File(harness.folder / "rows.h5", "w") as file:
            file["x"] = rng.normal(size=(N + HELD, 4)) * [4, 3, 2, 1] + 5
            file["y"] = rng.integers(0, 3, N + HELD)
        source = f"source: {{type: hdf5, file: {harness.folder}/rows.h5, samples: x, labels: y}}\n"
        head = harness.GAUSSIAN.split("source:")[0]
        tail = "noise: {components" + harness.GAUSSIAN.split("noise: {components")[1]
        self.expect_scores(head + source + tail, has_intercept=False)

    def test_scores_with_an_intercept(self):
        """score_corrupted, too, is that of a probe with an intercept."""
        experiment = harness.write("intercept.yaml", harness.GAUSSIAN + "probe: {intercept: true}\n")
        with harness.archive(experiment, "intercept.h5") as archive:
            for r in range(2):
                x = np.hstack([archive["samples/clean"][r],
                               archive["samples/noise"][r] * np.sqrt(archive["gamma_eigenvalues"][r, 1])])
                y = archive["samples/target"][r]
                z = x @ archive["encoder_reconstruction"][r, 1, 0, 1].T
                loss, _, variance = probe(z, y, z, y, True)
                self.assertAlmostEqual(archive["score_corrupted"][r, 1, 0, 1, 0, 1], loss, delta=1e-9 * variance)

    def test_on_any_number_of_ranks(self):
        """Moments are the same bits; scores to the rounding of another order of operations."""
        experiment = harness.write("ranks.yaml", CLASSES)
        names = ("test_loss", "test_loss_clean", "test_accuracy", "test_accuracy_clean", "target_variance")
        alone = table(experiment, "alone.h5", "--set", "test.fraction=0.25")
        for ranks in (2, 3):
            found = table(experiment, f"{ranks}.h5", "--set", "test.fraction=0.25", ranks=ranks)
            for name in names:
                np.testing.assert_allclose(found[name], alone[name], rtol=1e-9)


if __name__ == "__main__":
    unittest.main()
