"""Files of other kinds, imported: the runs on them have the moments of the same numbers written by h5py, and
what is damaged or does not fit is refused by its place."""
import csv
import gzip
import re
import shutil
import struct
import subprocess
import unittest
import zipfile
import zlib

import h5py
import numpy as np
import scipy.sparse
import xarray

import harness

try:
    import PIL.Image as PIL
except ImportError:
    PIL = None

ROWS, COLUMNS = 90, 6
TAIL = """\
features: {pca: 2}
noise: {components: 2, lambda_max: 1}
augmentation: {theta_max: 1, alpha: 1}
samples: [40, 90]
encoder: {k: 2}
"""
NAMES = ["plain", "with space", "µ/λ 中", "comma, quoted", 'a "quote"', "x'y"]


class Import(unittest.TestCase):
    def setUp(self):
        rng = np.random.default_rng(11)
        self.x = rng.normal(size=(ROWS, COLUMNS)) * 10.0 ** rng.integers(-2, 3, COLUMNS)
        self.classes = np.array(["rose", "tulip 中", "a,b"])[np.arange(ROWS) % 3]
        for path in harness.folder.iterdir():
            if path.is_file():
                path.unlink()

    def imported(self, *arguments, ranks=None):
        done = harness.twoview("import", *arguments, "-o", "data.h5", "--force", ranks=ranks)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refused(self, status, *messages, arguments):
        (harness.folder / "data.h5").unlink(missing_ok=True)
        done = harness.twoview("import", *arguments, "-o", "data.h5")
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        for message in messages:
            self.assertIn(message, done.stderr)
        left = [path.name for path in harness.folder.iterdir() if "data.h5" in path.name]
        self.assertEqual(left, [], "nothing is left")

    def digests(self, source, ranks=None):
        experiment = harness.write("run.yaml", f"source: {source}\n{TAIL}")
        with harness.archive(experiment, "run.h5", ranks=ranks) as archive:
            names = harness.names(archive["class_name"]) if "class_name" in archive else None
            return archive["moments_sha256"][()].tolist(), names

    def expect_same(self, said, x, answers, index=0, ranks=None):
        """A run as the command says it in its last lines, and one on what h5py writes."""
        with h5py.File(harness.folder / "other.h5", "w") as file:
            file["x"], file["y"] = x, answers
        kind = "targets" if answers.ndim == 2 else "labels"
        expected = self.digests(f"{{type: hdf5, file: other.h5, samples: x, {kind}: y}}")
        printed = re.findall(r"^  source: (.*)$", said, re.M)[index]
        self.assertEqual(self.digests(printed, ranks), expected)


