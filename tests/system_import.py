"""Files of other kinds, imported: the runs on them have the moments of the same numbers written by h5py, and
what is damaged or does not fit is refused by its place."""
import csv
import gzip
import re
import subprocess
import unittest

import h5py
import numpy as np
import xarray

import harness

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

    def test_usage(self):
        (harness.folder / "a.csv").write_text("alpha,beta\n1,2\n3,4\n")
        for message, *arguments in (("--labels 'betta' is none of its 2 columns; did you mean 'beta'", "a.csv", "--labels", "betta"),
                                    ("another option names", "a.csv", "--labels", "beta", "--drop", "beta"),
                                    ("no single character", "a.csv", "--delimiter", "ab"),
                                    ("no kind that can be imported", "a.xls"), ("SOURCE is missing",),
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


if __name__ == "__main__":
    unittest.main()
