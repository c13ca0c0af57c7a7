"""Damaged files that make HDF5 itself crash or compute without end, and others that are no archives
although they look like one: refused by name, in time."""
import os
import shutil
import unittest

import h5py
import numpy as np

import harness


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        harness.archive(harness.write("e.yaml", harness.GAUSSIAN), "whole.h5").close()

    def setUp(self):
        self.path = harness.folder / "damaged.h5"
        shutil.copy(harness.folder / "whole.h5", self.path)

    def refused(self, fragment, *arguments, **options):
        done = harness.twoview(*arguments, **options)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(done.stderr.startswith("twoview: "), done.stderr)
        self.assertIn(fragment, done.stderr)
        self.assertIn("damaged.h5: ", done.stderr)

    def replace(self, old, new):
        content = self.path.read_bytes()
        self.assertEqual(content.count(old), 1)
        self.path.write_bytes(content.replace(old, new))

    # ---- Archives ----

    def test_endless_heap_of_texts(self):
        """HDF5 1.10 steps over objects of a heap by their size, and never over one of size 0."""
        content = bytearray(self.path.read_bytes())
        for start in range(len(content)):
            if content[start:start + 4] == b"GCOL":
                content[start + 24:start + 1024] = bytes(1000)
        self.path.write_bytes(content)
        self.refused("do not have the checksum", "report", self.path)
        harness.seal(self.path)
        self.refused("time limit: a step of reading it took more than 1 s", "info", self.path,
                     env={**os.environ, "TWOVIEW_READ_SECONDS": "1"})

    def test_heap_that_is_not_there(self):
        """Found by fuzzing: HDF5 1.10 frees what it never allocated."""
        shutil.copy(harness.ROOT / "tests/fuzz/seeds/archive/crash.h5", self.path)
        self.refused("damaged: reading it ends in a crash", "info", self.path)

    def test_dimension_without_length(self):
        with h5py.File(self.path, "a") as file:
            del file["n"]
            file["n"] = np.zeros(0)
        harness.seal(self.path)
        self.refused("dataset 'n' cannot hold 0 items", "report", self.path)

    def test_dimension_longer_than_what_is_stored(self):
        with h5py.File(self.path, "a") as file:
            del file["n"]
            file.create_dataset("n", (2**40,), chunks=(2**20,))
        harness.seal(self.path)
        self.refused("dataset 'n' cannot hold", "report", self.path)

    def test_names_that_are_missing(self):
        for name, command in (("paradigm", ["report"]), ("host", ["scaling", "whole.h5"])):
            shutil.copy(harness.folder / "whole.h5", self.path)
            with h5py.File(self.path, "a") as file:
                count = len(file[name])
                del file[name]
                file.create_dataset(name, (count,), h5py.string_dtype(),
                                    fillvalue=None)[1:] = "other"
            harness.seal(self.path)
            self.refused(f"dataset '{name}' lacks a word", *command, self.path)

    def changed(self, name, value, index=0):
        """The archive with this in a dataset, and a checksum that is right."""
        shutil.copy(harness.folder / "whole.h5", self.path)
        with h5py.File(self.path, "a") as file:
            values = file[name][()]
            values.flat[index] = value
            file[name][...] = values
        harness.seal(self.path)

    def test_coordinates_that_are_not_the_experiments(self):
        """None of the commands takes one from a file without a look at it: they would draw it, count
        by it, or write it elsewhere."""
        for name, value, index in (
                ("lambda_max", np.nan, 0), ("lambda_max", -np.inf, 1), ("lambda_max", 1e308, 0),
                ("lambda_max", 10, 0), ("alpha", np.nan, 1), ("alpha", -1, 0), ("alpha", 0, 0),
                ("n", -50, 0), ("n", 2**62, 1), ("n", 300, 0), ("replicate", 1, 0),
                ("replicate", -1, 1), ("paradigm", "<script>", 0), ("paradigm", "supervised", 1)):
            self.changed(name, value, index)
            for command in (["report"], ["merge", "-o", "joined.h5"], ["scaling", "whole.h5"]):
                with self.subTest(name=name, value=value, command=command):
                    self.refused(f"coordinate '{name}' ", *command, self.path)
            self.assertFalse((harness.folder / "joined.h5").exists())
            self.assertEqual(harness.twoview("info", self.path).returncode, 0)

    def test_coordinates_almost_the_experiments(self):
        """Numbers that differ look different."""
        self.changed("alpha", 0.5000000001)
        self.refused("coordinate 'alpha' has the value 0.5000000001 at index 0 where the experiment has 0.5",
                     "report", self.path)
        done = harness.twoview("info", "--verify", self.path)
        self.assertIn("coordinate 'alpha' has the value 0.5000000001 at index 0", done.stdout)

    def test_eigenvalues_and_times_that_are_none(self):
        for name, value, command in (("data_spectrum", -np.inf, "report"), ("gamma_eigenvalues", -1, "report"),
                                     ("theta_eigenvalues", np.nan, "report"), ("seconds", np.nan, "scaling"),
                                     ("flops", -1, "scaling"), ("sent", np.inf, "scaling")):
            with self.subTest(name=name):
                self.changed(name, value)
                self.refused(f"dataset '{name}' has the value {value:g} at index 0", command, self.path,
                             *(["whole.h5"] if command == "scaling" else []))

    def test_quantities_of_any_value(self):
        """A report draws what it can."""
        for value in (np.nan, np.inf, -np.inf, -1, 0, 1e308, 5e-324):
            for name in ("distance", "score_clean", "leakage", "status", "alpha2_threshold"):
                with self.subTest(name=name, value=value):
                    shutil.copy(harness.folder / "whole.h5", self.path)
                    with h5py.File(self.path, "a") as file:
                        file[name][...] = value
                    harness.seal(self.path)
                    done = harness.twoview("report", self.path, "-o", "any")
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    # ---- Words ----

    def test_words_that_are_code(self):
        """What an archive says of itself stays text in a page, in a table and on a terminal."""
        evil = "</td><script>alert('1')</script>\n=cmd|' /C calc'!A0\x1b]0;owned\x07\u202e\x9b31m"
        with h5py.File(self.path, "a") as file:
            file.attrs["title"] = evil
            file.attrs[f"slurm_job_id{evil}"] = evil
            file.attrs["no_colon"] = "a\nb: c\n:\n"
            file["score_clean"].attrs["long_name"] = evil
            file["own\x1b[2J"] = np.arange(3)
        harness.seal(self.path)
        done = harness.twoview("report", self.path, "-o", "evil")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        page = (harness.folder / "evil/report.html").read_text()
        self.assertNotIn("<script", page)
        self.assertEqual(page.count("&lt;/td&gt;&lt;script&gt;alert(&#39;1&#39;)"), 4)
        self.assertIn("<td>no_colon</td><td class=\"l\">a\nb: c\n:\n</td>", page)
        said = done.stdout + page + (harness.folder / "evil/scores.csv").read_text()
        for command in (["info"], ["info", "--verify"]):
            said += harness.twoview(*command, self.path).stdout
        for harmful in "\x1b\x07\u202e\x9b":
            self.assertNotIn(harmful, said)
        self.assertIn("own\\x1b[2J", said)

    def test_name_of_an_experiment_that_is_a_control_sequence(self):
        harness.write("n.yaml", harness.GAUSSIAN.replace("small", '"\\e]0;owned\\a\\x9b\\N\\u2028"'))
        visible = "\\x1b]0;owned\\x07\\x9b\\x85\\u2028"
        for command in (["run", "--dry-run", "-o", "n.h5"], ["theory"]):
            done = harness.twoview(*command, "n.yaml")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertNotRegex(done.stdout, "[\x1b\x07\x9b\x85\u2028]")
            self.assertIn(visible, done.stdout)
        harness.archive("n.yaml", "n.h5").close()
        done = harness.twoview("report", "n.h5", "-o", "named")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(visible + ": distance", done.stdout)
        with h5py.File(harness.folder / "n.h5") as archive:
            self.assertEqual(archive.attrs["title"], "\x1b]0;owned\x07\x9b\x85\u2028")
        self.assertIn("cannot name the output file", harness.twoview("run", "n.yaml").stderr)

    def test_names_of_files_with_control_characters(self):
        name = "a\x1b]0;b\x07.h5"
        for words in (["info", name], ["info", "--verify", name], ["report", name], ["merge", name, "-o", "j.h5"],
                      ["scaling", name, "whole.h5"], ["run", name], ["theory", name],
                      ["run", "e.yaml", "-o", name], ["merge", "whole.h5", "-o", name],
                      ["report", "whole.h5", "-o", name]):
            with self.subTest(words=words):
                done = harness.twoview(*words)
                self.assertEqual(done.returncode, 2)
                self.assertIn("a\\x1b]0;b\\x07.h5", done.stderr)
                self.assertIn("must not hold control characters", done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
        harness.write("h.yaml", harness.HDF5.replace("data.h5", '"data\\n.h5"'))
        done = harness.twoview("run", "h.yaml", "-o", "o.h5")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"h.yaml:\d+: source.file: 'data\\x0a.h5.*control characters")

    def test_attribute_of_many_lines(self):
        """A page is as long as what it says."""
        with h5py.File(self.path, "a") as file:
            file.attrs["lines"] = ":\n" * 30000
        harness.seal(self.path)
        done = harness.twoview("report", self.path, "-o", "lines")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        harness.twoview("report", "whole.h5", "-o", "plain")
        lengths = [(harness.folder / name / "report.html").stat().st_size for name in ("lines", "plain")]
        self.assertLess(lengths[0] - lengths[1], 60000 + 100)

    # ---- Any file ----

    def test_attributes_of_many_values(self):
        """Attributes of more than one value are left out."""
        with h5py.File(harness.folder / "other.h5", "w") as file:
            file.attrs["one"], file.attrs["many"] = 17, np.arange(2000)
            file.attrs["texts"] = np.array(["a", "b"] * 1000, dtype=h5py.string_dtype())
            file["x"] = np.zeros(3)
            file["x"].attrs["long_name"] = np.array(["c"] * 2000, dtype=h5py.string_dtype())
        done = harness.twoview("info", "other.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("one: 17\n", done.stdout)
        self.assertNotIn("many", done.stdout)
        self.assertNotIn("texts", done.stdout)

    # ---- Sources ----

    def test_chunk_that_claims_to_be_larger(self):
        """HDF5 takes the second row from where it would be if the chunk were as wide as it says."""
        random = np.random.default_rng(3)
        with h5py.File(self.path, "w") as file:
            file.create_dataset("x", data=random.normal(size=(150, 8)), chunks=(150, 8),
                                compression="gzip")
            file["y"] = random.normal(size=(150, 2))
        self.replace(b"".join(size.to_bytes(4, "little") for size in (150, 8, 8)),
                     b"".join(size.to_bytes(4, "little") for size in (150, 8 + 2**20, 8)))
        experiment = harness.write("h.yaml", harness.HDF5.replace("data.h5", "damaged.h5"))
        done = harness.twoview("run", experiment, "-o", "o.h5", ranks=2)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, "^twoview: .*damaged.h5: damaged: .*Segmentation fault")
        self.assertEqual(done.stderr.count("twoview: "), 1)
        self.assertFalse((harness.folder / "o.h5").exists())


if __name__ == "__main__":
    unittest.main()
