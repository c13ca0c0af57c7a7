"""The archive as others see it: xarray, h5dump, checksums, provenance."""
import hashlib
import re
import subprocess
import unittest

import h5py
import numpy as np
import xarray

import harness
import reference

GRID = ("replicate", "lambda_max", "alpha", "n", "k", "paradigm")
QUANTITIES = ("score_clean", "score_corrupted", "distance", "leakage", "objective",
              "objective_optimum", "residual", "orthonormality", "status")


class Archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        experiment = harness.write("g.yaml", harness.GAUSSIAN)
        harness.archive(experiment, "a.h5").close()
        cls.path = harness.folder / "a.h5"

    def test_xarray_sees_named_dimensions_and_coordinates(self):
        with xarray.open_dataset(self.path, engine="h5netcdf") as data:
            for name in QUANTITIES:
                self.assertEqual(data[name].dims, GRID, name)
                self.assertTrue(data[name].attrs["long_name"])
                self.assertEqual(data[name].attrs["units"], "1")
            self.assertEqual(data["alpha2_threshold"].dims, ("replicate", "lambda_max", "k", "paradigm"))
            self.assertEqual(list(data["n"].values), [50, 300])
            self.assertEqual(list(data["k"].values), [3])
            self.assertEqual(list(data["alpha"].values), [0.5, 2])
            self.assertEqual(list(data["lambda_max"].values), [1, 10])
            self.assertEqual(list(data["paradigm"].values),
                             ["supervised", "reconstruction", "joint-embedding"])
            point = {"paradigm": "reconstruction", "alpha": 2, "lambda_max": 10, "n": 300, "k": 3}
            chosen = data["distance"].sel(point)
            self.assertEqual(chosen.dims, ("replicate",))
            self.assertEqual(data["encoder_reconstruction"].dims,
                             ("replicate", "lambda_max", "alpha", "n", "encoder_row", "input"))

    def test_xarray_opens_the_samples(self):
        with xarray.open_dataset(self.path, engine="h5netcdf", group="samples") as samples:
            self.assertEqual(samples["clean"].shape, (2, 300, 4))
            self.assertEqual(samples["noise"].shape, (2, 300, 5))
            self.assertEqual(samples["target"].shape, (2, 300, 2))

    def test_h5dump_reads_everything(self):
        dump = subprocess.run(["h5dump", str(self.path)], capture_output=True, text=True)
        self.assertEqual(dump.returncode, 0, dump.stderr)
        self.assertIn('DATASET "score_corrupted"', dump.stdout)

    def test_numbers_are_chunked_compressed_and_checksummed(self):
        """Numbers that are like noise are not compressed: deflation would take longer than the solves."""
        like_noise = re.compile("(encoder|decoder|transform|representation)_|samples/(clean|noise)$")
        found = set()

        def check(name, item):
            if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and item.shape:
                is_like_noise = bool(like_noise.match(name))
                self.assertTrue(item.chunks and item.fletcher32, name)
                self.assertEqual(item.compression, None if is_like_noise else "gzip", name)
                self.assertEqual(item.shuffle, not is_like_noise, name)
                found.add(is_like_noise)

        with h5py.File(self.path) as file:
            file.visititems(check)
        self.assertEqual(found, {False, True})

    def test_identities_hold(self):
        with h5py.File(self.path) as file:
            objective, optimum = file["objective"][()], file["objective_optimum"][()]
            self.assertTrue(np.all(np.abs(objective - optimum) <= 1e-10 * np.abs(optimum)))
            orthonormality = file["orthonormality"][..., 1:]
            self.assertLessEqual(orthonormality.max(), 1e-10)
            self.assertTrue(np.all(np.isnan(file["orthonormality"][..., 0])))
            self.assertTrue(np.all(file["status"][()] == 0))
            distance = np.abs(file["score_clean"][()] - file["score_corrupted"][()])
            np.testing.assert_array_equal(file["distance"][()], distance)
            self.assertTrue(np.all((file["leakage"][()] >= 0) & (file["leakage"][()] <= 1 + 1e-12)))

    def test_thresholds_follow_the_propositions(self):
        with h5py.File(self.path) as file:
            for r, g in np.ndindex(2, 2):
                alpha2 = reference.thresholds(3, file["data_spectrum"][()],
                                              file["theta_eigenvalues"][r],
                                              file["gamma_eigenvalues"][r, g])[2:]
                np.testing.assert_allclose(file["alpha2_threshold"][r, g, 0], [-np.inf, *alpha2],
                                           rtol=1e-12)

    def test_provenance(self):
        with h5py.File(self.path) as file:
            for name in ("twoview_version", "git_revision", "compiler", "mpi", "hdf5", "blas",
                         "scalapack", "started", "finished", "experiment_file"):
                self.assertTrue(harness.attribute(file, name), name)
            self.assertEqual(file.attrs["seed"], 3)
            self.assertEqual(file["seconds"].shape, (2, 4))
            self.assertEqual(len(harness.names(file["host"])), 2)
            self.assertTrue(np.all(file["peak_memory"][()] > 1e6))
            self.assertTrue(harness.attribute(file, "command").startswith("twoview run "))

    def test_archived_experiment_runs_again(self):
        with h5py.File(self.path) as file:
            text = harness.attribute(file, "experiment")
            again = harness.archive(harness.write("again.yaml", text), "again.h5", ranks=1)
            np.testing.assert_allclose(again["score_corrupted"][()], file["score_corrupted"][()],
                                       rtol=1e-10)
            again.close()

    def test_keys_of_the_experiment_are_attributes(self):
        with xarray.open_dataset(self.path, engine="h5netcdf", group="experiment") as group:
            keys = group.attrs
        for key, value in (("name", "small"), ("study", "grid"), ("source.type", "gaussian"),
                           ("source.teacher.type", "linear"), ("noise.sampler", "rows"),
                           ("archive.encoders", "all")):
            self.assertEqual(keys[key], value)
        for key, value in (("seed", 3), ("replicates", 2), ("first_replicate", 0), ("encoder.k", 3),
                           ("noise.components", 5), ("archive.samples", 1)):
            self.assertEqual(keys[key], value)
            self.assertTrue(np.issubdtype(keys[key].dtype, np.integer), key)
        self.assertEqual(keys["augmentation.theta_max"], 0.5)
        with h5py.File(self.path) as file:  # in the order of the experiment
            first = [h5py.h5a.open(file["experiment"].id, index=i, index_type=h5py.h5.INDEX_CRT_ORDER)
                     for i in range(3)]
            self.assertEqual([key.name for key in first], [b"name", b"study", b"seed"])
        for key, values in (("source.spectrum", [4, 3, 2, 1]), ("augmentation.alpha", [0.5, 2]),
                            ("noise.lambda_max", [1, 10])):
            np.testing.assert_array_equal(keys[key], values)
            self.assertEqual(keys[key].dtype, float)
        np.testing.assert_array_equal(keys["samples"], [50, 300])
        self.assertTrue(np.issubdtype(keys["samples"].dtype, np.integer))
        self.assertEqual(list(keys["methods"]), ["supervised", "reconstruction", "joint-embedding"])

    def test_keys_of_steps_have_the_names_that_overrides_have(self):
        text = re.sub("(?m)^(noise|augmentation|archive): .*\n", "", harness.GAUSSIAN) \
            + "augmentation: {chain: [{type: mask, keep: 0.5}, {type: noise, deviation: 1}]}\n"
        overrides = harness.settings("augmentation.chain.2.deviation=[0.5, 2]")
        with harness.archive(harness.write("steps.yaml", text), "steps.h5", *overrides, ranks=1) as file:
            found = file["experiment"].attrs
            self.assertEqual(found["augmentation.chain.1.type"], "mask")
            np.testing.assert_array_equal(found["augmentation.chain.2.deviation"], [0.5, 2])
            self.assertNotIn("augmentation.chain.0.type", found)

    def test_types_of_keys_are_those_of_the_tables(self):
        """However a value looks: a name of digits is a text, a whole number one all the same."""
        keys = harness.settings("name='123'", "augmentation.theta_max=1", "noise.lambda_max=7",
                                f"seed={2**64 - 1}", "methods=supervised", "samples=40")
        with harness.archive(harness.folder / "g.yaml", "types.h5", *keys, ranks=1) as file:
            found = file["experiment"].attrs
            self.assertEqual(found["name"], "123")
            self.assertEqual(found["seed"], str(2**64 - 1))  # no 64-bit integer with a sign
            self.assertEqual((found["augmentation.theta_max"], found["augmentation.theta_max"].dtype),
                             (1, float))
            for key, dtype in (("noise.lambda_max", float), ("samples", np.int64)):
                self.assertEqual((found[key].shape, found[key].dtype), ((1,), dtype), key)
            self.assertEqual(list(found["methods"]), ["supervised"])
        verified = harness.twoview("info", "--verify", "types.h5")
        self.assertEqual(verified.returncode, 0, verified.stdout)

    def test_transforms_of_components_are_encoders(self):
        with h5py.File(self.path) as file:
            self.assertFalse(file["feature_mean"][()].any())
            for name in ("supervised", "reconstruction", "joint_embedding"):
                np.testing.assert_array_equal(file[f"transform_{name}"],
                                              file[f"encoder_{name}"][..., :4])
            self.assertNotIn("row", file)

    def test_transforms_apply_to_rows_of_the_data_set(self):
        """z = (x - feature_mean) @ transform' is the encoder of the components of row `row`, to the
        rounding of sums over features and components."""
        random = np.random.default_rng(2)
        x, y = random.normal(100, 1, (150, 8)) * np.arange(1, 9), random.normal(size=(150, 2))
        with h5py.File(harness.folder / "data.h5", "w") as data:
            data["x"], data["y"] = x, y
        experiment = harness.write("hdf5.yaml", harness.HDF5)
        for keep, ranks, scale in (("all", 1, 1), ("last", 3, 1), ("last", 2, 1000)):
            keys = harness.settings("features={pca: 5}", "replicates=2", "samples=[40, 120]",
                                    f"source.scale={scale}",
                                    f"archive={{encoders: {keep}, representations: all, samples: true}}")
            with self.subTest((keep, scale)), harness.archive(experiment, "d.h5", *keys, ranks=ranks) as file:
                mean, row, clean, axes = (file[name][()] for name in
                                          ("feature_mean", "samples/row", "samples/clean",
                                           "principal_axes"))
                np.testing.assert_allclose(mean, x.mean(0), rtol=1e-14)
                np.testing.assert_array_equal(row[:, :file["row"].shape[1]], file["row"])
                for name in ("supervised", "reconstruction", "joint_embedding"):
                    encoder, transform = (file[f"{kind}_{name}"][()] for kind in ("encoder", "transform"))
                    self.assertEqual(transform.shape, encoder.shape[:-1] + (8,))
                    for at in np.ndindex(transform.shape[:4]):
                        rows, acting = x[row[at[0]]], encoder[at][:, :5]
                        z, found = clean[at[0]] @ acting.T, (rows - mean) @ transform[at].T
                        terms = np.abs(rows) @ (np.abs(acting) @ np.abs(axes)).T / scale
                        bound = 8 * 5 * np.finfo(float).eps * terms
                        self.assertTrue(np.all(np.abs(found - z) <= bound), (name, at))
                for r in range(2):
                    self.assertEqual(len(set(row[r])), 120)
                    np.testing.assert_array_equal(file["samples/target"][r], y[row[r]])

    def test_data_files_are_identified(self):
        images = harness.FASHION / "t10k-images-idx3-ubyte.gz"
        labels = harness.FASHION / "t10k-labels-idx1-ubyte.gz"
        with harness.archive(
            harness.ROOT / "jobs/fashion-mnist.yaml", "t10k.h5",
            *harness.settings(f"source.images={images}", f"source.labels={labels}", "samples=[100]",
                              "replicates=1"), ranks=1,
        ) as file:
            for i, path in enumerate((images, labels), 1):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                self.assertEqual(harness.attribute(file, f"source_file_{i}_sha256"), digest)


if __name__ == "__main__":
    unittest.main()