class Tables(Import):
    def write(self, name, header=True, delimiter=",", end="\r\n", opening=open, columns=None):
        columns = columns or [*self.x.T, self.classes]
        with opening(harness.folder / name, "wt", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
            if header:
                writer.writerow([*NAMES, "kind of flower"])
            writer.writerows(zip(*[map(str, column) for column in columns]))

    def test_names_and_numbers(self):
        self.write("a.csv")
        said = self.imported("a.csv", "--labels", "kind of flower")
        self.assertIn(f"x: {ROWS} sample x {COLUMNS} feature", said)
        self.assertEqual(self.imported("a.csv", "--labels", COLUMNS + 1), said)
        self.expect_same(said, self.x, self.classes.astype(object), ranks=2)
        with xarray.open_dataset(harness.folder / "data.h5", engine="h5netcdf") as data:
            self.assertEqual(data["feature"].values.tolist(), NAMES)
            self.assertEqual(data["labels"].values.tolist(), self.classes.tolist())
            self.assertEqual(data["sample"].values.tolist(), list(range(ROWS)))
            self.assertTrue((data["x"].values == self.x).all())
            self.assertEqual(data["x"].dims, ("sample", "feature"))

    def test_forms_of_a_table(self):
        """Delimiters, ends of lines, gzip, empty lines, a mark of UTF-8, no header, several files."""
        self.write("a.csv")
        self.imported("a.csv", "--labels", "kind of flower")
        first = (harness.folder / "data.h5").read_bytes()
        text = (harness.folder / "a.csv").read_bytes()
        head, *rows = text.split(b"\r\n")
        gzip_file = gzip.compress(text)
        for name, content, options in (
                ("b.csv", text.replace(b"\r\n", b"\n"), []), ("b.csv", text[:-2], []), ("b.CSV.gz", gzip_file, []),
                ("b.csv", b"\xef\xbb\xbf" + text.replace(b"\r\n", b"\n\n"), []), ("b.txt", text, []),
                ("b.csv", gzip.compress(text[:400]) + gzip.compress(text[400:]), [])):
            (harness.folder / name).write_bytes(content)
            self.imported(name, "--labels", "kind of flower", *options)
            self.expect_equal_files(first)
        for name, delimiter, options in (("b.tsv", "\t", []), ("b.csv", ";", ["--delimiter", ";"]),
                                         ("b.txt", "\t", ["--delimiter", "tab"]), ("b.tsv.gz", "|", ["--delimiter", "|"])):
            self.write(name, delimiter=delimiter, opening=gzip.open if name.endswith("gz") else open)
            self.imported(name, "--labels", "kind of flower", *options)
            self.expect_equal_files(first)
        (harness.folder / "b.csv").write_bytes(b"\r\n".join([head, *rows[:20]]))
        (harness.folder / "c.csv").write_bytes(b"\r\n".join([head, *rows[20:]]))
        self.imported("b.csv", "c.csv", "--labels", "kind of flower")
        self.expect_equal_files(first)

    def expect_equal_files(self, first):
        (harness.folder / "first.h5").write_bytes(first)
        with h5py.File(harness.folder / "first.h5") as a, h5py.File(harness.folder / "data.h5") as b:
            self.assertEqual(set(a), set(b))
            for name in a:
                self.assertEqual(a[name][()].tolist(), b[name][()].tolist(), name)

    def test_without_header(self):
        self.write("a.csv", header=False)
        said = self.imported("a.csv", "--no-header", "--labels", COLUMNS + 1)
        self.expect_same(said, self.x, self.classes.astype(object))
        with h5py.File(harness.folder / "data.h5") as file:
            self.assertEqual(harness.names(file["feature"]), [str(i + 1) for i in range(COLUMNS)])

    def test_targets_and_what_is_left_out(self):
        self.write("a.csv")
        said = self.imported("a.csv", "--drop", "kind of flower", "--targets", NAMES[4], "--targets", NAMES[2])
        self.expect_same(said, self.x[:, [0, 1, 3, 5]], self.x[:, [4, 2]])
        with xarray.open_dataset(harness.folder / "data.h5", engine="h5netcdf") as data:
            self.assertEqual(data["target"].values.tolist(), [NAMES[4], NAMES[2]])
            self.assertEqual(data["feature"].values.tolist(), [NAMES[i] for i in (0, 1, 3, 5)])
        said = self.imported("a.csv", "--labels", "kind of flower", "--targets", "plain")
        self.expect_same(said, self.x[:, 1:], self.classes.astype(object))
        self.expect_same(said, self.x[:, 1:], self.x[:, :1], index=1)

    def test_row_names_are_no_feature(self):
        """R and pandas write them below an empty cell of the header."""
        (harness.folder / "a.csv").write_text('"",a,b\n"1",2,3\n"2",4,5\n')
        self.refused(1, "a.csv:1: column 1 has no name", "--drop 1", arguments=["a.csv"])
        self.imported("a.csv", "--drop", "1")
        with h5py.File(harness.folder / "data.h5") as file:
            self.assertEqual(file["x"][()].tolist(), [[2, 3], [4, 5]])

    def test_digits(self):
        """The data set of scikit-learn, from its file."""
        path = "/usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz"
        numbers = np.loadtxt(path, delimiter=",")
        said = self.imported(path, "--no-header", "--labels", 65)
        self.expect_same(said, numbers[:, :64], numbers[:, 64].astype(int).astype(str).astype(object))

    def test_many_rows_in_little_memory(self):
        """Further rows take less memory than a quarter of their numbers; what grows is HDF5's cache of places, up
        to its bound."""
        rng = np.random.default_rng(2)
        peaks = []
        for rows in (50_000, 200_000):
            numbers = rng.integers(0, 1000, (rows, 20))
            np.savetxt(harness.folder / "a.csv", numbers, fmt="%d", delimiter=",")
            done = subprocess.run(["/usr/bin/python3", "-c", (
                "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"),
                harness.TWOVIEW, "import", "a.csv", "--no-header", "--labels", "20", "-o", "data.h5", "--force"],
                cwd=harness.folder, capture_output=True, text=True, check=True)
            peaks.append(int(done.stdout))
            with h5py.File(harness.folder / "data.h5") as file:
                self.assertTrue((file["x"][()] == numbers[:, :19]).all())
        self.assertLess(peaks[1] - peaks[0], 150_000 * 20 * 8 / 4 / 1024)

    def test_ranks_beside_the_first_do_nothing(self):
        self.write("a.csv")
        self.imported("a.csv", "--labels", "kind of flower", ranks=3)
        done = harness.twoview("import", "a.csv", "-o", "data.h5", ranks=3)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count("exists"), 1)

    def test_bad_tables(self):
        for text, place, *messages in (
                ("", ": holds no rows"), ("\n\n", ": holds no rows"), ("a,b\n", ": holds no rows below its header"),
                ("a,b\n1,2\n3\n", ":3: 1 cell, where 2"), ("a,b\n1,2\n\n3,4,5\n", ":4: 3 cells, where 2"),
                ("a,b,a\n1,2,3\n", ":1: columns 1 and 3 are both named 'a'"),
                ("a,b\n1,2\n3,\n", ":3: row 2, column 'b': '' is no value"),
                ("a,b\n1,2\n3,NA\n", ":3: row 2, column 'b': 'NA' is no value"),
                ("a,b\nnan,2\n", ":2: row 1, column 'a': 'nan' is no value"),
                ("a,b\n1,2\n3,4 m\n", ":3: row 2, column 'b': '4 m' is no number"),
                ("a;b\n1;2\n", ":2: row 1, column 'a;b': '1;2' is no number"),
                ("a,b\n1,inf\n", ":2: row 1, column 'b': 'inf' is not finite"),
                ("a,b\n1,1e999\n", ":2: row 1, column 'b': '1e999' is beyond"),
                ('a,b\n1,"2\n', ": the file ends within a quoted cell"), ('a,b\n"1"2,2\n', ":2: a quote within"),
                ('a,b\n1,"' + 70000 * "x", "is a quote never closed?"),
                ("a\0,b\n1,2\n", ":1: a NUL byte"), ("\ud800,b\n1,2\n", ":1: header", "not plain text in UTF-8"),
                ('"a\nb",c\n1,2\n', ":1: header", "not plain text"), (1025 * "n" + ",b\n1,2\n", ":1: header", "1025 bytes")):
            (harness.folder / "a.csv").write_bytes(text.encode("utf-8", "surrogatepass"))
            self.refused(1, "a.csv", place, *messages, arguments=["a.csv"])

    def test_lines_are_counted_across_quoted_cells(self):
        (harness.folder / "a.csv").write_text('a,b,c\r\n1,2,"x\ny\nz"\r\n3,4\r\n')
        self.refused(1, "a.csv:5: 2 cells", arguments=["a.csv", "--drop", "c"])

    def test_bad_files(self):
        self.write("a.csv")
        whole = gzip.compress((harness.folder / "a.csv").read_bytes())
        path = harness.folder / "b.csv.gz"
        for damaged, message in ((whole[:-100], "truncated"), (whole[:-3], "truncated"), (whole + b"rest", "other bytes"),
                                 (whole[:-6] + b"\0" + whole[-5:], "check sum")):
            path.write_bytes(damaged)
            self.refused(1, "b.csv.gz", message, arguments=["b.csv.gz", "--labels", "kind of flower"])
        self.refused(1, "absent.csv", "No such file", arguments=["absent.csv"])
        (harness.folder / "c.csv").write_text("a,b\n1,2\n")
        (harness.folder / "d.csv").write_text("a,c\n1,2\n")
        self.refused(1, "d.csv:1: column 2 is 'c', and in c.csv 'b'", arguments=["c.csv", "d.csv"])
        (harness.folder / "d.csv").write_text("a\n1\n")
        self.refused(1, "d.csv:1: 1 cell", arguments=["c.csv", "d.csv"])

    def test_full_disk(self):
        """What is there stays, and nothing else does."""
        disk = harness.small_disk(self, "disk", "400k")
        numbers = np.random.default_rng(1).integers(0, 2**40, (20_000, 4))
        np.savetxt(harness.folder / "a.csv", numbers, fmt="%d", delimiter=",")
        (disk / "data.h5").write_text("before")
        done = harness.twoview("import", "a.csv", "--no-header", "-o", "disk/data.h5", "--force")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^twoview: .*No space left on device\n$")
        self.assertEqual([path.name for path in disk.iterdir()], ["data.h5"])
        self.assertEqual((disk / "data.h5").read_text(), "before")

    def test_usage(self):
        (harness.folder / "a.csv").write_text("alpha,beta\n1,2\n3,4\n")
        for message, *arguments in (("--labels 'betta' is none of its 2 columns; did you mean 'beta'", "a.csv", "--labels", "betta"),
                                    ("another option names", "a.csv", "--labels", "beta", "--drop", "beta"),
                                    ("no single character", "a.csv", "--delimiter", "ab"),
                                    ("no kind that can be imported", "a.xls"), ("no kind that can be imported", "x.npy.gz"),
                                    ("SOURCE is missing",),
                                    ("another kind", "a.csv", "b.xls")):
            self.refused(2, message, arguments=arguments)
        self.refused(1, "leave no feature", arguments=["a.csv", "--labels", "beta", "--drop", "alpha"])
        self.imported("a.csv")
        before = (harness.folder / "data.h5").read_bytes()
        done = harness.twoview("import", "a.csv", "-o", "data.h5")
        self.assertEqual(done.returncode, 2)
        self.assertIn("exists", done.stderr)
        (harness.folder / "a.csv").write_text("alpha,beta\n1,x\n")
        done = harness.twoview("import", "a.csv", "-o", "data.h5", "--force")
        self.assertEqual(done.returncode, 1)
        self.assertEqual((harness.folder / "data.h5").read_bytes(), before)
        done = harness.twoview("import", "a.csv", "-o", "a.csv", "--force")
        self.assertIn("is read by this run", done.stderr)
        self.assertEqual(harness.twoview("import", "a.csv").returncode, 2)


