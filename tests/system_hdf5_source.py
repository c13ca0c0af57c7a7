"""HDF5 files of samples that cannot be used: each is refused by name, and by all ranks together."""
import fcntl
import os
import unittest
import zipfile

import h5py
import numpy as np
import xarray

import harness

ROWS, COLUMNS, CLASSES = 150, 8, 3
random = np.random.default_rng(2)
X = random.normal(size=(ROWS, COLUMNS))
Y = random.normal(size=(ROWS, 2))
C = random.integers(0, CLASSES, ROWS)

LABELLED = harness.HDF5.replace("targets: y", "labels: c")


def write(**datasets):
    """The file of samples. Values, links, or the arguments of create_dataset."""
    with h5py.File(harness.folder / "data.h5", "w") as file:
        for name, value in {"y": Y, "c": C, **datasets}.items():
            if isinstance(value, dict):
                file.create_dataset(name, **value)
            else:
                file[name] = value


class Hdf5Source(unittest.TestCase):
    def setUp(self):
        (harness.folder / "o.h5").unlink(missing_ok=True)

    def run_on_file(self, experiment, *arguments, ranks=None):
        return harness.twoview("run", harness.write("e.yaml", experiment), "-o", "o.h5", "--force",
                               *arguments, ranks=ranks)

    def refused(self, *fragments, experiment=harness.HDF5, arguments=("--dry-run",), ranks=None):
        """Refused while the input is checked, unless other arguments are given."""
        done = self.run_on_file(experiment, *arguments, ranks=ranks)
        self.assertEqual(done.returncode, 1, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("twoview: ")]
        self.assertEqual(len(said), 1, done.stderr)
        for fragment in fragments:
            self.assertIn(fragment, said[0])
        self.assertFalse((harness.folder / "o.h5").exists())

    def refused_when_read(self, *fragments, experiment=harness.HDF5):
        """The last row, or the chunk, is read by one rank, and all leave."""
        self.refused(*fragments, experiment=experiment, arguments=(), ranks=3)

    # ---- Numbers ----

    def test_good_file_is_accepted(self):
        write(x=X)
        for experiment in (harness.HDF5, LABELLED):
            done = self.run_on_file(experiment, "--dry-run")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_targets_that_are_all_zero(self):
        """There is nothing to learn, and every method learns it: no loss, no distance."""
        write(x=X, y=np.zeros_like(Y))
        for methods in ("supervised", "[supervised, reconstruction, joint-embedding]"):
            done = self.run_on_file(harness.HDF5, "--set", f"methods={methods}")
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(harness.folder / "o.h5") as archive:
                for name in ("score_clean", "score_corrupted", "distance", "status"):
                    self.assertTrue(np.all(archive[name][()] == 0), name)
                self.assertTrue(np.all(archive["residual"][()] < 1e-10))
                self.assertTrue(np.all(archive["encoder_supervised"][()] == 0))
            (harness.folder / "o.h5").unlink()

    def test_number_that_is_not_finite(self):
        for value, shown in ((np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")):
            write(x=np.where(np.arange(X.size).reshape(X.shape) == 1187, value, X))
            self.refused_when_read("data.h5", "dataset 'x'", "row 148, column 3 is " + shown)

    def test_target_that_is_not_finite(self):
        write(x=X, y=np.where(np.arange(Y.size).reshape(Y.shape) == 15, np.nan, Y))
        self.refused_when_read("data.h5", "dataset 'y'", "row 7, column 1 is nan")

    def test_number_beyond_a_double(self):
        beyond = X.astype(np.longdouble)
        beyond[5, 2] = np.longdouble("1e4000")
        write(x=beyond)
        self.refused_when_read("data.h5", "dataset 'x'", "row 5, column 2 is inf")

    # ---- Packed and missing values, as xarray writes them ----

    def write_netcdf(self, encoding=None, **variables):
        """Variables x, y and c, of which some are given anew, encoded by netCDF's attributes."""
        given = {"x": X, "y": Y, "c": C, **variables}
        shapes = {"x": ("row", "column"), "y": ("row", "target"), "c": ("row",)}
        xarray.Dataset({name: (shapes[name], values) for name, values in given.items()}).to_netcdf(
            harness.folder / "data.h5", engine="h5netcdf", encoding=encoding)
        return xarray.open_dataset(harness.folder / "data.h5", engine="h5netcdf").load()

    def scores_of(self, experiment, **datasets):
        if datasets:
            write(**datasets)
        with self.run_and_open(experiment=experiment) as archive:
            return archive["score_corrupted"][()], archive["data_spectrum"][()]

    def expect_same(self, experiment, **unpacked):
        """What the file written last holds is what these datasets hold plainly."""
        packed = self.scores_of(experiment)
        for one, other in zip(packed, self.scores_of(experiment, **unpacked)):
            np.testing.assert_allclose(one, other, rtol=1e-9)

    def test_packed_numbers(self):
        whole = np.round(10 * X)
        kinds = {"x": {"dtype": "int16", "scale_factor": 0.25, "add_offset": 3.0, "_FillValue": -32768},
                 "y": {"dtype": "int32", "scale_factor": 0.001, "_FillValue": -1}}
        self.write_netcdf(kinds, x=whole * 0.25 + 3, y=np.round(np.abs(Y), 3))
        self.expect_same(harness.HDF5, x=whole * 0.25 + 3, y=np.round(np.abs(Y), 3))

    def test_unsigned_numbers(self):
        """Stored as signed ones: xarray's _Unsigned."""
        x = random.integers(0, 255, X.shape).astype(float)
        self.write_netcdf({"x": {"dtype": "int8", "_Unsigned": "true", "_FillValue": -1}}, x=x)
        self.expect_same(harness.HDF5, x=x)

    def test_signed_numbers_stored_as_unsigned(self):
        x = random.integers(-100, 100, X.shape)
        write(x=x.astype("i1").view("u1"))
        with h5py.File(harness.folder / "data.h5", "a") as file:
            file["x"].attrs["_Unsigned"] = "false"
        self.expect_same(harness.HDF5, x=x)

    def test_packed_labels(self):
        self.write_netcdf({"c": {"dtype": "int8", "scale_factor": 0.5, "add_offset": 1.0,
                                  "_FillValue": -128}}, c=C.astype(float))
        self.expect_same(LABELLED, x=X, c=C)

    def test_missing_numbers(self):
        for name, values, place in (("x", X, "row 148, column 3"), ("y", Y, "row 148, column 1")):
            for code in ({"dtype": "float32", "_FillValue": 1e20}, {"dtype": "float64", "missing_value": -9999.0},
                         {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -32768},
                         {"dtype": "uint8", "add_offset": -20.0, "_FillValue": 255}):
                holed = np.where(np.arange(values.size).reshape(values.shape) ==
                                 148 * values.shape[1] + int(place[-1]), np.nan, values)
                with self.subTest(name=name, code=code):
                    self.write_netcdf({name: code}, **{name: holed})
                    self.refused_when_read(f"data.h5: dataset '{name}': {place} is missing")

    def test_one_of_several_missing_values(self):
        x = X.copy()
        x[7, 2] = -999
        write(x=x)
        with h5py.File(harness.folder / "data.h5", "a") as file:
            file["x"].attrs["missing_value"] = [-99.0, -999.0]
        self.refused_when_read("dataset 'x': row 7, column 2 is missing (-999")

    def test_missing_labels(self):
        labels = np.where(np.arange(ROWS) == 149, np.nan, C)
        self.write_netcdf({"c": {"dtype": "int16", "_FillValue": -1}}, c=labels)
        self.refused("data.h5: dataset 'c': row 149 is missing", experiment=LABELLED, ranks=3)

    def test_packing_that_is_none(self):
        for value in ("0.1", [1.0, 2.0]):
            write(x=X)
            with h5py.File(harness.folder / "data.h5", "a") as file:
                file["x"].attrs["scale_factor"] = value
            self.refused("data.h5: dataset 'x': attribute 'scale_factor' must be")

    # ---- Labels ----

    NAMES = np.array(["zebra", "Ärger", "ape"])
    NUMBERS = np.array([1, 2, 0])  # in the order of their bytes

    def write_categorical(self, codes, categories):
        write(x=X, c=np.zeros(ROWS, int))
        with h5py.File(harness.folder / "data.h5", "a") as file:
            del file["c"]
            group = file.create_group("c")
            group.attrs["encoding-type"] = "categorical"
            group["codes"] = codes
            group["categories"] = categories

    def test_labels_that_are_strings(self):
        """Numbered in the order of their bytes: the scores of those numbers, whatever holds them."""
        wanted = self.scores_of(LABELLED, x=X, c=self.NUMBERS[C])
        texts = self.NAMES[C]
        encoded = np.array([text.encode() for text in texts])
        for kind, values in (("varying", {"data": texts.astype(object), "dtype": h5py.string_dtype()}),
                             ("chunks", {"data": texts.astype(object), "dtype": h5py.string_dtype(),
                                         "chunks": (7,), "compression": "gzip"}),
                             ("fixed", encoded.astype(h5py.string_dtype("utf-8", 9))),
                             ("ASCII", np.where(encoded == self.NAMES[1].encode(), b"zoo", encoded))):
            with self.subTest(kind):
                for one, other in zip(wanted, self.scores_of(LABELLED, x=X, c=values)):
                    np.testing.assert_array_equal(one, other)

    def test_categories_of_anndata(self):
        """Those that no row has are no classes; categories that are numbers are the classes."""
        wanted = self.scores_of(LABELLED, x=X, c=self.NUMBERS[C])
        for codes, categories in ((C, self.NAMES.astype(object)), (C.astype("i1"), self.NUMBERS),
                                  (C + 1, np.array(["a", *self.NAMES.tolist()], object))):
            self.write_categorical(codes, categories)
            for one, other in zip(wanted, self.scores_of(LABELLED)):
                np.testing.assert_array_equal(one, other)

    def test_codes_that_are_no_categories(self):
        for code, said in ((-1, "row 148 has no label (code -1)"),
                           (3, "row 148: code 3 is not from 0 to 2"),
                           (-2, "row 148: code -2 is not from 0 to 2")):
            self.write_categorical(np.where(np.arange(ROWS) == 148, code, C).astype("i1"),
                                   self.NAMES.astype(object))
            self.refused(f"dataset 'c/codes': {said}", experiment=LABELLED, ranks=3)

    def test_categories_that_are_no_labels(self):
        for codes, categories, said in (
                (C, np.array([0.5, 1, 2]), "'c/categories' holds floating-point numbers"),
                (C, np.array([0, 1, -2]), "'c/categories': category 2 is -2"),
                (C, np.array(["a", "", "c"], object), "'c/categories': the label of row 1 is empty"),
                (C, np.array([["a", "b", "c"]], object), "'c/categories' has 2 dimensions"),
                (C.astype(float), self.NAMES.astype(object), "'c/codes' holds floating-point"),
                (C[:-1], self.NAMES.astype(object), "'x' has 150 rows and 'c/codes' 149")):
            with self.subTest(said):
                self.write_categorical(codes, categories)
                self.refused(said, experiment=LABELLED)

    def test_group_that_is_no_categorical(self):
        self.write_categorical(C, self.NUMBERS)
        with h5py.File(harness.folder / "data.h5", "a") as file:
            del file["c/categories"]
        self.refused("'c' is a group without 'categories'", experiment=LABELLED)

    def test_strings_that_are_no_labels(self):
        for text, said in (("", "is empty"), ("a\nb", "is no plain text"), ("\u202e", "is no plain text"),
                           ("x" * 1025, "is longer than 1024 bytes"), ("x" * 2**22, "is longer than")):
            texts = self.NAMES[C].astype(object)
            texts[149] = text
            write(x=X, c={"data": texts, "dtype": h5py.string_dtype()})
            self.refused("dataset 'c': the label of row 149 " + said, experiment=LABELLED, ranks=3)

    def test_bytes_that_are_no_labels(self):
        for text, said in ((b"a\0b", "has a NUL byte"), (b"\xe4rger", "is no plain text in UTF-8")):
            texts = np.full(ROWS, b"abcdef")
            texts[75] = text
            write(x=X, c=texts)
            self.refused("dataset 'c': the label of row 75 " + said, experiment=LABELLED, ranks=2)
        write(x=X, c=np.zeros(ROWS, "S70000"))
        self.refused("dataset 'c' holds strings of 70000 bytes; at most 65536", experiment=LABELLED)

    def test_more_labels_than_classes(self):
        """No rank has more than 65,536 of its own."""
        rows = 2**16 + 1
        write(x=np.zeros((rows, 1), "i1"), c={"data": np.arange(rows).astype("S"), "chunks": (rows,)})
        self.refused("dataset 'c' has more than 65536 different labels", experiment=LABELLED, ranks=2)

    def test_labels_of_types_that_are_none(self):
        for values, held in ((X[:, 0], "floating-point numbers"), (C > 0, "enumerated values"),
                             (np.zeros(ROWS, [("a", int), ("b", "S3")]), "compounds")):
            write(x=X, c=values)
            self.refused("dataset 'c' holds " + held, "integers, the classes from 0, or strings",
                         experiment=LABELLED)

    def test_names_of_classes_are_archived(self):
        """Also in an archive that was joined."""
        write(x=X, c={"data": self.NAMES[C].astype(object), "dtype": h5py.string_dtype()})
        names = []
        for replicate in range(2):
            with self.run_and_open("--set", f"first_replicate={replicate}", experiment=LABELLED,
                                   ranks=1 + 2 * replicate) as archive:
                self.assertEqual(archive["class_name"].dims[0][0].name, "/output")
                self.assertEqual(list(archive["class_name"].asstr()[()]), ["ape", "zebra", "Ärger"])
            names.append(f"part-{replicate}.h5")
            (harness.folder / "o.h5").rename(harness.folder / names[-1])
        self.succeeds("merge", *names, "-o", "o.h5", "--force")
        self.succeeds("info", "--verify", "o.h5")
        with h5py.File(harness.folder / "o.h5") as archive:
            self.assertEqual(list(archive["class_name"].asstr()[()]), ["ape", "zebra", "Ärger"])

    VIEWS = ("source: {type: hdf5, file: data.h5, samples: x, labels: c}\n"
             "test: {file: test.h5, samples: x, labels: c}\n"
             "augmentation: {chain: [{type: noise, deviation: 0.3}]}\n"
             "samples: [150]\nencoder: {k: 2}\n")

    def write_test(self, **datasets):
        """The same as write, of a file of rows held out."""
        (harness.folder / "data.h5").rename(harness.folder / "kept.h5")
        write(**datasets)
        (harness.folder / "data.h5").rename(harness.folder / "test.h5")
        (harness.folder / "kept.h5").rename(harness.folder / "data.h5")

    def test_names_of_rows_held_out(self):
        """They are numbered as those of the training rows are, of which some are not held out."""
        held_out = np.arange(40)[C[:40] != 2]  # no ape
        losses = []
        for labels in (self.NUMBERS[C], np.char.encode(self.NAMES[C])):
            write(x=X, c=labels)
            self.write_test(x=X[held_out] + 0.1, c=labels[held_out])
            for ranks in (1, 3):
                with self.run_and_open(experiment=self.VIEWS, ranks=ranks) as archive:
                    losses.append(archive["test_loss"][()])
        for other in losses[1:]:
            np.testing.assert_array_equal(losses[0], other)

    def test_rows_held_out_of_other_labels(self):
        names = np.char.encode(self.NAMES[C])
        write(x=X, c=names)
        other = np.where(np.arange(ROWS) == 7, b"cow", names)
        for held_out, experiment, said in (
                ({"c": other}, self.VIEWS, "has the label 'cow', and no row of 'source' has it"),
                ({}, self.VIEWS, "labels that are integers, where 'source' has labels that are strings"),
                ({"y": Y[:, :1]}, self.VIEWS.replace("labels: c", "targets: y"),
                 "has 1 targets, where 'source' has 2")):
            with self.subTest(said):
                self.write_test(x=X + 1, **held_out)
                done = self.run_on_file(experiment, "--dry-run", ranks=2)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("e.yaml:2: test: ", done.stderr)
                self.assertIn(said, done.stderr)

    # ---- Neither labels nor targets ----

    def succeeds(self, *arguments):
        done = harness.twoview(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_nothing_to_learn(self):
        """The same encoders, leakages and thresholds; no scores, and none in a report."""
        bare = harness.HDF5.replace(", targets: y", "")
        kept = ("--set", "archive={encoders: all, samples: true}", "--set",
                "methods=[reconstruction, joint-embedding]")
        unscored = {"score_clean", "score_corrupted", "distance", "samples/target", "output"}
        for ranks, more in ((1, ()), (3, ()), (1, ("--set", "study=phase", "--set", "noise.lambda_max=[1, 2, 3]",
                                                 "--set", "augmentation.alpha=[0, 1, 2]"))):
            if not more:
                write(x=X)
            found, names = [], []
            for experiment in (bare, harness.HDF5):
                with self.run_and_open(*kept, *more, experiment=experiment, ranks=ranks) as archive:
                    found.append({name: archive[name][()] for name in (
                        "leakage", "objective", "status", "alpha2_threshold", "encoder_reconstruction",
                        "encoder_joint_embedding", "samples/clean")})
                    names.append(set(archive) | {"samples/" + name for name in archive["samples"]})
                if experiment is bare:
                    self.succeeds("info", "--verify", "o.h5")
                    said = self.succeeds("report", "o.h5", "-o", "page")
                    self.assertNotIn("nan", said)
                    self.assertNotIn("distance", said)
            self.assertEqual(names[1] - names[0], unscored)
            for name, values in found[0].items():
                np.testing.assert_allclose(values, found[1][name], rtol=1e-9, atol=1e-12,
                                           err_msg=name)

    def test_thresholds_without_targets(self):
        write(x=X)
        measured = []
        for answer in ("", ", targets: y"):
            threshold = harness.HDF5.replace(", targets: y", answer).replace(", alpha: [0.3, 3]", "")
            threshold = "\n".join(threshold.splitlines()[:-1])  # archives no encoders
            with self.run_and_open("--set", "study=threshold", experiment=threshold) as archive:
                measured.append(archive["alpha2_measured"][()])
            self.succeeds("info", "--verify", "o.h5")
        np.testing.assert_allclose(measured[0], measured[1], rtol=1e-3)

    def test_supervised_learning_without_targets(self):
        write(x=X)
        done = self.run_on_file(harness.HDF5.replace(", targets: y", ""), "--set", "methods=[SL]")
        self.assertEqual(done.returncode, 2)
        self.assertIn("methods: 'supervised' learns labels or targets, and the source has none",
                      done.stderr)

    def test_shape_is_archived(self):
        for x, shape, wanted in ((X, (), None), (X.reshape(ROWS, 2, 2, 2), (), [2, 2, 2]),
                                 (X, ("--set", "source.shape=[4, 2]"), [4, 1, 2])):
            write(x=x)
            with self.run_and_open(*shape) as archive:
                found = archive.attrs.get("source_shape")
                self.assertEqual(None if found is None else list(found), wanted)
            self.succeeds("info", "--verify", "o.h5")

    # ---- Types ----

    def test_what_is_no_number(self):
        text = {"data": X.astype(str).astype(object), "dtype": h5py.string_dtype()}
        pairs = np.zeros(X.shape, [("a", float), ("b", float)])
        lists = {"shape": X.shape, "dtype": h5py.vlen_dtype(float)}
        arrays = {"shape": X.shape, "dtype": np.dtype((float, (2,)))}
        for values, held in ((text, "strings"), (X.astype("S8"), "strings"), (pairs, "compounds"),
                             (X.astype(complex), "compounds"), (X > 0, "enumerated values"),
                             (np.zeros(X.shape, "V4"), "bits of no type"), (arrays, "arrays"),
                             (lists, "lists of varying length")):
            with self.subTest(held):
                write(x=values)
                self.refused("data.h5: dataset 'x' holds " + held, "must hold numbers")

    def test_numbers_of_any_kind_are_read(self):
        """Whole numbers are the same in every kind, and so are the scores."""
        scores = []
        for kind in ("<f8", ">f4", "<f2", "i1", ">i8"):
            write(x=np.round(4 * X).astype(kind))
            done = self.run_on_file(harness.HDF5)
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(harness.folder / "o.h5") as archive:
                scores.append(archive["score_corrupted"][()])
            (harness.folder / "o.h5").unlink()
        for other in scores[1:]:
            np.testing.assert_array_equal(scores[0], other)

    # ---- Shapes ----

    def test_wrong_rank(self):
        for values, rank in ((X.ravel(), 1), (X[None, None, None], 5), (X[0, 0], 0),
                             (h5py.Empty(float), 0)):
            with self.subTest(rank):
                write(x=values)
                self.refused(f"dataset 'x' has {rank} dimensions and must have 2 to 4")

    def test_labels_of_wrong_rank(self):
        write(x=X, c=C[:, None])
        self.refused("dataset 'c' has 2 dimensions and must have 1", experiment=LABELLED)

    def test_nothing_in_it(self):
        for shape, said in (((0, COLUMNS), "0 rows"), ((ROWS, 0), "0 columns")):
            write(x=np.zeros(shape))
            self.refused("dataset 'x' has " + said)
        write(x=np.zeros((ROWS, 3, 0, 2)))
        self.refused("dataset 'x' has 0 numbers along its dimensions 2 to 3; at least 1")

    def test_images_are_the_vectors_of_their_numbers(self):
        """In the order of the file, however they are cut into chunks."""
        flat = self.scores_of(LABELLED, x=X)
        for shape, chunks in (((2, 4), (7, 1, 3)), ((2, 2, 2), None), ((1, 4, 2), (150, 1, 2, 1))):
            images = {"data": X.reshape(ROWS, *shape), "chunks": chunks}
            for one, other in zip(flat, self.scores_of(LABELLED, x=images)):
                np.testing.assert_array_equal(one, other)

    def test_number_of_an_image_that_is_not_finite(self):
        images = np.where(np.arange(X.size) == 1187, np.nan, X.ravel())
        for shape, place in (((2, 4), "[0, 3]"), ((2, 2, 2), "[0, 1, 1]")):
            write(x=images.reshape(ROWS, *shape))
            self.refused_when_read("dataset 'x': row 148, entry " + place + " is nan")

    def test_shape_of_another_size(self):
        write(x=X)
        done = self.run_on_file(harness.HDF5, "--set", "source.shape=[3, 3]", "--dry-run")
        self.assertEqual(done.returncode, 2)
        self.assertIn("source.shape: 3 x 3 are 9 numbers, and a sample has 8 features", done.stderr)

    def test_more_than_can_be_counted(self):
        for shape, said in (((2**63 - 1, 1), "rows"), ((ROWS, 2**40), "columns")):
            write(x={"shape": shape, "chunks": (1, 1)})
            self.refused(f"dataset 'x' has {max(shape)} {said}", "at most", ranks=3)

    def test_more_features_than_fit_into_memory(self):
        """Small when packed, but its moments are of (2^22 + 1)^2 numbers for each size."""
        write(x={"data": np.ones((ROWS, 2**22), "i1"), "chunks": (ROWS, 2**20),
                 "compression": "gzip"})
        self.refused("each rank would take", "PiB")

    def test_samples_and_targets_that_do_not_match(self):
        write(x=X[:-1])
        self.refused("'x' has 149 rows and 'y' 150; they must be of the same samples")
        self.refused("'x' has 149 rows and 'c' 150", experiment=LABELLED)

    # ---- Principal components ----

    def run_and_open(self, *arguments, experiment=harness.HDF5, ranks=None):
        done = self.run_on_file(experiment, *arguments, ranks=ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        return h5py.File(harness.folder / "o.h5")

    def expect_spectrum(self, x, *arguments, targets=Y):
        """That of the rows centred in long double: sums over batches and an eigenproblem round it to
        512 + columns units in the last place of the largest variance at most."""
        write(x=x, y=targets)
        centred = x.astype(np.longdouble) - x.astype(np.longdouble).mean(0)
        right = np.linalg.svd(centred.astype(float), compute_uv=False)**2 / len(x)
        with self.run_and_open(*arguments) as archive:
            found = archive["data_spectrum"][()]
            bound = (512 + x.shape[1]) * np.finfo(float).eps * right[0]
            np.testing.assert_allclose(found, right[:len(found)], rtol=0, atol=bound)
            return archive["feature_mean"][()], archive["principal_axes"][()]

    def test_one_row_far_from_many(self):
        """Whichever row it is: 20,000 rows of deviation 1 at 1e7."""
        near = np.random.default_rng(3).normal(size=(20000, 4)) + 1e7
        for row in (0, 1, 10000, 19999):
            x = near.copy()
            x[row] = 0
            with self.subTest(row=row):
                self.expect_spectrum(x, "--set", "features.pca=1", "--set", "encoder.k=1", "--set",
                                     "archive.samples=false", targets=np.ones((20000, 2)))

    def test_rows_far_from_zero_in_any_order(self):
        for offset in (0, 1e7, 1e9):
            self.expect_spectrum(X + offset)
            for row in (0, ROWS // 2, ROWS - 1):
                for far in (0, 2 * offset, -offset, 1e6):
                    with self.subTest(offset=offset, row=row, far=far):
                        x = X + offset
                        x[row] = far + X[row]
                        self.expect_spectrum(x, "--set", "features.pca=1", "--set", "encoder.k=1")

    def test_small_deviations_far_from_zero(self):
        """Each by its own size: the smallest deviation is 4e-3 of the largest, at 1e8 times it."""
        self.expect_spectrum(X * np.geomspace(1, 4e-3, COLUMNS) + np.geomspace(1, 1e6, COLUMNS))

    def test_the_mean_in_all_its_digits(self):
        """Rounded to a double at 1e9 it is off by some 1e-7, which the mean of the samples would show."""
        x = X + 1e9 + 0.3
        write(x=x)
        with self.run_and_open("--set", "samples=150") as archive:
            samples = archive["samples/clean"][0]
        samples = samples if samples.shape == X.shape else samples.T
        bound = ROWS * np.finfo(float).eps * np.abs(X).max()
        np.testing.assert_allclose(samples.mean(0), 0, atol=bound)

    def test_what_has_no_variance_is_named(self):
        constant, last_bit, dependent = X.copy(), X.copy(), X.copy()
        constant[:, [2, 5]] = 0.1, 1e9
        last_bit[:, 3] = np.where(X[:, 3] > 0, 0.1, np.nextafter(0.1, 1))
        dependent[:, 4] = X[:, 1] - 2 * X[:, 6]
        for x, number, words in ((constant, 6, "counted from 0: 2 (0), 5 (0); keep at most 6"),
                                 (last_bit, 7, "counted from 0: 3 ("),
                                 (dependent, 7, "depend linearly on each other")):
            write(x=x)
            done = self.run_on_file(harness.HDF5)
            self.assertEqual(done.returncode, 2)
            self.assertIn("features.pca: the data have no variance beyond "
                          f"{number} principal components: the largest is ", done.stderr)
            self.assertIn("where rounding leaves up to ", done.stderr)
            self.assertIn(words, done.stderr)
        write(x=np.where(X > 0, 0.1, np.nextafter(0.1, 1)))
        done = self.run_on_file(harness.HDF5)
        self.assertIn("all samples are the same but for rounding", done.stderr)

    def test_fewer_rows_than_features(self):
        """Components of 150 rows of 400 features, about a mean far from zero."""
        x = random.normal(size=(ROWS, 400)) * np.geomspace(10, 0.1, 400) + 1e6
        all_that_vary = ("--set", f"features.pca={ROWS - 1}")
        mean, axes = self.expect_spectrum(x, *all_that_vary)
        np.testing.assert_array_equal(mean, x.astype(np.longdouble).mean(0).astype(float))
        departure = np.abs(axes @ axes.T - np.eye(ROWS - 1)).max()
        self.assertLessEqual(departure, ROWS * np.finfo(float).eps)
        # X'X v = s v, to the accuracy of the eigenproblem
        c = x - x.mean(0)
        spectrum = np.linalg.svd(c, compute_uv=False)[:-1]**2
        residual = np.abs(c.T @ (c @ axes.T) - axes.T * spectrum).max()
        self.assertLessEqual(residual, (ROWS + 400) * np.finfo(float).eps * spectrum[0])

    def test_numbers_are_divided_by_the_scale(self):
        """By a power of two, which is exact: of HDF5's numbers, of rows fewer than features, of bytes."""
        narrow, wide = X, random.normal(size=(20, 40))
        images = random.integers(0, 256, (ROWS, 2, 3))
        names = [harness.write_idx("images.gz", images), harness.write_idx("labels.gz", C)]
        idx = harness.HDF5.replace("type: hdf5, file: data.h5, samples: x, targets: y",
                                   "type: idx, images: {}, labels: {}".format(*names))
        for experiment, x, more in ((harness.HDF5, narrow, ()), (idx, None, ()),
                                    (harness.HDF5, wide, ("--set", "features.pca=5",
                                                          "--set", "samples=[10, 20]"))):
            spectra = []
            for scale in (1, 4):
                if x is not None:
                    write(x=x, y=Y[:len(x)], c=C[:len(x)])
                done = self.run_on_file(experiment, "--set", f"source.scale={scale}", *more)
                self.assertEqual(done.returncode, 0, done.stderr)
                with h5py.File(harness.folder / "o.h5") as file:
                    spectra.append(file["data_spectrum"][()])
                    self.assertEqual("scale: 4" in file.attrs["experiment"], scale == 4)
            np.testing.assert_allclose(spectra[1] * 16, spectra[0], rtol=1e-12)

    def test_generated_numbers_have_no_scale(self):
        done = self.run_on_file(harness.GAUSSIAN, "--set", "source.scale=2")
        self.assertEqual(done.returncode, 2)
        self.assertIn("source.scale", done.stderr)

    def test_more_components_than_rows_can_have(self):
        write(x=random.normal(size=(ROWS, 400)))
        for arguments in (("--dry-run",), ()):
            done = self.run_on_file(harness.HDF5, "--set", f"features.pca={ROWS}", *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn("features.pca: 150 samples vary in 149 directions about their mean", done.stderr)

    # ---- Labels ----

    def test_labels_out_of_range(self):
        for label in (-1, 65536, 2**62):
            write(x=X, c=np.where(np.arange(ROWS) == 149, label, C))
            self.refused("data.h5: dataset 'c'", f"row 149: label {label} is not from 0 to 65535",
                         experiment=LABELLED, ranks=3)

    def test_labels_that_leave_some_out(self):
        """Classes 0, 3 and 6 have the scores of 0, 1 and 2, and a warning from one rank."""
        scores = []
        for factor in (1, 3):
            write(x=X, c=C * factor)
            done = self.run_on_file(LABELLED, "-o", f"{factor}.h5", ranks=3)
            self.assertEqual(done.returncode, 0, done.stderr)
            said = (f"warning: data.h5: dataset 'c': labels go up to {3 * C.max()}, but "
                    f"{2 * C.max()} of the classes from 0 to that, the first of them 1,")
            self.assertEqual(done.stderr.count(said), factor // 3, done.stderr)
            with h5py.File(harness.folder / f"{factor}.h5") as archive:
                scores.append(archive["score_corrupted"][()])
        np.testing.assert_allclose(scores[0], scores[1], rtol=1e-10)

    def test_labels_that_are_no_integers(self):
        write(x=X, c=C.astype(float))
        self.refused("dataset 'c' holds floating-point numbers and must hold integers",
                     experiment=LABELLED)

    # ---- Where the numbers are ----

    def test_nothing_of_that_name(self):
        write()
        self.refused("data.h5: there is no dataset 'x'", "h5ls")

    def test_group_instead_of_a_dataset(self):
        write(**{"x/inner": X})
        self.refused("data.h5: there is no dataset 'x'", "not a dataset")

    def test_soft_links(self):
        write(inner=X, x=h5py.SoftLink("/inner"))
        done = self.run_on_file(harness.HDF5, "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_soft_links_that_lead_nowhere(self):
        write(x=h5py.SoftLink("/nowhere"))
        self.refused("there is no dataset 'x'")
        write(x=h5py.SoftLink("/other"), other=h5py.SoftLink("/x"))
        self.refused("there is no dataset 'x'", "too many links")

    def test_external_link(self):
        """Refused before the other file is touched: a pipe without a writer would be waited for."""
        with h5py.File(harness.folder / "elsewhere.h5", "w") as other:
            other["x"] = X
        os.mkfifo(harness.folder / "pipe")
        for name in ("elsewhere.h5", "pipe", "nowhere.h5"):
            write(x=h5py.ExternalLink(name, "/x"))
            self.refused("data.h5: dataset 'x'", f"in another file, '{name}'")

    def test_group_behind_an_external_link(self):
        write(group=h5py.ExternalLink("elsewhere.h5", "/"))
        self.refused("dataset 'group/x'", "in another file, 'elsewhere.h5'",
                     experiment=harness.HDF5.replace("samples: x", "samples: group/x"))

    def test_external_storage(self):
        raw = str(harness.folder / "raw.bin")
        write(x={"data": X, "external": [(raw, 0, X.nbytes)]})
        self.refused("dataset 'x'", f"in another file, '{raw}'")

    def test_virtual_dataset(self):
        """Of a file that is missing HDF5 would make zeros."""
        write()
        layout = h5py.VirtualLayout(X.shape, float)
        layout[:] = h5py.VirtualSource("missing.h5", "x", X.shape)
        with h5py.File(harness.folder / "data.h5", "a") as file:
            file.create_virtual_dataset("x", layout)
        self.refused("dataset 'x'", "in another file, 'missing.h5'")

    def test_numbers_never_written(self):
        write(x={"shape": X.shape})
        self.refused("dataset 'x' was never written")
        write(x={"shape": X.shape, "chunks": (16, 4)})
        with h5py.File(harness.folder / "data.h5", "a") as file:
            file["x"][:100] = X[:100]
        self.refused("dataset 'x': 6 of its 20 chunks were never written")

    def test_filter_that_is_not_there(self):
        write(x={"data": X, "chunks": (16, COLUMNS), "compression": "lzf"})
        self.refused("dataset 'x' is packed by filter 32000 ('lzf')", "HDF5_PLUGIN_PATH")

    # ---- Damage ----

    def test_damaged_chunk(self):
        write(x={"data": X, "chunks": (16, COLUMNS), "compression": "gzip"})
        with h5py.File(harness.folder / "data.h5") as file:
            offset = file["x"].id.get_chunk_info(5).byte_offset
        with open(harness.folder / "data.h5", "r+b") as file:
            file.seek(offset + 200)
            file.write(bytes(100))
        self.refused_when_read("data.h5: dataset 'x'", "cannot be read")

    def test_truncated_file(self):
        write(x=X)
        os.truncate(harness.folder / "data.h5", 4000)
        self.refused("data.h5: cannot be opened as an HDF5 file", "truncated")

    def test_locked_file(self):
        write(x=X)
        with (harness.folder / "data.h5").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.refused("data.h5: ", "another program has locked it", "HDF5_USE_FILE_LOCKING=FALSE")

    def test_files_of_other_kinds(self):
        """As a source and as an archive: what it is, and how to convert it."""
        folder = harness.folder
        np.save(folder / "a.npy", X)
        np.savez(folder / "a.npz", x=X)
        np.savetxt(folder / "a.csv", X[:2], delimiter=",")
        (folder / "a.parquet").write_bytes(b"PAR1 and so on PAR1")
        with zipfile.ZipFile(folder / "a.pt", "w") as torch:
            torch.writestr("archive/data.pkl", "x")
        (folder / "a.folder").mkdir()
        (folder / "a.mtx").write_text("%%MatrixMarket matrix array real general\n1 1\n1\n")
        self.refused("a.mtx: no HDF5 file but ", "twoview import FILE.mtx", experiment=harness.HDF5.replace("data.h5", "a.mtx"))
        for end, call in (("npy", "numpy.load"), ("npz", "numpy.load"), ("csv", "numpy.loadtxt"),
                          ("parquet", "read_parquet"), ("pt", "torch.load"), ("folder", "numpy.stack")):
            experiment = harness.HDF5.replace("data.h5", f"a.{end}")
            self.refused(f"a.{end}: no HDF5 file but ", call, "h5py.File", experiment=experiment)
            if end in ("npy", "npz", "csv", "folder"):
                self.refused("twoview import ", experiment=experiment)
            done = harness.twoview("report", f"a.{end}")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"a.{end}: no HDF5 file but .*{call}")

    def test_no_hdf5_at_all(self):
        (harness.folder / "data.h5").write_text("x,y\n1,2\n")
        self.refused("data.h5: cannot be opened as an HDF5 file", "file signature not found")


if __name__ == "__main__":
    unittest.main()
