"""Counts that are normalised by row, and features chosen by their variance, computed again by NumPy."""
import re
import subprocess
import sys
import unittest

import h5py
import numpy as np
import scipy.sparse

import harness

ROWS, FEATURES, CLASSES, CHOSEN = 1200, 90, 3, 25
random = np.random.default_rng(8)
CLASS = random.integers(0, CLASSES, ROWS)
Y = np.eye(CLASSES)[CLASS]
MEANS = random.gamma(0.4, 3.0, FEATURES)
DEPTH = random.lognormal(0, 0.5, (ROWS, 1))
SPREAD = random.choice([0.3, 2.0, 20.0], FEATURES)  # shapes of the gamma, of which few mean much variance
COUNTS = random.poisson(DEPTH * MEANS * (1 + (np.arange(FEATURES) % CLASSES == CLASS[:, None]))
                        * random.gamma(SPREAD, 1 / SPREAD, (ROWS, FEATURES))).astype(float)
COUNTS[:, 7] = 0  # never seen
COUNTS[:, 11], COUNTS[:, 63] = COUNTS[:, 40], COUNTS[:, 40]  # equal: the first of them are chosen first
COUNTS[:, 30] = 2 * (np.arange(ROWS) < 600)  # 0 in the last shards
COUNTS[0, 0] += 1
VARYING = int((COUNTS.var(0) > 0).sum())

EXPERIMENT = """\
source: {type: hdf5, file: cells.h5, samples: %s, labels: c}
features: {%s}
augmentation: {chain: [{type: noise, deviation: [0.1, 0.3]}]}
samples: [300, 1200]
encoder: {k: 4}
methods: [SL, RC, JE, PCA]
archive: {samples: true}
parallel: {shards: 7}
"""
BOTH = f"normalise: counts, variable: {CHOSEN}"
# Relative: sums of some thousand terms and an eigenproblem of condition 1e3 leave less than that of them.
TOLERANCE = 1e-9


def write(counts=COUNTS, **more):
    with h5py.File(harness.folder / "cells.h5", "w") as file:
        file["c"], file["dense"] = CLASS[:len(counts)], counts
        for name, value in more.items():
            file[name] = value
        matrix = scipy.sparse.csr_matrix(counts)
        group = file.create_group("X")
        group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", matrix.shape
        group["data"], group["indices"], group["indptr"] = matrix.data, matrix.indices, matrix.indptr


def normalised(counts, size=None):
    sums = counts.sum(1, keepdims=True)
    return np.log1p(counts / sums * (np.median(sums) if size is None else size))


def chosen(x, count):
    """scanpy's highly_variable_genes with flavor='seurat', which takes expm1 of its input first."""
    mean, variance = x.mean(0), x.var(0, ddof=1)
    level = np.log1p(mean)
    edges = np.linspace(level.min(), level.max(), 21)
    bins = np.maximum(np.searchsorted(edges, level, side="left") - 1, 0)
    excess = np.full(x.shape[1], -np.inf)
    with np.errstate(all="ignore"):
        dispersion = np.log(variance / mean)
    for b in range(20):
        here = (bins == b) & (variance > 0)
        if here.sum() == 1:
            excess[here] = 1
        elif here.any():
            excess[here] = (dispersion[here] - dispersion[here].mean()) / dispersion[here].std(ddof=1)
    return np.sort(np.argsort(-excess, kind="stable")[:count])


def prepared(counts, features):
    sums = counts.sum(1, keepdims=True)
    linear = counts / sums * np.median(sums) if "normalise" in features else counts
    columns = chosen(linear, CHOSEN) if "variable" in features else np.arange(counts.shape[1])
    return (np.log1p(linear) if "normalise" in features else linear)[:, columns], columns


