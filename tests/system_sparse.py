"""Sparse matrices in HDF5 files, as AnnData and 10x Genomics write them, against the same numbers dense."""
import os
import unittest

import h5py
import numpy as np
import scipy.sparse

import harness

ROWS, FEATURES, CLASSES = 1500, 24, 3
random = np.random.default_rng(5)
MEANS = random.gamma(0.5, 1.0, FEATURES)
CLASS = random.integers(0, CLASSES, ROWS)
COUNTS = random.poisson(MEANS * (1 + (np.arange(FEATURES) % CLASSES == CLASS[:, None]))).astype(float)
COUNTS[700] = 0  # a row without numbers
NAMES = ["B cell", "NK cell", "T cell"]

VIEWS = """\
source: {type: hdf5, file: cells.h5, samples: %s, labels: obs/cell_type}
test: {fraction: 0.2}
augmentation: {chain: [{type: thin, keep: [0.5, 0.8]}], floor: 1e-3}
samples: [200, 1200]
encoder: {k: 3}
replicates: 2
methods: [SL, RC, JE, PCA]
parallel: {shards: 5}
"""
COMPONENTS = """\
source: {type: hdf5, file: cells.h5, samples: %s, labels: obs/cell_type}
features: {pca: 8}
noise: {components: 3, lambda_max: 2}
augmentation: {theta_max: 1, alpha: [0.3, 3]}
samples: [200, 1200]
encoder: {k: 3}
parallel: {shards: 5}
"""


def add_sparse(file, name, matrix, index=np.int32, number=np.float32, **options):
    """As AnnData does, of which csr and csc are SciPy's."""
    group = file.create_group(name)
    group.attrs["encoding-type"] = matrix.format + "_matrix"
    group.attrs["encoding-version"] = "0.1.0"
    group.attrs["shape"] = np.array(matrix.shape)
    for part, kind in (("data", number), ("indices", index), ("indptr", index)):
        group.create_dataset(part, data=getattr(matrix, part).astype(kind), **options)
    return group


def add_10x(file, name, counts):
    """Features x barcodes, by barcodes."""
    matrix = scipy.sparse.csc_matrix(counts.T)
    group = file.create_group(name)
    group["shape"] = np.array(matrix.shape, np.int32)
    group["barcodes"] = [f"cell-{i}".encode() for i in range(len(counts))]
    group["features/id"] = [f"gene-{i}".encode() for i in range(counts.shape[1])]
    for part, kind in (("data", np.int32), ("indices", np.int64), ("indptr", np.int64)):
        group.create_dataset(part, data=getattr(matrix, part).astype(kind), chunks=True, compression="gzip", shuffle=True)


def add_labels(file):
    file["obs/cell_type/codes"] = CLASS.astype(np.int8)
    file["obs/cell_type/categories"] = NAMES


def shuffled(matrix):
    """The same with the numbers of each row in another order, and some of them in two parts."""
    row, column = matrix.nonzero()
    value = np.asarray(matrix[row, column]).ravel()
    order = np.lexsort((random.permutation(len(row)), row))
    row, column, value = row[order], column[order], value[order]
    split = (value > 1) & (row % 7 == 0)
    row, column = np.r_[row, row[split]], np.r_[column, column[split]]
    value = np.r_[np.where(split, 1, value), value[split] - 1]
    order = np.argsort(row, kind="stable")
    indptr = np.searchsorted(row[order], np.arange(matrix.shape[0] + 1))
    made = scipy.sparse.csr_matrix(matrix.shape)
    made.data, made.indices, made.indptr = value[order], column[order], indptr
    return made


def write():
    rows = scipy.sparse.csr_matrix(COUNTS)
    with h5py.File(harness.folder / "cells.h5", "w") as file:
        add_labels(file)
        file["dense"] = COUNTS
        add_sparse(file, "X", rows)
        add_sparse(file, "layers/counts", rows, np.int64, np.uint16, chunks=(97,), compression="gzip", shuffle=True)
        add_sparse(file, "columns", scipy.sparse.csc_matrix(COUNTS), np.int64, chunks=(23,), compression="gzip")
        add_sparse(file, "shuffled_columns", shuffled(scipy.sparse.csr_matrix(COUNTS.T)))
        file["shuffled_columns"].attrs.update({"encoding-type": "csc_matrix", "shape": COUNTS.shape})
        add_sparse(file, "shuffled", shuffled(rows))
        add_sparse(file, "old", rows)
        for new, old in (("encoding-type", "h5sparse_format"), ("shape", "h5sparse_shape")):
            file["old"].attrs[old] = "csr" if old.endswith("format") else file["old"].attrs[new]
            del file["old"].attrs[new]
        add_10x(file, "matrix", COUNTS)