class Arrays(Import):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(5)
        self.images = rng.integers(0, 256, (ROWS, 4, 3, 2)).astype("u1")
        self.labels = np.arange(ROWS) % 3

    def test_an_archive_of_arrays(self):
        """Stored and deflated; either order of dimensions; test rows beside those of training."""
        targets = self.x[:, :2] + 1
        for save, order, kind in ((np.savez, "C", "<f8"), (np.savez_compressed, "F", ">f8")):
            save(harness.folder / "a.npz", labels=self.labels, images=self.images, x=np.asarray(self.x, kind, order=order),
                 x_test=self.x[:7], y=np.asarray(targets, order=order), single=self.x[:, 0], names=self.classes)
            said = self.imported("a.npz")
            self.expect_same(said, self.images, self.labels, ranks=2)
            for answers, options in ((self.labels, []), (self.classes.astype(object), ["--labels", "names"]),
                                     (targets, ["--targets", "y"]), (self.x[:, :1], ["--targets", "single"])):
                said = self.imported("a.npz", "--samples", "x", *options)
                self.expect_same(said, self.x, answers, index=int(answers.ndim == 2))
        with xarray.open_dataset(harness.folder / "data.h5", engine="h5netcdf") as data:
            self.assertEqual(data["images"].dims, ("sample", "row", "column", "channel"))
            self.assertEqual((data["images"].dtype, data["x"].dtype), ("u1", "f8"))
            self.assertTrue((data["images"].values == self.images).all() and (data["x"].values == self.x).all())
            self.assertEqual(data["names"].values.tolist(), self.classes.tolist())
            self.assertEqual((data["x"].dims, data["x_test"].dims), (("sample", "feature"), ("sample_2", "feature")))
            self.assertEqual((data["single"].dims, data["y"].dims[0]), (("sample", "target"), "sample"))

    def test_types(self):
        """Every type of numbers and texts is stored as it is, half-precision numbers as single ones."""
        numbers = np.arange(12).reshape(4, 3)
        kinds = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
        kinds = [order + kind for kind in kinds for order in "<>"]
        texts = np.array(["é", "中文", "x" * 20, "z"])
        np.savez(harness.folder / "a.npz", bits=numbers > 5, texts=texts, swapped=texts.astype(">U30"),
                 bytes=np.char.encode(texts, "utf-8"),
                 **{kind[1:] + kind[0]: numbers.astype(kind) for kind in kinds})
        self.imported("a.npz")
        with h5py.File(harness.folder / "data.h5") as file:
            for kind in kinds:
                found = file[kind[1:] + kind[0]]
                self.assertEqual(found.dtype, {"f2": "<f4"}.get(kind[1:], "<" + kind[1:]))
                self.assertEqual(found[()].tolist(), numbers.tolist())
            self.assertEqual(file["bits"][()].tolist(), (numbers > 5).astype(int).tolist())
            for name in ("texts", "swapped", "bytes"):
                self.assertEqual(harness.names(file[name]), texts.tolist())

    def test_files_of_single_arrays(self):
        np.save(harness.folder / "x.npy", self.x)
        np.save(harness.folder / "kinds.npy", self.classes)
        said = self.imported("x.npy", "kinds.npy")
        self.expect_same(said, self.x, self.classes.astype(object))
        self.imported("x.npy")

    def test_sparse_matrices(self):
        """Of SciPy, by rows and by columns, with classes in a file of their own; also square ones."""
        counts = np.random.default_rng(3).poisson(0.5, (ROWS, COLUMNS))
        np.save(harness.folder / "kinds.npy", self.classes)
        for matrix, form in ((counts, "csr"), (counts, "csc"), (counts[:COLUMNS], "csc"), (counts * 0.3, "csr")):
            scipy.sparse.save_npz(harness.folder / "a.npz", scipy.sparse.csr_matrix(matrix).asformat(form))
            np.save(harness.folder / "kinds.npy", self.classes[:len(matrix)])
            said = self.imported("a.npz", "kinds.npy")
            with h5py.File(harness.folder / "data.h5") as file:
                group = file["x"]
                self.assertEqual(harness.attribute(group, "encoding-type"), f"{form}_matrix")
                self.assertEqual((len(file["sample"]), len(file["feature"])), matrix.shape)
                found = getattr(scipy.sparse, f"{form}_matrix")(
                    (group["data"][()], group["indices"][()], group["indptr"][()]), shape=tuple(group.attrs["shape"]))
                self.assertEqual(found.toarray().tolist(), matrix.tolist())
        self.expect_same(said, matrix.astype(float), self.classes.astype(object), ranks=2)
        scipy.sparse.save_npz(harness.folder / "a.npz", scipy.sparse.coo_matrix(counts))
        self.refused(1, "a.npz: a sparse matrix in the format 'coo'", ".tocsr()", arguments=["a.npz"])
        for shape, form in (((3, 1), "csr"), ((1, -1), "csr"), ((1, 3), "csc"), ((1e300, 1), "csc"), ((2**40, 1), "csc")):
            np.savez(harness.folder / "a.npz", format=form, shape=np.array(shape), data=[1], indices=[0], indptr=[0, 1])
            self.refused(1, "a.npz: its shape, ", "is not that of its 2 places in indptr", arguments=["a.npz"])

    def test_bad_arrays(self):
        objects = np.array([{"a": 1}, None], dtype=object)
        for arrays, message in (
                ({"x": self.x, "meta": objects}, "meta.npy: an array of Python's objects"),
                ({"x": self.x, "one": np.float64(1)}, "one.npy: an array of 0 dimensions"),
                ({"x": self.x, "c": self.x.astype(complex)}, "c.npy: holds values of type 'c16'"),
                ({"x": np.full((3, 2), np.nan)}, "x.npy: row 0: number 0 is NaN"),
                ({"x": np.full((3, 2), 2**53 + 2)}, "x.npy: row 0: 9007199254740994 is beyond 2^53"),
                ({"x": np.zeros((0, 2))}, "x.npy: holds nothing"), ({"y": self.labels}, "no array of rows"),
                ({"x": self.x, "t": np.array([["a", "b"]])}, "t.npy: texts of more than one dimension"),
                ({"x": self.x, "t": np.array(["a", ""])}, "t.npy: row 1: a name is empty"),
                ({"x": self.x, "t": np.array(["a", "b\nc"])}, "t.npy: row 1: 'b\\x0ac' is not plain"),
                ({"x": self.x, "t": np.frombuffer(b"a\xff", "S1")}, "t.npy: row 1: '\\xff' is not plain"),
                ({"x": self.x, "sample": self.labels}, "'sample' is the name of another array or of a dimension"),
                ({"x": self.x, "n" * 300: self.labels}, "is no name of a dataset")):
            np.savez(harness.folder / "a.npz", **arrays)
            self.refused(1, "a.npz", message, arguments=["a.npz"])
        np.savez(harness.folder / "a.npz", x=self.x, meta=objects)
        self.refused(1, "leave it out (--drop meta)", arguments=["a.npz"])
        self.imported("a.npz", "--drop", "meta")
        for option in ("--labels", "--samples", "--targets", "--drop"):
            self.refused(2, f"{option} 'q' is none of the arrays: x, meta", arguments=["a.npz", option, "q", "--drop", "meta"])
        np.save(harness.folder / "x.npy", objects)
        self.refused(1, "x.npy: an array of Python's objects", arguments=["x.npy"])

    def test_bad_archives(self):
        path = harness.folder / "a.npz"
        np.savez_compressed(path, x=self.x, y=self.labels)
        whole = path.read_bytes()
        changed = bytearray(whole)
        changed[200] ^= 1
        for damaged, message in ((b"", "no whole zip"), (whole[:-1], "no whole zip"), (whole[:300], "no whole zip"),
                                 (b"not a zip", "no whole zip"), (bytes(changed), "x.npy: damaged")):
            path.write_bytes(damaged)
            self.refused(1, "a.npz", message, arguments=["a.npz"])
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "no array")
        self.refused(1, "readme.txt: is no .npy file", "--drop readme.txt", arguments=["a.npz"])