class Counts(unittest.TestCase):
    def run_it(self, samples, features, ranks, *arguments, experiment=EXPERIMENT):
        return harness.archive(harness.write("e.yaml", experiment % (samples, features)), "o.h5", *arguments, ranks=ranks)

    def test_rows_are_those_of_numpy(self):
        """What is archived of every sample, and of which features; dense and sparse, to the bit on all ranks."""
        write()
        for features in ("normalise: counts", f"variable: {CHOSEN}", BOTH):
            expected, columns = prepared(COUNTS, features)
            digests = set()
            for samples, ranks in (("X", 1), ("X", 2), ("dense", 2), ("X", 3), ("X", 7), ("dense", 7)):
                with self.subTest(features=features, samples=samples, ranks=ranks), \
                     self.run_it(samples, features, ranks) as archive:
                    digests.add(tuple(archive["moments_sha256"][()].ravel()))
                    row = archive["samples/row"][0]
                    np.testing.assert_allclose(archive["samples/clean"][0], expected[row], rtol=TOLERANCE)
                    if "normalise" in features:
                        size = archive.attrs["library_size"]
                        self.assertEqual(size, np.median(COUNTS.sum(1)))
                    if "variable" in features:
                        np.testing.assert_array_equal(archive["source_feature"][()], columns)
                        self.assertEqual(archive["feature_mean"].shape[-1], CHOSEN)
            self.assertEqual(len(digests), 1)

    def test_features_that_are_chosen(self):
        """The ties and the feature that never varies are among those that this data set has been made with."""
        write()
        columns = prepared(COUNTS, BOTH)[1]
        for count in (1, 2, VARYING):
            with self.run_it("X", f"normalise: counts, variable: {count}", 2, "--set", "encoder.k=1") as archive:
                np.testing.assert_array_equal(archive["source_feature"][()],
                                              chosen(COUNTS / COUNTS.sum(1, keepdims=True) * np.median(COUNTS.sum(1)), count))
        self.assertNotIn(7, columns)

    def test_transform(self):
        """z = (x - feature_mean) @ transform' of prepared rows, and the scores of the training rows."""
        write()
        x, _ = prepared(COUNTS, BOTH)
        a = np.cov(x.T, bias=True)
        noise = 0.3**2 * np.eye(CHOSEN)
        with self.run_it("X", BOTH, 2) as archive:
            vectors = np.linalg.eigh(a)[1][:, -4:].T  # of JE too, whose noise is white
            y = Y - Y.mean(0)
            z = (x - x.mean(0)) @ vectors.T
            loss = ((y - z @ np.linalg.lstsq(z, y, rcond=None)[0])**2).sum(1).mean()
            at = list(harness.names(archive["paradigm"])).index("joint-embedding")
            self.assertAlmostEqual(harness.values(archive, "training_loss")[0, 0, 1, 1, at], loss, delta=TOLERANCE * loss)
            np.testing.assert_allclose(harness.values(archive, "feature_mean")[0, 0, 1].reshape(-1), x.mean(0), rtol=TOLERANCE)
            w = harness.values(archive, "transform_joint_embedding")[0, 0, 1].reshape(4, CHOSEN)
            np.testing.assert_allclose(w @ (a + noise) @ w.T, np.eye(4), atol=TOLERANCE)

    def test_held_out_rows_are_prepared_alike(self):
        """By the median and the features of the training rows; of a share that is held out by those of all."""
        write()
        training, held_out = COUNTS[:800], COUNTS[800:]
        size = np.median(training.sum(1))
        with h5py.File(harness.folder / "cells.h5", "a") as file:
            file["train"], file["train_c"], file["test"], file["test_c"] = training, CLASS[:800], held_out, CLASS[800:]
            file["narrow"] = held_out[:, :-1]
        experiment = EXPERIMENT.replace("labels: c}", "labels: train_c}\ntest: {samples: test, labels: test_c}") \
            .replace("1200]", "800]")
        columns = prepared(training, BOTH)[1]
        x, t = normalised(training)[:, columns], normalised(held_out, size)[:, columns]
        with self.run_it("train", BOTH, 3, experiment=experiment) as archive:
            vectors = np.linalg.eigh(np.cov(x.T, bias=True))[1][:, -4:].T
            z, y = (x - x.mean(0)) @ vectors.T, Y[:800] - Y[:800].mean(0)
            b = np.linalg.lstsq(z, y, rcond=None)[0]
            loss = ((Y[800:] - Y[:800].mean(0) - (t - x.mean(0)) @ vectors.T @ b)**2).sum(1).mean()
            at = list(harness.names(archive["paradigm"])).index("pca")
            self.assertAlmostEqual(harness.values(archive, "test_loss")[0, 0, 1, 1, at], loss, delta=TOLERANCE * loss)
        done = harness.twoview("run", harness.write("e.yaml", (experiment % ("train", BOTH)).replace("samples: test", "samples: narrow")),
                               "-o", "o.h5", "--force", ranks=2)
        self.assertEqual(done.returncode, 2)
        self.assertIn("test: has samples of 89 features, where those of 'source' have 90", done.stderr)

    def test_component_model(self):
        """Principal components of prepared rows."""
        write()
        experiment = EXPERIMENT.replace("augmentation: {chain: [{type: noise, deviation: [0.1, 0.3]}]}",
                                        "noise: {components: 2, lambda_max: 1}\naugmentation: {theta_max: 1, alpha: [1]}")
        x, _ = prepared(COUNTS, BOTH)
        spectrum = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
        with self.run_it("X", BOTH + ", pca: 6", 2, experiment=experiment) as archive:
            np.testing.assert_allclose(archive["data_spectrum"][()], spectrum[:6], rtol=TOLERANCE)

    def test_large_offset(self):
        """Numbers whose mean is far from 0 lose no digits of their variance."""
        x = 1e6 + random.normal(size=(ROWS, FEATURES)) * np.linspace(1, 1.001, FEATURES)[random.permutation(FEATURES)]
        write(x)
        with self.run_it("dense", f"variable: {CHOSEN}", 2, "--set", "augmentation.floor=1") as archive:
            np.testing.assert_array_equal(archive["source_feature"][()], chosen(x, CHOSEN))

    def test_images(self):
        """Bytes too, which lose their shape."""
        pixels = random.integers(0, 256, (ROWS, 9, 10)) * (random.random((ROWS, 9, 10)) < random.random((9, 10)))
        harness.write_idx("images", pixels)
        harness.write_idx("labels", CLASS)
        experiment = EXPERIMENT.replace("type: hdf5, file: cells.h5, samples: %s, labels: c",
                                        "type: idx, images: images, labels: labels, scale: 255")
        x = pixels.reshape(ROWS, 90) / 255
        path = harness.write("e.yaml", experiment % f"variable: {CHOSEN}")
        with harness.archive(path, "o.h5", ranks=2) as archive:
            columns = chosen(x, CHOSEN)
            np.testing.assert_array_equal(archive["source_feature"][()], columns)
            np.testing.assert_allclose(archive["samples/clean"][0], x[archive["samples/row"][0]][:, columns], rtol=TOLERANCE)
            self.assertNotIn("source_shape", archive.attrs)

    def test_job(self):
        """The counts that its generator makes, few of them: types are told apart by their genes."""
        subprocess.run([sys.executable, harness.ROOT / "jobs/cells.py", harness.folder / "cells.h5ad", "1500", "300"], check=True)
        with harness.archive(harness.ROOT / "jobs/cells.yaml", "o.h5", "--set", "features.variable=60",
                             "--set", "samples=[1200]", ranks=2) as archive:
            self.assertEqual(len(archive["source_feature"]), 60)
            self.assertEqual(harness.names(archive["class_name"]), [f"type {c}" for c in "ABCDEFGHIJKL"])
            self.assertTrue(np.all(archive["status"][()] == 0))
        with h5py.File(harness.folder / "cells.h5ad") as file:
            x = scipy.sparse.csr_matrix((file["X/data"][()], file["X/indices"][()], file["X/indptr"][()]), file["X"].attrs["shape"])
            self.assertTrue(x.has_canonical_format)
            self.assertEqual(x.shape, (1500, 300))

    def test_features_are_named_by_their_numbers_in_the_data_set(self):
        """Where S is singular: features 60 to 69 are counted in one row each, and those before 40 never vary."""
        counts = COUNTS.copy()
        counts[:, :40], counts[:, 60:70] = 1, 0
        counts[np.arange(10) * 100, np.arange(60, 70)] = 500
        write(counts)
        experiment = EXPERIMENT.replace("{type: noise, deviation: [0.1, 0.3]}", "{type: mask, keep: 0.5}")
        for command in (("run", "-o", "o.h5", "--force"), ("theory",)):
            done = harness.twoview(command[0], harness.write("e.yaml", experiment % ("X", f"variable: {CHOSEN}")), *command[1:],
                                   "--set", "samples=[300]")
            named = re.search(r"features? ([0-9, and]+?)(?: and \d+ more)? \(counted from 0\)", done.stdout + done.stderr)
            self.assertTrue(named, done.stdout + done.stderr)
            self.assertLessEqual({int(number) for number in re.findall(r"\d+", named[1])}, set(range(60, 70)))

    # ---- What is refused ----

    def refused(self, features, *fragments, samples="X", code=1, edit=lambda text: text, arguments=()):
        text = edit(EXPERIMENT % (samples, features))
        done = harness.twoview("run", harness.write("e.yaml", text), "-o", "o.h5", "--force", *arguments, ranks=3)
        self.assertEqual(done.returncode, code, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("twoview: ") and "warning" not in line]
        self.assertEqual(len(said), 1, done.stderr)
        for fragment in fragments:
            self.assertIn(fragment, said[0])

    def test_numbers_that_are_no_counts(self):
        for row, value, shown in ((1100, -2, "-2"), (3, -0.5, "-0.5")):
            counts = COUNTS.copy()
            counts[row, 12] = value
            write(counts)
            for samples in ("X", "dense"):
                for features in ("normalise: counts", "variable: 9"):
                    self.refused(features, f"cells.h5: '{samples}': row {row}, feature 12 is {shown}", samples=samples)

    def test_what_encodes_new_rows_is_verified_and_merged(self):
        """Both archives have what rows are normalised to, and so has the archive of both."""
        write()
        path = harness.folder / "o.h5"
        for part in ("1", "0"):
            with self.run_it("X", BOTH, 1, "--set", f"first_replicate={part}") as archive:
                size = archive.attrs["library_size"]
            path.rename(harness.folder / f"part{part}.h5")
        done = harness.twoview("merge", "part0.h5", "part1.h5", "-o", "o.h5", "--force")
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(path) as archive:
            self.assertEqual(archive.attrs["library_size"], size)
        self.assertIn("o.h5: whole", harness.twoview("info", "--verify", "o.h5").stdout)
        whole = path.read_bytes()
        for words, change in (("'source_feature' are impossible: the first is -5",
                               lambda archive: archive["source_feature"].__setitem__(3, -5)),
                              ("'samples/row' are impossible: the first is -1",
                               lambda archive: archive["samples/row"].__setitem__((0, 3), -1)),
                              ("'library_size' is missing", lambda archive: archive.attrs.__delitem__("library_size")),
                              ("'library_size' is -1", lambda archive: archive.attrs.__setitem__("library_size", -1.0))):
            path.write_bytes(whole)
            with h5py.File(path, "r+") as archive:
                change(archive)
            done = harness.twoview("info", "--accept", "o.h5")
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(words, done.stdout)

    def test_rows_without_counts(self):
        counts = COUNTS.copy()
        counts[1050] = 0
        write(counts)
        self.refused("normalise: counts", "cells.h5: 'X': row 1050 has no counts", "leave such rows out")
        with self.run_it("X", f"variable: {CHOSEN}", 2) as archive:
            np.testing.assert_array_equal(archive["source_feature"][()], chosen(counts, CHOSEN))

    def test_numbers_that_are_not_whole(self):
        write(np.log1p(COUNTS))
        done = harness.twoview("run", harness.write("e.yaml", EXPERIMENT % ("X", BOTH)), "-o", "o.h5", "--force", ranks=2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("twoview: warning: cells.h5: 'X': some numbers are not whole"), 1)
        write()
        done = harness.twoview("run", harness.write("e.yaml", EXPERIMENT % ("X", BOTH)), "-o", "o.h5", "--force", ranks=2)
        self.assertNotIn("warning", done.stderr)

    def test_keys_that_do_not_fit(self):
        write(v=np.stack([COUNTS, COUNTS], 1))
        self.refused("variable: 91", "features.variable: 91 variable features of 90", code=2)
        self.refused("variable: 90", f"features.variable: 90 variable features are wanted, and {VARYING} of 90 vary; take at most {VARYING}", code=2)
        write(np.ones_like(COUNTS))
        self.refused("variable: 3", "features.variable: none of 90 features varies; name data that do", code=2)
        write(v=np.stack([COUNTS, COUNTS], 1))
        self.refused("normalise: cells", "features.normalise", "counts", code=2)
        self.refused("normalise: counts", "source.scale", "leave the scale out", code=2,
                     edit=lambda text: text.replace("labels: c}", "labels: c, scale: 2}"))
        self.refused("normalise: counts", "source.views", "come as they are", code=2, samples="dense",
                     edit=lambda text: text.replace("labels: c}", "labels: c, views: v}").replace(
                         "augmentation: {chain: [{type: noise, deviation: [0.1, 0.3]}]}\n", ""))
        self.refused("normalise: counts", "features", "generated", code=2,
                     edit=lambda text: text.replace("type: hdf5, file: cells.h5, samples: X, labels: c",
                                                    "type: gaussian, spectrum: [4, 3, 2, 1, 1]"))


if __name__ == "__main__":
    unittest.main()