def results(name, experiment, ranks):
    """All that the archive of a run holds but what tells one run from another."""
    with harness.archive(harness.write("e.yaml", experiment % name), "o.h5", ranks=ranks) as archive:
        return {key: archive[key][()] for key in archive
                if isinstance(archive[key], h5py.Dataset) and not {"rank", "stage"} & set(dimensions(archive[key]))
                and key not in ("rank", "stage")}


def dimensions(dataset):
    return [next(iter(d.keys()), "") for d in dataset.dims]


class Sparse(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        write()

    def expect_equal(self, a, b):
        self.assertEqual(a.keys(), b.keys())
        self.assertIn("moments_sha256", a)
        for key in a:
            np.testing.assert_array_equal(a[key], b[key], key)

    def test_equals_dense(self):
        """To the bit, whoever wrote it, on any number of ranks."""
        for experiment in (VIEWS, COMPONENTS):
            for ranks in (1, 2, 3, 7):
                dense = results("dense", experiment, ranks)
                for name in ("X", "matrix", "columns") if ranks > 1 else ("X", "layers/counts", "shuffled", "shuffled_columns", "old", "matrix"):
                    with self.subTest(name=name, ranks=ranks):
                        self.expect_equal(results(name, experiment, ranks), dense)


    def test_many_numbers_by_columns(self):
        """More than all ranks read at a time."""
        many = random.poisson(1.3, (20000, 110)).astype(float)
        self.assertGreater(np.count_nonzero(many), 3 << 19)
        with h5py.File(harness.folder / "many.h5", "w") as file:
            add_sparse(file, "X", scipy.sparse.csr_matrix(many))
            add_sparse(file, "columns", scipy.sparse.csc_matrix(many))
        experiment = VIEWS.replace("cells.h5, samples: %s, labels: obs/cell_type", "many.h5, samples: %s") \
            .replace("1200]", "16000]").replace("[SL, ", "[")
        rows = results("X", experiment, 2)
        for ranks in (1, 3):
            self.expect_equal(results("columns", experiment, ranks), rows)


class Refused(unittest.TestCase):
    """A sparse matrix that cannot be used is refused by file and dataset, and by all ranks together."""

    def refused(self, damage, *fragments, by=scipy.sparse.csr_matrix, **how):
        rows = by(COUNTS)
        with h5py.File(harness.folder / "cells.h5", "w") as file:
            add_labels(file)
            damage(add_sparse(file, "X", rows, number=np.float64))
        self.refused_as_it_is(*fragments, **how)

    def refused_as_it_is(self, *fragments, arguments=("--dry-run",), code=1):
        (harness.folder / "o.h5").unlink(missing_ok=True)
        done = harness.twoview("run", harness.write("e.yaml", VIEWS % "X"), "-o", "o.h5", *arguments, ranks=3)
        self.assertEqual(done.returncode, code, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("twoview: ")]
        self.assertEqual(len(said), 1, done.stderr)
        for fragment in fragments if code == 2 else ("cells.h5", *fragments):
            self.assertIn(fragment, said[0])
        self.assertFalse((harness.folder / "o.h5").exists())

    def change(self, part, place, value):
        def damage(group):
            group[part][place] = value
        return damage

    def replace(self, part, make):
        def damage(group):
            values = make(group[part][()])
            del group[part]
            group[part] = values
        return damage

    def test_rows_that_do_not_begin_in_order(self):
        begin = int(scipy.sparse.csr_matrix(COUNTS).indptr[1300])
        self.refused(self.change("indptr", 1301, begin - 3), "dataset 'X/indptr'", f"row 1300 goes from {begin} to {begin - 3}")
        self.refused(self.change("indptr", 1301, 10**6), "dataset 'X/indptr'", f"row 1300 goes from {begin} to 1000000")
        self.refused(self.change("indptr", 1301, begin + 50), "dataset 'X/indptr'", "row 1300 has 50 numbers", "(24)")
        self.refused(self.change("indptr", 0, 1), "dataset 'X/indptr' goes from 1 to ")
        self.refused(self.change("indptr", 0, -1), "dataset 'X/indptr' goes from -1 to ")
        self.refused(self.change("indptr", ROWS, 3), "dataset 'X/indptr' goes from 0 to 3")

    def test_lengths_that_do_not_fit(self):
        self.refused(self.replace("indptr", lambda p: p[:-1]), "dataset 'X/indptr' has 1500 numbers, and must have 1501")
        self.refused(self.replace("indices", lambda p: p[:-1]), "dataset 'X/indices' has ", "'X/data'")
        self.refused(self.replace("data", lambda p: p[:-1]), "dataset 'X/indices' has ", "'X/data'")

    def test_parts_of_another_kind(self):
        self.refused(self.replace("indices", lambda p: p + 0.5), "dataset 'X/indices' holds floating-point numbers")
        self.refused(self.replace("data", lambda p: p.astype("S8")), "dataset 'X/data' holds strings")
        self.refused(self.replace("data", lambda p: p.reshape(-1, 1)), "dataset 'X/data' has 2 dimensions")

        def delete(group):
            del group["indptr"]
        self.refused(delete, "there is no dataset 'X': it is a group without 'indptr'")

    def test_arrangements_that_are_not_known(self):
        def set_type(text):
            def damage(group):
                group.attrs["encoding-type"] = text
            return damage
        for text in ("dataframe", 3, "x" * 100):
            self.refused(set_type(text), "group 'X' does not say how its numbers are arranged", "'shape'")

        def set_shape(shape):
            def damage(group):
                group.attrs["shape"] = shape
            return damage
        self.refused(set_shape([ROWS, 0]), "group 'X' has 1500 samples of 0 features")
        self.refused(set_shape([-1, 4]), "group 'X' has -1 samples")
        self.refused(set_shape([ROWS - 1, FEATURES]), "dataset 'X/indptr' has 1501 numbers, and must have 1500")
        self.refused(set_shape([1, 2, 3]), "group 'X' does not say")

    def test_columns_that_are_not_there(self):
        for index in (FEATURES, -1, 2**31 - 1):
            self.refused(self.change("indices", -1, index), "dataset 'X/indices': row 1499", f"index {index} is not from 0 to 23",
                         arguments=())
        self.refused(self.replace("indices", lambda p: np.where(np.arange(len(p)) == 9, 2**40, p.astype(np.int64))),
                     "dataset 'X/indices': row ", f"index {2**40} is not from 0 to 23", arguments=())

    def test_columns_that_are_damaged(self):
        """Of a matrix by columns."""
        columns = scipy.sparse.csc_matrix(COUNTS)
        begin, last = int(columns.indptr[20]), int(columns.indices[-1])
        for damage, *fragments in (
                (self.change("indptr", 21, begin - 3), "dataset 'X/indptr'", f"column 20 goes from {begin} to {begin - 3}"),
                (self.change("indptr", 21, 10**6), "dataset 'X/indptr'", f"column 20 goes from {begin} to 1000000"),
                (self.change("indptr", 24, 5), "dataset 'X/indptr' goes from 0 to 5"),
                (self.replace("indptr", lambda p: p[:-1]), "dataset 'X/indptr' has 24 numbers, and must have 25", "features"),
                (self.change("indices", -1, ROWS), "dataset 'X/indices'", "of column 23: index 1500 is not from 0 to 1499"),
                (self.change("indices", 0, -7), "dataset 'X/indices': number 0, of column 0: index -7 is not from 0"),
                (self.change("data", -1, np.nan), f"dataset 'X/data': row {last}, column 23 is nan")):
            self.refused(damage, *fragments, by=scipy.sparse.csc_matrix)

    def test_numbers_that_are_not_finite(self):
        for value, shown in ((np.nan, "nan"), (np.inf, "inf")):
            self.refused(self.change("data", -1, value), "dataset 'X/data': row 1499, column ", f"is {shown}", arguments=())

    def test_negative_counts(self):
        self.refused(self.change("data", -1, -1), "'thin' needs counts", "cells.h5: 'X': row 1499, feature ", "is -1",
                     arguments=(), code=2)
        self.refused(self.change("data", -1, 0.25), "'thin' needs counts", "row 1499, feature ", "is 0.25", code=2)

    def test_labels_of_other_rows(self):
        rows = scipy.sparse.csr_matrix(COUNTS[:-1])
        with h5py.File(harness.folder / "cells.h5", "w") as file:
            add_labels(file)
            add_sparse(file, "X", rows)
        self.refused_as_it_is("'X' has 1499 rows and 'obs/cell_type/codes' 1500")

    def test_truncated_file(self):
        write()
        size = (harness.folder / "cells.h5").stat().st_size
        os.truncate(harness.folder / "cells.h5", size // 2)
        self.refused_as_it_is("cannot be opened as an HDF5 file", "truncated")

    def test_damaged_chunk(self):
        rows = scipy.sparse.csr_matrix(COUNTS)
        for part in ("data", "indices", "indptr"):
            with h5py.File(harness.folder / "cells.h5", "w") as file:
                add_labels(file)
                add_sparse(file, "X", rows, chunks=(499,), compression="gzip")
                chunk = file["X"][part].id.get_chunk_info(1)
            with open(harness.folder / "cells.h5", "r+b") as file:
                file.seek(chunk.byte_offset + chunk.size // 2)
                file.write(bytes(chunk.size // 4))
            self.refused_as_it_is(f"dataset 'X/{part}'", "cannot be read", arguments=())


if __name__ == "__main__":
    unittest.main()