def market(name, lines, opening=open):
    with opening(harness.folder / name, "wt") as file:
        file.write("\n".join(lines) + "\n")


def entries(matrix, order, field="integer"):
    """The lines of a sparse matrix, its entries in that order of rows and columns."""
    rows, columns = matrix.nonzero()
    places = sorted(zip(rows, columns), key=order)
    yield f"%%MatrixMarket matrix coordinate {field} general"
    yield "% a comment"
    yield f"{matrix.shape[0]} {matrix.shape[1]} {len(places)}"
    for row, column in places:
        yield f"{row + 1} {column + 1}" + ("" if field == "pattern" else f" {matrix[row, column]!r}")


class Matrices(Import):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(7)
        self.counts = rng.poisson(0.7, (ROWS, COLUMNS)) * rng.integers(1, 2000, COLUMNS)
        self.kinds = [f"kind {i % 3}" for i in range(ROWS)]
        harness.write("kinds.txt", "\n".join(self.kinds) + "\n")

    def expect_matrix(self, matrix):
        """Both as the group says, and by features in rising order for each sample."""
        with h5py.File(harness.folder / "data.h5") as file:
            group = file["x"]
            self.assertEqual(harness.attribute(group, "encoding-type"), "csr_matrix")
            found = scipy.sparse.csr_matrix((group["data"][()], group["indices"][()], group["indptr"][()]),
                                            shape=tuple(group.attrs["shape"]))
        self.assertTrue(found.has_canonical_format)
        self.assertEqual(found.toarray().tolist(), matrix.tolist())

    def test_orders_and_kinds_of_entries(self):
        by_row, by_column, mixed = (lambda e: e), (lambda e: e[::-1]), (lambda e: hash((e, 3)))
        real = self.counts * 0.37
        for matrix, field, order, opening in ((self.counts, "integer", by_row, open), (self.counts, "integer", by_column, open),
                                              (self.counts, "integer", mixed, gzip.open), (real, "real", mixed, open),
                                              ((self.counts > 0).astype(int), "pattern", by_column, open),
                                              (self.counts * 10**8, "integer", mixed, open)):
            name = "a.mtx.gz" if opening is gzip.open else "a.mtx"
            market(name, entries(matrix, order, field), opening)
            self.imported(name)
            self.expect_matrix(matrix)
            market(name, entries(matrix.T, order, field), opening)
            said = self.imported(name, "--transpose", "--labels", "kinds.txt")
            self.expect_matrix(matrix)
        with xarray.open_dataset(harness.folder / "data.h5", engine="h5netcdf") as data:
            self.assertEqual(data["labels"].values.tolist(), self.kinds)
        self.expect_same(said, matrix.astype(float), np.array(self.kinds, dtype=object), ranks=2)

    def test_dense_matrices(self):
        lines = ["%%MatrixMarket matrix array real general", f"{ROWS} {COLUMNS}", *map(repr, self.x.T.ravel().tolist())]
        market("a.mtx", lines)
        said = self.imported("a.mtx", "--labels", "kinds.txt")
        self.expect_same(said, self.x, np.array(self.kinds, dtype=object))
        market("a.mtx", [lines[0], f"{COLUMNS} {ROWS}", *map(repr, self.x.ravel().tolist())])
        self.expect_same(self.imported("a.mtx", "--labels", "kinds.txt", "--transpose"), self.x, np.array(self.kinds, dtype=object))

    def tenx(self, folder, features, front="", packed=True, identifiers=True):
        """Genes as rows, cells as columns."""
        path = harness.folder / folder
        path.mkdir(exist_ok=True)
        for old in path.iterdir():
            old.unlink()
        ending, opening = (".gz", gzip.open) if packed else ("", open)
        market(f"{folder}/{front}matrix.mtx{ending}", entries(self.counts.T, lambda e: e[::-1]), opening)
        names = [f"ENSG{i}\tgene {i} µ\tGene Expression" if identifiers else f"gene {i} µ" for i in range(COLUMNS)]
        market(f"{folder}/{front}{features}{ending}", names, opening)
        market(f"{folder}/{front}barcodes.tsv{ending}", [f"AC{i}-1" for i in range(ROWS)], opening)

    def test_cells_and_genes(self):
        for arguments in (("features.tsv",), ("genes.tsv", "", False), ("features.tsv", "GSM1_", True), ("features.tsv", "", True, False)):
            self.tenx("cells", *arguments)
            matrix = f"cells/{arguments[1]}matrix.mtx.gz" if arguments[1:2] == ("GSM1_",) else "cells"
            said = self.imported(matrix, "--labels", "kinds.txt")
            self.expect_matrix(self.counts)
            with xarray.open_dataset(harness.folder / "data.h5", engine="h5netcdf") as data:
                self.assertEqual(data["feature"].values.tolist(), [f"gene {i} µ" for i in range(COLUMNS)])
                self.assertEqual(data["sample"].values.tolist(), [f"AC{i}-1" for i in range(ROWS)])
                self.assertEqual(data["identifier"].values[2], "ENSG2" if len(arguments) < 4 else "gene 2 µ")
        self.expect_same(said, self.counts.astype(float), np.array(self.kinds, dtype=object), ranks=3)

    def test_bad_cells(self):
        self.tenx("cells", "features.tsv")
        path = harness.folder / "cells"
        (path / "barcodes.tsv.gz").rename(path / "barcodes")
        self.refused(1, "cells/matrix.mtx.gz: beside it stands cells/features.tsv.gz, but no barcodes.tsv", arguments=["cells"])
        market("cells/barcodes.tsv", ["a", "b"])
        self.refused(1, f"cells/barcodes.tsv: 2 lines, where the matrix has {ROWS}", arguments=["cells"])
        market("cells/barcodes.tsv", ["a", "b", "", "c"])
        self.refused(1, "cells/barcodes.tsv:3: name: a name is empty", arguments=["cells"])
        (path / "barcodes").rename(path / "barcodes.tsv")
        whole = (path / "barcodes.tsv").read_bytes()
        (path / "barcodes.tsv").write_bytes(whole[:-9])
        self.refused(1, "cells/barcodes.tsv: truncated", arguments=["cells"])
        (path / "barcodes.tsv").write_bytes(whole)
        whole = (path / "matrix.mtx.gz").read_bytes()
        (path / "matrix.mtx.gz").write_bytes(whole[:-100])
        self.refused(1, "cells/matrix.mtx.gz: truncated", arguments=["cells"])

    def test_bad_matrices(self):
        head = "%%MatrixMarket matrix coordinate integer general"
        for lines, *messages in (
                ([""], ": does not begin with a line as"), (["1 1 1"], ": does not begin with a line as"),
                (["%%MatrixMarket matrix coordinate complex general"], ":1: numbers of the kind 'complex'"),
                ([head.replace("general", "symmetric"), "2 2 1", "1 1 1"], ":1: a matrix that is 'symmetric'"),
                ([head], ": ends before the line of its sizes"), ([head, "2 x 1"], ":2: 'x' is no number of rows"),
                ([head, "2 2"], ":2: '' is no number of rows"), ([head, "2 2 0"], ":2: '0' is no number"),
                ([head, "2 2 1 1"], ":2: '1' behind the sizes"), ([head, "0 2 1"], ":2: '0' is no number"),
                ([head, "2 2 3", "1 1 1", "2 2 1"], ": truncated: ends behind 2 of 3 entries"),
                ([head, "2 2 1", "1 1 1", "2 2 1"], ":4: more than the 1 entries"),
                ([head, "2 2 2", "1 1 1", "%", "3 1 1"], ":5: row 3, where there are 1 to 2"),
                ([head, "2 2 1", "1 0 1"], ":3: column 0, where there are 1 to 2"),
                ([head, "2 2 1", "1 -1 1"], ":3: column -1"), ([head, "2 2 1", "1 1.5 1"], ":3: '1.5' is no number of a column"),
                ([head, "2 2 1", "1 1 x"], ":3: 'x' is no number"), ([head, "2 2 1", "1 1"], ":3: '' is no number"),
                ([head, "2 2 1", "1 1 1.5"], ":3: '1.5' is no integer"), ([head, "2 2 1", "1 1 nan"], ":3: 'nan' is not finite"),
                ([head, "2 2 1", "1 1 9007199254740994"], ":3: '9007199254740994' is beyond 2^53"),
                ([head, "2 2 1", "1 1 1 1"], ":3: '1' behind the entry"), ([head, "2 2 1", "1 1 \0"], ":3: a NUL byte"),
                ([head, "2 2 3", "1 2 1", "1 1 1", "1 2 4"], ": row 1, column 2 has two entries"),
                (["%%MatrixMarket matrix array pattern general", "1 1"], ": does not begin with a line as"),
                (["%%MatrixMarket matrix array real general", "2 1", "1"], ": truncated: ends behind 1 of 2"),
                (["%%MatrixMarket matrix array real general", "2 1", "1", "2", "3"], ":5: more than the 2 entries"),
                ([head, "9007199254740992 1 1", "1 1 1"], "out of memory"),
                (["%%MatrixMarket matrix array real general", "9007199254740992 1", "1"], ": truncated: ends behind 1"),
                ([head, "x" * 70000], ":2: a line of more than")):
            market("a.mtx", lines)
            self.refused(1, *messages, arguments=["a.mtx"])
        market("a.mtx", [head, "2 2 2", "1 1 1", "2 2 1"])
        self.refused(1, "kinds.txt: 90 lines, where the matrix has 2", arguments=["a.mtx", "--labels", "kinds.txt"])
        self.refused(2, "one matrix at a time", arguments=["a.mtx", "a.mtx"])
        self.refused(2, "--no-header means nothing for", arguments=["a.mtx", "--no-header"])

    def test_more_entries_than_a_block(self):
        """Of 2^22 and some: in the order of samples, and in one that takes a pass for each block."""
        rows, columns = 2200, 2000
        for name, order in (("by-rows", "C"), ("by-columns", "F")):
            row, column = (axis.ravel(order) for axis in np.indices((rows, columns)))
            places = zip(row.tolist(), column.tolist())
            market("a.mtx", ["%%MatrixMarket matrix coordinate integer general", f"{rows} {columns} {rows * columns}",
                             *[f"{i + 1} {j + 1} {i * 7 + j}" for i, j in places]])
            self.imported("a.mtx")
            with h5py.File(harness.folder / "data.h5") as file:
                expected = np.arange(rows)[:, None] * 7 + np.arange(columns)
                self.assertTrue((file["x/data"][()] == expected.ravel()).all(), name)
                self.assertTrue((file["x/indices"][()].reshape(rows, -1) == np.arange(columns)).all())
                self.assertTrue((file["x/indptr"][()] == np.arange(rows + 1) * columns).all())


