"""Damaged files that make HDF5 itself crash or compute without end, and others that are no archives
although they look like one: refused by name, in time."""
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

    def refused(self, fragment, *arguments):
        done = harness.twoview(*arguments, timeout=60)
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
        self.refused("does not come to an end", "info", self.path)

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
        with h5py.File(self.path, "a") as file:
            for name in ("method", "host"):
                count = len(file[name])
                del file[name]
                file.create_dataset(name, (count,), h5py.string_dtype(),
                                    fillvalue=None)[1:] = "other"
        harness.seal(self.path)
        self.refused("dataset 'method' lacks a word", "report", self.path)
        self.refused("dataset 'host' lacks a word", "scaling", self.path, "whole.h5")

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
        done = harness.twoview("run", experiment, "-o", "o.h5", ranks=2, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, "^twoview: .*damaged.h5: damaged: .*Segmentation fault")
        self.assertEqual(done.stderr.count("twoview: "), 1)
        self.assertFalse((harness.folder / "o.h5").exists())


if __name__ == "__main__":
    unittest.main()