def png(pixels, palette=None, bits=None):
    """A PNG image of grey (2 dimensions), grey and alpha, RGB or RGBA (channels last) numbers, or of places in a
    palette of colours; of fewer bits than 8 where they are given."""
    rows, columns = pixels.shape[:2]
    kind = 3 if palette is not None else {1: 0, 2: 4, 3: 2, 4: 6}[1 if pixels.ndim == 2 else pixels.shape[2]]
    depth = bits or 8 * pixels.dtype.itemsize
    if bits:
        spread = (pixels[..., None] >> np.arange(bits)[::-1] & 1).reshape(rows, -1)
        lines = [np.packbits(line).tobytes() for line in spread]
    else:
        lines = [line.astype(pixels.dtype.newbyteorder(">")).tobytes() for line in pixels]

    def part(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    return (b"\x89PNG\r\n\x1a\n" + part(b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, kind, 0, 0, 0))
            + (part(b"PLTE", palette.astype("u1").tobytes()) if palette is not None else b"")
            + part(b"IDAT", zlib.compress(b"".join(b"\0" + line for line in lines))) + part(b"IEND", b""))


def triangle(old, new):
    """What each new pixel is made of: a triangle as wide as two pixels, the larger of old and new, mirrored at the
    borders."""
    step = old / new
    width = max(step, 1)
    weights = np.zeros((new, old))
    for i in range(new):
        centre = (i + 0.5) * step - 0.5
        for j in range(int(np.floor(centre - width)), int(np.ceil(centre + width)) + 1):
            place = j % (2 * old)
            weights[i, min(place, 2 * old - 1 - place)] += max(0, 1 - abs(j - centre) / width)
    return weights / weights.sum(axis=1, keepdims=True)


class Images(Import):
    CLASSES = ("a b", "rosé", "z'中")

    def setUp(self):
        super().setUp()
        self.rng = np.random.default_rng(13)
        self.root = harness.folder / "images"
        shutil.rmtree(self.root, ignore_errors=True)

    def write(self, images, encode=png):
        """In the folders of the classes, in turn."""
        for i, pixels in enumerate(images):
            self.put(f"{self.CLASSES[i % 3]}/{i // 3:03d}.png", encode(pixels))

    def put(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def random(self, *shape, kind="u1"):
        return self.rng.integers(0, np.iinfo(kind).max, shape, endpoint=True).astype(kind)

    def by_class(self, images):
        return np.concatenate([images[i::3] for i in range(3)])

    def test_kinds_of_images(self):
        """Grey, RGB, of 16 bits and fewer than 8, with alpha, with a palette."""
        places, palette = self.random(ROWS, 5, 4) % 9, self.random(9, 3)
        colours, wide = self.random(ROWS, 5, 4, 4), self.random(ROWS, 5, 4, 3, kind="u2")
        few = self.random(ROWS, 5, 4) % 4
        for images, expected, encode in (
                (colours[..., 0], colours[..., 0], png), (colours[..., :3], colours[..., :3], png),
                (colours, colours[..., :3], png), (colours[..., :2], colours[..., 0], png), (wide, wide, png),
                (wide[..., 0], wide[..., 0], png), (places, palette[places], lambda x: png(x, palette)),
                (few, few * 85, lambda x: png(x, bits=2)), (few % 2, few % 2 * 255, lambda x: png(x, bits=1))):
            shutil.rmtree(self.root, ignore_errors=True)
            self.write(images, encode)
            said = self.imported("images")
            with xarray.open_dataset(harness.folder / "data.h5", engine="h5netcdf") as data:
                self.assertEqual(data["images"].dtype, expected.dtype)
                self.assertTrue((data["images"].values == self.by_class(expected)).all())
                self.assertEqual(data["images"].dims, ("sample", "row", "column", "channel")[:expected.ndim])
                self.assertEqual(data["labels"].values.tolist(), [name for name in self.CLASSES for _ in range(ROWS // 3)])
                self.assertEqual(data["sample"].values[ROWS // 3], "rosé/000.png")
        self.assertIn("scale: 255}", said)
        self.expect_same(said.replace(", scale: 255", ""), self.by_class(expected),
                         np.repeat(self.CLASSES, ROWS // 3).astype(object), ranks=2)

    def test_grey_beside_colours(self):
        """Grey images become colours that are equal, or all become grey."""
        images = self.random(8, 5, 4, 3)
        for i, pixels in enumerate(images):
            self.put(f"c/{i}.png", png(pixels if i % 2 else pixels[..., 0]))
        images[::2] = images[::2, ..., :1]
        self.imported("images")
        with h5py.File(harness.folder / "data.h5") as file:
            self.assertTrue((file["images"][()] == images).all())
        self.imported("images", "--grey")
        with h5py.File(harness.folder / "data.h5") as file:
            luminance = images @ [0.299, 0.587, 0.114]
            self.assertLessEqual(np.abs(file["images"][()] - luminance).max(), 0.5 + 1e-9)

    def test_sizes(self):
        for kind, shape in (("u1", (3,)), ("u2", ())):
            shutil.rmtree(self.root, ignore_errors=True)
            sizes = [(9, 7), (4, 4), (20, 31), (6, 5), (1, 1), (6, 50)]
            images = [self.random(*size, *shape, kind=kind) for size in sizes]
            for i, pixels in enumerate(images):
                self.put(f"c/{i}.png", png(pixels))
            self.refused(1, "images/c/1.png: an image of 4 x 4, and images/c/0.png of 9 x 7", "--size HxW", arguments=["images"])
            self.imported("images", "--size", "6x5")
            with h5py.File(harness.folder / "data.h5") as file:
                for found, pixels in zip(file["images"][()], images, strict=True):
                    rows, columns = triangle(pixels.shape[0], 6), triangle(pixels.shape[1], 5)
                    expected = np.einsum("ai,bj,ij...->ab...", rows, columns, pixels.astype(float))
                    # The library computes with single precision or integers of 14 bits, in two steps.
                    self.assertLessEqual(np.abs(found - expected).max(), 0.5 + np.iinfo(kind).max * 2.0**-13)

    @unittest.skipUnless(PIL, "needs Pillow")
    def test_jpeg(self):
        smooth = np.add.outer(np.arange(16) * 9, np.arange(24) * 4).astype("u1")
        for i, pixels in enumerate((smooth, np.dstack([smooth, smooth.T[:16, :16].repeat(2, 1)[:, :24], smooth]))):
            for j in range(2):
                self.root.joinpath(f"class {i}").mkdir(parents=True, exist_ok=True)
                PIL.fromarray(pixels).save(self.root / f"class {i}/{j}.jpg", quality=95)
        self.imported("images")
        with h5py.File(harness.folder / "data.h5") as file:
            for name, found in zip(file["sample"][()], file["images"][()], strict=True):
                expected = np.asarray(PIL.open(self.root / name.decode()).convert("RGB")).astype(int)
                self.assertLessEqual(np.abs(found - expected).max(), 1, "decoders round colours on their own")
        path = self.root / "class 1/0.jpg"
        whole = path.read_bytes()
        for damaged in (whole[:-200], whole[:100], whole[:4]):
            path.write_bytes(damaged)
            self.refused(1, "images/class 1/0.jpg: does not decode: ", arguments=["images"])
        PIL.fromarray(np.zeros((16, 24, 4), "u1"), "CMYK").save(path)
        self.refused(1, "images/class 1/0.jpg: holds the four colours of printing", arguments=["images"])

    def test_bad_images(self):
        self.write(self.random(6, 5, 4))
        whole = png(self.random(5, 4))
        for content, message in ((whole[:-20], "does not decode: "), (whole[:30], "does not decode: "),
                                 (whole[:50] + b"xx" + whole[52:], "does not decode: "), (b"", "neither a PNG nor a JPEG"),
                                 (b"GIF89a and so on", "neither a PNG nor a JPEG"),
                                 (png(self.random(5, 5)), "an image of 5 x 5, and images/a b/000.png of 5 x 4"),
                                 (png(self.random(5, 4, kind="u2")), "has 16 bits, and images/a b/000.png 8")):
            self.put("rosé/000.png", content)
            self.refused(1, "images/rosé/000.png: ", message, arguments=["images"])
        self.put("rosé/000.png", whole)
        self.put(".hidden/x.png", whole)
        self.put("rosé/.hidden", b"x")
        self.put("README", b"no class")
        self.imported("images")
        for name, message in (("one/0.png", "images/one: a class of one image"), ("rosé/more/0.png", "images/rosé/more: a folder within a class"),
                              ("rosé/a\nb.png", "is not plain text in UTF-8"), ("\udcff/0.png", "is not plain text in UTF-8")):
            self.put(name, whole)
            self.refused(1, message, arguments=["images"])
            (self.root / name).unlink()
            if "one" in name or "more" in name or "\udcff" in name:
                (self.root / name).parent.rmdir()
        (self.root / "none").mkdir()
        self.refused(1, "images/none: a class of no image", arguments=["images"])
        (self.root / "none").rmdir()
        self.imported("images")
        (harness.folder / "empty").mkdir(exist_ok=True)
        self.refused(1, "empty: holds no folders", arguments=["empty"])
        for size in ("0x3", "3", "3x", "3x3x", "99999x1", "-1x2", "x"):
            self.refused(2, f"--size '{size}' is no size", arguments=["images", "--size", size])
        self.refused(2, "--labels means nothing for", arguments=["images", "--labels", "x"])


if __name__ == "__main__":
    unittest.main()
